/**
 * The gateway interface: what every adapter gives the rest of the house. Adapters translate only: no state, no
 * environment, no routes, no decisions. An absent method is an absent capability.
 */
import type * as z from "zod/mini";
import type { Observation } from "../transactions/observation.ts";
import type { Mode } from "../transactions/transaction.ts";

export interface Gateway {
  /** The slug in `gateway` and in /webhooks/:gateway. */
  readonly id: string;
  /** The name for people. */
  readonly title: string;
  /** Real money or play money, as the account's keys or address tell; null: they do not. */
  readonly mode: Mode | null;
  /** What to set up at the gateway, for whoever does it. */
  readonly webhook: WebhookSetup;
  /** How long a payment page may live there, in milliseconds; absent: as long as we allow. */
  readonly lifetime?: { readonly minMs: number; readonly maxMs: number };
  /** What it cannot open a page without: JSON pointers into the shop's request. */
  readonly needs?: readonly "/customer/email"[];
  /** An id such as the gateway gives, which it has never given: `retrieve` asks about it. Absent: ours is asked by. */
  readonly unknownReference?: string;
  /** Opens a hosted payment page. Repeatable: our id is the gateway's idempotency key. @throws GatewayError */
  create(request: CreateRequest): Promise<Created>;
  /** What the gateway says now; `missing` when it has never heard of it. @throws GatewayError */
  retrieve(reference: GatewayReference): Promise<Observation>;
  /**
   * Verifies the raw bytes, then reads them. What tells too little by itself (a bare id, a refund without the sums) is
   * a hint: the adapter asks its gateway, and the answer is the notice. No notices: nothing here is of our concern.
   * @throws GatewayError "unverified" or "malformed"; "unavailable" or "unknown" when the gateway had to be asked
   */
  readWebhook(request: RawWebhook): Promise<readonly Notice[]>;
  /**
   * Closes the payment page, so that nobody can pay there any more.
   * @returns what the gateway says after it; a paid one is not closed
   * @throws GatewayError
   */
  expire?(reference: GatewayReference): Promise<Observation>;
  /**
   * Takes what the buyer has `approved`, where approval alone moves no money. Repeatable.
   * @returns what the gateway says after it
   * @throws GatewayError
   */
  complete?(reference: GatewayReference): Promise<Observation>;
  /**
   * Takes held money. Repeatable: the same key is the same capture.
   * @returns what the gateway says after it; not `succeeded` where it could not be captured
   * @throws GatewayError
   */
  capture?(reference: GatewayReference, request: CaptureRequest): Promise<Observation>;
  /**
   * Gives money back. Repeatable, also days later: the same refundId is the same refund, and its present state is the
   * answer. An adapter whose gateway forgets its keys looks the refund up first.
   * @throws GatewayError
   */
  refund?(reference: GatewayReference, request: RefundRequest): Promise<RefundObservation>;
  /**
   * What the gateway would have told by webhooks, from its own list of events, oldest first, with the same event ids.
   * @param since epoch milliseconds, as is `until`: the first moment that is of no interest
   * @throws GatewayError
   */
  missedEvents?(since: number, until: number): AsyncIterable<MissedEvent>;
  /**
   * A webhook about nothing, signed as the gateway would sign it with the first secret: it is verified like any other,
   * asks nobody and changes nothing. Its body names an id that begins with TEST_ID, in what is signed. Absent: only the
   * gateway itself can sign.
   * @param url the address that it is sent to
   */
  probe?(url: string): Promise<Probe>;
}

/** How the id of a test begins, which is no payment. */
export const TEST_ID = "tst_";

