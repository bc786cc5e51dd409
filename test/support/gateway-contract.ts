/**
 * The contract of every adapter, in one suite: run it against the vendor's side in any form (a fake, an emulator, the
 * built-in sandbox). Faults are put between the adapter and the vendor, so the vendor needs none of its own.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type CreateRequest,
  type Gateway,
  GatewayError,
  type GatewayErrorKind,
  type Tools,
} from "../../src/gateways/gateway.ts";
import { utf8 } from "../../src/gateways/signature.ts";
import { newTypeId } from "../../src/lib/id.ts";
import type { Observation, ObservedStatus } from "../../src/transactions/observation.ts";
import type { Mode } from "../../src/transactions/transaction.ts";
import { captureRequest, refundRequest, testMoney } from "./money-contract.ts";
import { testItself } from "./receipt-contract.ts";
import { testAmounts, testMissed, testWebhooks } from "./webhook-contract.ts";

type Fetch = Tools["fetch"];

/** A state of the vendor's session: how it comes there, and what that means in our normal form. */
export interface VendorState {
  /** The vendor's word. */
  readonly name: string;
  /** Brings a session that is open into this state. */
  bring(transactionId: string): Promise<void> | void;
  /** Amount and currency are the session's own, nothing is refunded, unless this says so. */
  readonly means: Partial<Observation> & Pick<Observation, "status">;
  /** What `expire` says of a session in this state. Left out where the adapter cannot expire. */
  readonly afterExpire?: ObservedStatus;
}

export interface PaidNews {
  readonly eventId: string;
  readonly transactionId: string;
  /** The vendor's own id of the session. */
  readonly reference: string | null;
  readonly amount: number;
  readonly currency: string;
}

