/** What the entry point hands to each request. */
import type { Services } from "../services.ts";
import type { Operator } from "./console-session.ts";
import type { Limiters } from "./rate-limit.ts";

export interface AppEnv {
  readonly Bindings: AppBindings;
  readonly Variables: {
    /** Behind `operatorOnly` alone. */
    operator: Operator;
  };
}

export interface AppBindings {
  readonly services: Services;
  readonly requestId: string;
  /** The simulated gateway and the demo shop, which answer null at other addresses than theirs; null: there are none. */
  readonly sandbox: ((request: Request) => Promise<Response> | Response | null) | null;
  /** Cloudflare's counters, by their bindings. */
  readonly limiters?: Limiters;
}
