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
  /** The simulated gateway and the demo shop; null while SANDBOX is off. */
  readonly sandbox: ((request: Request) => Promise<Response> | Response) | null;
  /** Cloudflare's counters, by their bindings. */
  readonly limiters?: Limiters;
}
