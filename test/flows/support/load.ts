/**
 * Buyers, their shop and their gateway, busy all the time: each of them repeats what was not acknowledged, as real ones
 * do, and keeps books of what was.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, type Api, type NewTransaction, type Problem, type Transaction, terms } from "./api.ts";
import type { FakeGateway } from "./fake-gateway.ts";

/** How many buyers are under way at once, and how soon the next one comes. */
const MAX_BUYERS = 24;
const ARRIVAL_MS = 80;
const REPEAT_MS = 200;
/** A party that hears nothing for so long hangs up. */
const PATIENCE_MS = 15_000;
const MAX_REPEATS = 1_000;

/** `early` pays before the shop knows of the session; `both` pays while the shop cancels; `leave` does nothing. */
const PLANS = ["pay", "pay", "pay", "early", "decline", "cancel", "both", "leave"] as const;

export interface Buyer {
  readonly plan: (typeof PLANS)[number];
  readonly key: string;
  readonly request: NewTransaction;
  /** Each state that was answered to somebody, the first one by the create. */
  readonly seen: Pick<Transaction, "id" | "status" | "version">[];
  /** What a callback said that was acknowledged. */
  told: "success" | "failure" | null;
  /** The shop's cancel was acknowledged. */
  canceled: boolean;
}

export class Load {
  readonly buyers: Buyer[] = [];
  readonly failures: unknown[] = [];
  /** Answers that the other side may build on. */
  readonly acknowledged = { create: 0, callback: 0, cancel: 0, read: 0 };
  /** Calls that were cut off in the middle. */
  broken = 0;
  readonly #api: Api;
  readonly #gateway: FakeGateway;
  readonly #random: () => number;
  readonly #underWay = new Set<Promise<void>>();
  #arriving = true;
  readonly #arrivals: Promise<void>;

  /** @param random from 0 to below 1; chooses what each buyer does */
  constructor(api: Api, gateway: FakeGateway, random: () => number) {
    this.#api = api;
    this.#gateway = gateway;
    this.#random = random;
    this.#arrivals = this.#arrive();
  }

  /** All acknowledged requests so far. */
  total(): number {
    return Object.values(this.acknowledged).reduce((sum, count) => sum + count, 0);
  }

  /** No more buyers come. */
  close(): void {
    this.#arriving = false;
  }

  /** Those that are under way get done. */
  async finish(): Promise<void> {
    this.close();
    await this.#arrivals;
    await Promise.all(this.#underWay);
  }

  async #arrive(): Promise<void> {
    while (this.#arriving) {
      if (this.#underWay.size < MAX_BUYERS) {
        const life = this.#live(this.#newBuyer())
          .catch((error: unknown) => {
            this.failures.push(error);
          })
          .finally(() => this.#underWay.delete(life));
        this.#underWay.add(life);
      }
      await sleep(ARRIVAL_MS);
    }
  }

  #newBuyer(): Buyer {
    const plan = PLANS[Math.floor(this.#random() * PLANS.length)] ?? "pay";
    const number = this.buyers.length;
    const request = terms({
      amount: 100 + number,
      currency: number % 2 === 0 ? "USD" : "JPY",
      description: `Coffee ${number}`,
      metadata: { number: String(number) },
    });
    const buyer: Buyer = { plan, key: randomUUID(), request, seen: [], told: null, canceled: false };
    this.buyers.push(buyer);
    return buyer;
  }

  async #live(buyer: Buyer): Promise<void> {
    const { plan } = buyer;
    const [id] = await Promise.all([this.#create(buyer), plan === "early" ? this.#payEarly(buyer) : null]);
    await this.#read(buyer, id);
    if (plan === "pay" || plan === "both") {
      await Promise.all([this.#pay(buyer, id, "success"), plan === "both" ? this.#cancel(buyer, id) : null]);
    } else if (plan === "decline") {
      await this.#pay(buyer, id, "failure");
    } else if (plan === "cancel") {
      await this.#cancel(buyer, id);
    }
    await this.#read(buyer, id);
  }

  async #create(buyer: Buyer): Promise<string> {
    const { status, body, text } = await this.#insist(
      "create",
      () => this.#api.create(buyer.request, buyer.key),
      (answer) => !isTemporary(answer),
    );
    if (status !== 200 && status !== 201) {
      throw new Error(`POST /transactions answered ${status} ${text}`);
    }
    buyer.seen.push(body);
    return body.id;
  }

  /** The gateway's page may be known to the buyer before the gateway's answer has reached anybody. */
  async #payEarly(buyer: Buyer): Promise<void> {
    for (let turn = 0; turn < MAX_REPEATS; turn += 1) {
      const [session] = this.#gateway.sessionsOf(String(buyer.request.order_id));
      if (session) {
        await this.#pay(buyer, String(session.request.transaction_id), "success");
        return;
      }
      await sleep(REPEAT_MS);
    }
    throw new Error("the gateway never opened a session");
  }

  /** At the gateway, unless its page is closed; one callback says so until it is acknowledged. */
  async #pay(buyer: Buyer, id: string, status: "success" | "failure"): Promise<void> {
    if (this.#gateway.session(id).status !== "pending") {
      return;
    }
    this.#gateway.settle(id, status);
    const event = { event_id: `evt_${randomUUID()}` };
    await this.#insist(
      "callback",
      () => this.#gateway.callback(id, event),
      (answer) => answer.status >= 200 && answer.status < 300,
    );
    buyer.told = status;
  }

