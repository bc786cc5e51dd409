/**
 * The system that a run of commands works on: the real rooms on real D1, a frozen clock, the other parties' fakes. One
 * thing happens after the other, each to its end, so that a seed alone decides a run.
 */
import { env } from "cloudflare:workers";
import { firstTypeIdAt } from "../../../../src/lib/id.ts";
import { createStore } from "../../../../src/store/store.ts";
import type { Fault } from "../../../support/fake-gateway.ts";
import { faultyD1 } from "../../../support/faulty-d1.ts";
import {
  createSystem,
  emptyTables,
  freezeClock,
  replaceServices,
  type System,
} from "../../../support/system.ts";
import { DAWN } from "../world.ts";

const HOUR = 3_600_000;
/** So long a gateway is away in a run, all in all: long enough for a person to be called, and it is still watched then. */
const OUTAGE_MS = 50 * HOUR;

/** A call to D1 that fails. */
export interface D1Fault {
  /** Which call of the next thing that happens, from 0 on. */
  readonly at: number;
  readonly kind: "before" | "after";
  /** One that the Worker tries again by itself, and each time anew. */
  readonly isTransient: boolean;
}

export interface Answer {
  /** Such as `201`, or `409 order_in_review`. */
  readonly outcome: string;
  readonly status: number;
  readonly body: Record<string, unknown>;
  /** Something was broken meanwhile. */
  readonly isTroubled: boolean;
}

/** A callback that the gateway has written, and what became of it when it came. */
export interface Sent {
  readonly body: string;
  outcome: string | null;
}

export class Stage {
  readonly system: System;
  readonly clock: ReturnType<typeof freezeClock>;
  /** What the Worker logged as an error while nothing was broken. */
  readonly errors: string[] = [];
  /** In the order in which they were written. */
  readonly callbacks: Sent[] = [];
  d1Fault: D1Fault | null = null;
  outageLeftMs = OUTAGE_MS;
  #isTroubled = false;

  private constructor(system: System) {
    this.system = system;
    this.clock = freezeClock(system);
    this.clock.advance(DAWN - this.clock.now());
    let made = 0;
    replaceServices(system, {
      log: {
        info: () => undefined,
        warn: () => undefined,
        error: (event, fields) => {
          if (!this.#isTroubled) {
            this.errors.push(`${event}: ${fields?.error ?? ""}`);
          }
        },
      },
      // They sort by time, as the real ones, and count instead of being random.
      newId: (prefix) => {
        made += 1;
        return firstTypeIdAt(prefix, this.clock.now()).slice(0, -8) + String(made).padStart(8, "0");
      },
    });
  }

  static async create(latePayment: string): Promise<Stage> {
    await emptyTables();
    return new Stage(await createSystem({ LATE_PAYMENT_POLICY: latePayment }));
  }

  get gateway() {
    return this.system.gateway;
  }

  /** One thing that happens, to its end, on a D1 that fails if that is its turn. */
  async perform<T>(work: () => Promise<T>): Promise<{ result: T; isTroubled: boolean }> {
    const fault = this.d1Fault;
    this.d1Fault = null;
    let calls = 0;
    let isTroubled = this.gateway.fault !== null;
    this.#isTroubled = isTroubled;
    const decide = () => {
      calls += 1;
      const hits = fault !== null && (fault.isTransient ? calls === fault.at + 1 : calls > fault.at);
      isTroubled ||= hits;
      this.#isTroubled ||= hits;
      return hits ? fault.kind : null;
    };
    const message = fault?.isTransient ? "D1_ERROR: Network connection lost." : "D1_ERROR: no room left.";
    // A new one each time, as each invocation has.
    const store = createStore(fault ? faultyD1(env.DB, decide, message) : env.DB);
    replaceServices(this.system, { store });
    const result = await work();
    await this.system.settle();
    return { result, isTroubled };
  }

  async ask(method: string, path: string, body?: unknown, key?: string): Promise<Answer> {
    const headers: Record<string, string> = key === undefined ? {} : { "idempotency-key": key };
    return this.#answer(() => this.system.call(method, path, body, headers));
  }

  async deliver(request: Request): Promise<Answer> {
    return this.#answer(() => this.system.fetch(request));
  }

  async #answer(call: () => Promise<Response>): Promise<Answer> {
    const { result: response, isTroubled } = await this.perform(call);
    const body = (await response.json()) as Record<string, unknown>;
    const { status } = response;
    if (status >= 500 && !(status === 502 && body.code === "gateway_rejected")) {
      const isExplained = isTroubled && status === 503 && response.headers.has("retry-after");
      if (!isExplained) {
        throw new Error(`answered ${status} ${JSON.stringify(body)}, and nothing was broken`);
      }
    }
    const outcome = body.code === undefined ? String(status) : `${status} ${body.code}`;
    return { outcome, status, body, isTroubled };
  }

  /** A tick of the cron; it may only fail while something is broken. */
  async tick(): Promise<void> {
    const failed = (error: unknown) => error;
    const { result: error, isTroubled } = await this.perform(() =>
      this.system.tick().then(() => null, failed),
    );
    if (error !== null && !isTroubled) {
      throw error;
    }
  }

  advance(ms: number): void {
    this.clock.advance(ms);
    if (this.gateway.fault !== null) {
      this.outageLeftMs -= ms;
      if (this.outageLeftMs <= 0) {
        this.gateway.fault = null;
      }
    }
  }

  breakGateway(fault: Fault | null): void {
    this.gateway.fault = this.outageLeftMs > 0 ? fault : null;
  }
}