export interface Signed {
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

export interface Signing {
  /** Another one than the vendor's. */
  readonly secret?: string;
  /** Epoch milliseconds. */
  readonly at?: number;
}

export interface GatewayContract {
  /** The name of what is tested, as it is exported. */
  readonly name: string;
  connect(tools: Tools): Gateway;
  /** By what tells real money from play money, a key or the API's address: the mode. */
  readonly modes: Readonly<Record<string, Mode | null>>;
  /** @param account one of `modes` */
  connectAs(account: string): Promise<Gateway> | Gateway;
  /** The vendor's side of the network, in good health. */
  readonly vendor: Fetch;
  /** None of these may show in an error. */
  readonly secrets: readonly string[];
  /** What tells the vendor that a repeated call is the same call; null where it does not matter. */
  idempotencyKey(request: Request): Promise<string | null> | string | null;
  /** What becomes of our id in the vendor's alphabet; by default it stays as it is. */
  keyOf?(id: string): string;
  /** The vendor forgets no key, and yet a repeated create opens another page: nobody was told of the first. */
  readonly repeatsOpenAnother?: true;
  /** These begin with a look at how things stand: unanswered, it has changed nothing. */
  readonly looksFirst?: readonly ("expire" | "capture" | "refund")[];
  /** What a call that creates asks to be collected, in the vendor's own writing; undefined for other calls. */
  asked(request: Request): Promise<unknown>;
  /** That writing for each currency. */
  readonly amounts: readonly {
    readonly amount: number;
    readonly currency: string;
    readonly asked: unknown;
  }[];
  readonly states: readonly VendorState[];
  /** The buyer pays, and the sum is only held. Left out where the adapter cannot capture. */
  hold?(transactionId: string): Promise<void> | void;
  /** The buyer pays. */
  pay(transactionId: string): Promise<void> | void;
  /** How the vendor gives money back. Left out where the adapter cannot. */
  readonly refunds?: {
    /** Its first answer; by default that it is done. */
    readonly first?: "succeeded" | "pending";
    /** The sum by the vendor's books, where `retrieve` does not tell it. */
    sum?(transactionId: string): number;
    /** A repeated call is found by a look at the vendor's list, which four at once defeat. */
    readonly unkeyed?: true;
    /** What is too much is taken at first, and fails later. */
    readonly takesExcess?: true;
    /** What the adapter knows the session by once it is paid, where news has told it more than `create` did. */
    reference?(transactionId: string): string;
  };
  /** The pair that writes and reads sums. `write` throws "rejected" for a currency that the vendor does not have. */
  readonly money?: {
    write(amount: number, currency: string): unknown;
    read(written: unknown, currency: string): number | null;
    /** At least so many currencies can be written. */
    readonly currencies: number;
  };
  /** The vendor's own list: the id of its event that says that this one is paid. Left out where it has none. */
  paidEventId?(transactionId: string): string;
  readonly webhook: {
    /** The merchant chooses which events are told. */
    readonly subscribes: boolean;
    /** What the receipt of `body` must say. */
    readonly receipt: {
      /** Its field that says when it happened. */
      readonly field: string;
      /** That field's meaning; epoch milliseconds. */
      occurredAt(body: string): number;
      /** @param at epoch milliseconds. Null where the signature holds no time */
      signedAt(at: number): number | null;
      /** Of the vendor's own; null where no secret of ours verifies. */
      readonly secret: 1 | null;
    };
    /** Also without a word to the vendor. */
    readonly readsAlone?: true;
    /** Only some fields are signed, which the vendor's own tests are about. */
    readonly signsFields?: true;
    /** The bytes that say "paid", of a transaction that is paid there. */
    body(news: PaidNews): string;
    /** What is sent: mostly the same bytes, and headers. */
    sign(body: Uint8Array<ArrayBuffer>, signing: Signing): Promise<Signed> | Signed;
    /** The address that the vendor was told, if it is not the request's callbackUrl. */
    url?(request: CreateRequest): string;
    /** A live one beside the first, for rotation. Left out where the vendor has no such thing. */
    readonly secondSecret?: string;
    /** Signed, of kinds that the adapter does not know: kept or passed over, never an error. */
    readonly unknown?: readonly string[];
    /** Well-formed as a secret, but not the vendor's. */
    readonly otherSecret: string;
    /** Verified, and yet not of the documented form. */
    readonly malformed: readonly string[];
    /** How far the signature's time may be off; null where the vendor signs none. */
    readonly toleranceMs: number | null;
  };
}

type Verb = "create" | "retrieve" | "expire" | "capture" | "refund";

/** An open session, with what was said to the vendor on the way. */
export interface Opened {
  readonly gateway: Gateway;
  readonly request: CreateRequest;
  readonly reference: { readonly transactionId: string; readonly reference: string | null };
}

export function createRequest(changes: Partial<CreateRequest> = {}): CreateRequest {
  const now = Date.now();
  const transactionId = newTypeId("txn", now);
  return {
    transactionId,
    orderId: `order-${transactionId}`,
    amount: 1999,
    currency: "USD",
    description: "Two tickets",
    callbackUrl: "http://localhost:8787/webhooks/sandbox",
    returnUrl: "https://shop.example/back",
    cancelUrl: "https://shop.example/canceled",
    expiresAt: now + 30 * 60_000,
    capture: "automatic",
    customer: null,
    ...changes,
  };
}

/** Standard Webhooks over raw bytes, without the code under test. */
export async function standardWebhookHeaders(
  body: Uint8Array<ArrayBuffer>,
  secret: string,
  at: number,
): Promise<Headers> {
  const head = `msg_1.${Math.floor(at / 1000)}.`;
  const bytes = Uint8Array.fromBase64(secret.slice("whsec_".length));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const content = new Uint8Array([...utf8(head), ...body]);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, content));
  return new Headers({
    "webhook-id": "msg_1",
    "webhook-timestamp": String(Math.floor(at / 1000)),
    "webhook-signature": `v1,${mac.toBase64()}`,
  });
}

/** A signature's time in whole seconds. */
export const toSecond = (at: number) => Math.floor(at / 1000) * 1000;