  async #cancel(buyer: Buyer, id: string): Promise<void> {
    const { status, body, text } = await this.#insist(
      "cancel",
      () => this.#api.call<Transaction & Problem>(`/transactions/${id}/cancel`, { method: "POST" }),
      (answer) => !isTemporary(answer),
    );
    if (status === 200) {
      buyer.seen.push(body as Transaction);
      // Or the cron found the page closed by a cancel that was killed, and called it expired.
      buyer.canceled = body.status === "canceled";
    } else if (body.code !== "not_cancelable") {
      throw new Error(`the cancel answered ${status} ${text}`);
    }
  }

  async #read(buyer: Buyer, id: string): Promise<void> {
    const { status, body, text } = await this.#insist(
      "read",
      () => this.#api.call<Transaction>(`/transactions/${id}`),
      (answer) => !isTemporary(answer),
    );
    if (status !== 200) {
      throw new Error(`GET /transactions/${id} answered ${status} ${text}`);
    }
    buyer.seen.push(body);
  }

  /** Repeats a call until it has an answer that will do. */
  async #insist<T>(
    kind: keyof Load["acknowledged"],
    call: () => Promise<T>,
    isAnswer: (answer: T) => boolean,
  ): Promise<T> {
    for (let turn = 0; turn < MAX_REPEATS; turn += 1) {
      const answer = await Promise.race([
        call().catch((error: unknown) => this.#noAnswer(error)),
        sleep(PATIENCE_MS, null, { ref: false }),
      ]);
      if (answer !== null && isAnswer(answer)) {
        this.acknowledged[kind] += 1;
        return answer;
      }
      await sleep(REPEAT_MS);
    }
    throw new Error(`a ${kind} was never acknowledged`);
  }

  /** Nobody was there, or they went in the middle of it: that is what fetch's TypeError means. */
  #noAnswer(error: unknown): null {
    if (!(error instanceof TypeError)) {
      throw error;
    }
    this.broken += isRefusal(error.cause) ? 0 : 1;
    return null;
  }
}

/** Of one address, or of all that a name has. */
function isRefusal(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED";
}

/** Try again: the same request may be answered otherwise. */
function isTemporary({ status, body }: Answer<unknown>): boolean {
  return status >= 500 || (body as Partial<Problem> | undefined)?.code === "idempotency_in_progress";
}