export interface Probe {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface WebhookSetup {
  /** The events to subscribe to, in the gateway's own words; none where it does not ask. */
  readonly events: readonly string[];
  /** Where and how, in one sentence. */
  readonly advice: string;
}

export interface CreateRequest {
  readonly transactionId: string;
  readonly orderId: string;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  readonly description: string | null;
  readonly callbackUrl: string;
  readonly returnUrl: string;
  readonly cancelUrl: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  readonly capture: "automatic" | "manual";
  readonly customer: Customer | null;
}

export interface CaptureRequest {
  /** Minor units of `currency`; at most what is held. */
  readonly amount: number;
  readonly currency: string;
  /** The idempotency key. */
  readonly key: string;
}

export interface RefundRequest {
  /** Ours, and the idempotency key. */
  readonly refundId: string;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  /** The gateway's own id of it, where an answer gave one. */
  readonly reference: string | null;
  /** Epoch milliseconds of the first call. */
  readonly createdAt: number;
}

export interface RefundObservation {
  readonly status: "pending" | "succeeded" | "failed";
  /** The gateway's own id of it; null where it has none or did not say. */
  readonly reference: string | null;
  /** In snake case, if the gateway gave one. */
  readonly failureCode: string | null;
}

export interface Customer {
  readonly email?: string | undefined;
  readonly name?: string | undefined;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string | undefined;
  /** BCP 47. */
  readonly locale?: string | undefined;
}

export interface Created {
  readonly observation: Observation;
  readonly paymentUrl: string;
}

export interface GatewayReference {
  readonly transactionId: string;
  /** The gateway's own id, where it has given one. */
  readonly reference: string | null;
}

export interface RawWebhook {
  /** The address that was called, as the gateway was told it: some sign it. */
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** One verified item of a webhook. */
export interface Notice {
  /** The gateway's id of the event, by which a duplicate is told. */
  readonly eventId: string;
  /** Ours, as the gateway carries it; null where it names only its own, which is the observation's reference then. */
  readonly transactionId: string | null;
  readonly observation: Observation;
  readonly receipt: Receipt;
}

/** How a webhook came. Times are the gateway's own, in epoch milliseconds; null where it does not say. */
export interface Receipt {
  /** When it happened there. */
  readonly occurredAt: number | null;
  /** When it was signed, which is when it was sent. */
  readonly signedAt: number | null;
  /** Which of the live secrets verified it: 1 is the first. Null where no secret of ours does. */
  readonly secret: number | null;
}

/** One item of the gateway's own list of events. */
export interface MissedEvent {
  /** When it came into being there; epoch milliseconds. */
  readonly createdAt: number;
  /** What it says, as by a webhook; mostly a look at how things stand now. @throws GatewayError */
  read(): Promise<readonly Notice[]>;
}

export type GatewayErrorKind =
  /** The signature is missing, wrong or too old. */
  | "unverified"
  /** Verified, but not of the documented form. */
  | "malformed"
  /** The gateway said no; asking again changes nothing. */
  | "rejected"
  /** The gateway did not take the call; it may be repeated. */
  | "unavailable"
  /** No answer: the call may have had its effect. Looked up, never guessed. */
  | "unknown";

/** The message is ours: a vendor's text may hold anything. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly kind: GatewayErrorKind;
  /** How long the gateway asks to be left alone. */
  readonly retryAfterMs: number | null;

  constructor(kind: GatewayErrorKind, message: string, retryAfterMs: number | null = null) {
    super(message);
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Whether it is a transaction's id of ours: others may use the same account. */
export function isOurId(id: string | null | undefined): id is string {
  return /^txn_[0-9a-z]{26}$/.test(id ?? "");
}

/** That nothing is said, but perhaps the gateway's own id. */
export function silence(
  status: "missing" | "unsaid",
  reference: string | null,
): Observation & { readonly status: typeof status } {
  const money = { amount: null, currency: null, amountCaptured: null, amountRefunded: 0 };
  return { status, reference, ...money, failureCode: null, dispute: null, mode: null };
}

export interface Tools {
  readonly fetch: (request: Request) => Promise<Response>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** How an adapter is made known: its variables as a zod schema, and what connects it. */
export interface GatewayDefinition<Shape extends z.core.$ZodShape = z.core.$ZodShape> {
  readonly id: string;
  /** Keys are the names of variables; none of them set means that the gateway is off. */
  readonly config: z.ZodMiniObject<Shape>;
  connect(config: z.output<z.ZodMiniObject<Shape>>, tools: Tools): Gateway;
}

export function defineGateway<Shape extends z.core.$ZodShape>(
  definition: GatewayDefinition<Shape>,
): GatewayDefinition<Shape> {
  return definition;
}