/** Never answers; gives up when it is told to. */
export function neverAnswer(request: Request): Promise<Response> {
  const { signal } = request;
  return new Promise((_resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
    }
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** Retries come without their pauses. */
export function withoutPauses(): void {
  vi.spyOn(Math, "random").mockReturnValue(0);
}

/** From now on every deadline has passed in a moment: no test waits for a real one. */
export function withoutWaiting(): void {
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  vi.spyOn(AbortSignal, "timeout").mockImplementation(() => timeout(1));
}

export function testGateway(contract: GatewayContract): void {
  const { vendor, states } = contract;
  const canExpire = states.some(({ afterExpire }) => afterExpire !== undefined);
  const verbs: readonly Verb[] = [
    ...(["create", "retrieve"] as const),
    ...(canExpire ? (["expire"] as const) : []),
    ...(contract.hold ? (["capture"] as const) : []),
    ...(contract.refunds ? (["refund"] as const) : []),
  ];
  const connect = (fetch: Fetch, now = Date.now()) => contract.connect({ fetch, now: () => now });

  /** The error of a call that must fail: of our class, and without a secret anywhere in it. */
  async function failureOf(call: Promise<unknown>): Promise<GatewayError> {
    const error = await call.then(
      () => expect.unreachable("the call should have failed"),
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(GatewayError);
    if (!(error instanceof GatewayError)) {
      throw error;
    }
    const told = [error.message, String(error), error.stack, JSON.stringify(error), String(error.cause)];
    expect(contract.secrets.filter((secret) => told.join().includes(secret))).toEqual([]);
    return error;
  }

  async function open(changes: Partial<CreateRequest> = {}): Promise<Opened> {
    const gateway = connect(vendor);
    const request = createRequest(changes);
    const { observation } = await gateway.create(request);
    const { transactionId } = request;
    return { gateway, request, reference: { transactionId, reference: observation.reference } };
  }

  /** Calls a verb on a session of its own, with the network as given. */
  async function callOver(fetch: Fetch, verb: Verb, opened?: Opened): Promise<unknown> {
    const { request, reference } = opened ?? (await open());
    const gateway = connect(fetch);
    switch (verb) {
      case "create":
        return gateway.create(request);
      case "retrieve":
      case "expire":
        return gateway[verb]?.(reference);
      case "capture":
        return gateway.capture?.(reference, captureRequest(request));
      case "refund": {
        const told = contract.refunds?.reference?.(request.transactionId) ?? reference.reference;
        return gateway.refund?.({ ...reference, reference: told }, refundRequest(request));
      }
    }
  }

  const meaning = (state: VendorState, { request }: Opened) => ({
    amount: request.amount,
    currency: request.currency,
    amountRefunded: 0,
    ...state.means,
  });

  describe(contract.name, () => {
    beforeEach(withoutPauses);
    afterEach(() => {
      vi.restoreAllMocks();
    });

    describe("create", () => {
      it("gives a payment page, and says that nothing is paid yet", async () => {
        const request = createRequest();
        const { paymentUrl, observation } = await connect(vendor).create(request);
        expect(new URL(paymentUrl).protocol).toMatch(/^https?:$/);
        expect(observation).toMatchObject({ status: "pending", amountRefunded: 0, failureCode: null });
      });

      it.skipIf(contract.repeatsOpenAnother)("gives the same session when it is repeated", async () => {
        const request = createRequest();
        const first = await connect(vendor).create(request);
        expect(await connect(vendor).create(request)).toEqual(first);
      });

      it("gives another session for another transaction", async () => {
        const [one, other] = [await open(), await open()];
        const urls = await Promise.all([one, other].map(({ gateway, request }) => gateway.create(request)));
        expect(urls[0]?.paymentUrl).not.toBe(urls[1]?.paymentUrl);
      });

      it("carries our id as the idempotency key, the same each time", async () => {
        const keys: (string | null)[] = [];
        const gateway = connect(async (request) => {
          keys.push(await contract.idempotencyKey(request.clone()));
          return vendor(request);
        });
        const request = createRequest();
        await gateway.create(request);
        await gateway.create(request);
        const key = contract.keyOf?.(request.transactionId) ?? request.transactionId;
        const sent = keys.filter((each) => each !== null);
        expect(sent.length).toBeGreaterThanOrEqual(2);
        expect(
          sent.filter((each) => (contract.repeatsOpenAnother ? !each.startsWith(key) : each !== key)),
        ).toEqual([]);
      });

      it("gives the same session when its answer was lost", async () => {
        const request = createRequest();
        const lost: Response[] = [];
        const lossy = connect(async (call) => {
          lost.push(await vendor(call));
          throw new TypeError("connection reset");
        });
        expect((await failureOf(lossy.create(request))).kind).toBe("unknown");
        const repeated = await connect(vendor).create(request);
        expect(repeated.observation).toMatchObject({ status: "pending", amount: request.amount });
        if (!contract.repeatsOpenAnother) {
          expect(await connect(vendor).create(request)).toEqual(repeated);
          const answers = lost.filter((answer) => answer.ok);
          const first = await connect(async () => answers.shift() ?? Response.error()).create(request);
          expect(repeated).toEqual(first);
        }
      });

      it.each(contract.amounts)(
        "asks for $amount $currency as $asked",
        async ({ amount, currency, asked }) => {
          const calls: unknown[] = [];
          const gateway = connect(async (request) => {
            calls.push(await contract.asked(request.clone()));
            return vendor(request);
          });
          const request = createRequest({ amount, currency });
          const { observation } = await gateway.create(request);
          expect(calls.filter((call) => call !== undefined)).toEqual([asked]);
          expect(observation).toMatchObject({ amount, currency });
          const { transactionId } = request;
          const seen = await connect(vendor).retrieve({ transactionId, reference: observation.reference });
          expect(seen).toMatchObject({ amount, currency });
        },
      );
    });

    describe("retrieve", () => {
      it.each(states)("reads $name as $means.status", async (state) => {
        const opened = await open();
        await state.bring(opened.request.transactionId);
        expect(await opened.gateway.retrieve(opened.reference)).toMatchObject(meaning(state, opened));
      });

      it("calls missing what the vendor has never heard of", async () => {
        const unknown = { transactionId: newTypeId("txn", Date.now()), reference: null };
        expect(await connect(vendor).retrieve(unknown)).toMatchObject({
          status: "missing",
          amount: null,
          currency: null,
          amountRefunded: 0,
        });
      });
    });

    describe.runIf(canExpire)("expire", () => {
      it.each(states.filter(({ afterExpire }) => afterExpire !== undefined))(
        "leaves $name as $afterExpire",
        async (state) => {
          const opened = await open();
          await state.bring(opened.request.transactionId);
          const after = { amount: opened.request.amount, status: state.afterExpire };
          expect(await opened.gateway.expire?.(opened.reference)).toMatchObject(after);
          expect(await opened.gateway.retrieve(opened.reference)).toMatchObject(after);
        },
      );

      it("may be repeated", async () => {
        const { gateway, reference } = await open();
        const first = await gateway.expire?.(reference);
        expect(await gateway.expire?.(reference)).toEqual(first);
      });

      it("calls missing what the vendor has never heard of", async () => {
        const unknown = { transactionId: newTypeId("txn", Date.now()), reference: null };
        expect(await connect(vendor).expire?.(unknown)).toMatchObject({ status: "missing" });
      });
    });

    testItself(contract);
    testMoney({ contract, connect, open, failureOf });

    describe.each(verbs)("%s over a bad network", (verb) => {
      // Where a refund is looked up first, nothing has been asked for yet.
      const unkeyed = verb === "refund" && contract.refunds?.unkeyed;
      const looks = verb === "retrieve" || unkeyed || contract.looksFirst?.some((each) => each === verb);
      const unanswered: GatewayErrorKind[] = looks ? ["unavailable", "unknown"] : ["unknown"];
      const kindOver = async (fetch: Fetch) => (await failureOf(callOver(fetch, verb))).kind;

      it("never calls it a refusal that nobody answered", async () => {
        const kind = await kindOver(async ({ headers }) => {
          throw new TypeError(`connection refused, and headers repeated: ${[...headers].join()}`);
        });
        expect(unanswered).toContain(kind);
      });

      it("has a deadline", async () => {
        const opened = await open();
        withoutWaiting();
        const { kind } = await failureOf(callOver(neverAnswer, verb, opened));
        expect(unanswered).toContain(kind);
        expect(AbortSignal.timeout).toHaveBeenCalled();
      });

      it("follows no redirect", async () => {
        const followed: string[] = [];
        const kind = await kindOver(async ({ url, redirect }) => {
          followed.push(redirect);
          const location = new URL("/elsewhere", url).href;
          return new Response(null, { status: 302, headers: { location } });
        });
        expect(unanswered).toContain(kind);
        expect(new Set(followed)).toEqual(new Set(["manual"]));
      });

      it("calls a refusal rejected", async () => {
        const kind = await kindOver(async ({ headers }) =>
          Response.json({ error: "no", headers: [...headers] }, { status: 422 }),
        );
        expect(kind).toBe("rejected");
      });

      it("says for how long it is to be left alone, and does not ask again at once", async () => {
        let calls = 0;
        const failure = await failureOf(
          callOver(async () => {
            calls += 1;
            return new Response("slow down", { status: 429, headers: { "retry-after": "7" } });
          }, verb),
        );
        expect(failure).toMatchObject({ kind: "unavailable", retryAfterMs: 7000 });
        expect(calls).toBe(1);
      });

      it("takes a fault of the vendor's for no answer", async () => {
        const kind = await kindOver(async () => new Response("oops", { status: 500 }));
        expect(unanswered).toContain(kind);
      });

      it.each(["<html>", "", "null", "[]", '"success"', '{"status":"paid, trust me"}'])(
        "believes no answer that says %j",
        async (text) => {
          expect(await kindOver(async () => new Response(text))).toBe("unknown");
        },
      );
    });

    testAmounts(contract);
    testMissed(contract, open, connect);
    testWebhooks({ contract, connect, open, failureOf });
  });
}
