/**
 * Stripe, as far as Checkout goes: sessions, payments, refunds, disputes and events, with books of its own. It shares
 * nothing with src/. Requests are forms with bracketed names; what is not documented of them is refused.
 */
import { hmac, type SentWebhook, type Vendor } from "./vendor.ts";

export const STRIPE_SECRET_KEY = "sk_test_fake_0123456789abcdef0123456789";
export const STRIPE_WEBHOOK_SECRET = "whsec_fake_0123456789abcdef0123456789";
export const STRIPE_SECOND_WEBHOOK_SECRET = "whsec_fake_fedcba9876543210fedcba9876";

const DAY_S = 24 * 60 * 60;
const MAX_PAGE = 100;
/** What the merchant's endpoint subscribes to. */
export const SUBSCRIBED = new Set([
  ...["checkout.session.completed", "checkout.session.expired"],
  ...["checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed"],
  ...["payment_intent.succeeded", "payment_intent.canceled", "payment_intent.amount_capturable_updated"],
  ...["charge.refunded", "refund.updated", "refund.failed"],
  ...["charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed"],
]);

type Metadata = Record<string, string>;
type Form = ReadonlyMap<string, string>;

export interface StripeSession {
  readonly id: string;
  readonly object: "checkout.session";
  readonly amount_subtotal: number;
  readonly amount_total: number;
  readonly adaptive_pricing: { readonly enabled: boolean };
  readonly cancel_url: string | null;
  readonly client_reference_id: string | null;
  readonly created: number;
  readonly currency: string;
  readonly customer_email: string | null;
  readonly expires_at: number;
  readonly livemode: false;
  readonly locale: string | null;
  readonly metadata: Metadata;
  readonly mode: "payment";
  readonly success_url: string;
  payment_intent: string | null;
  payment_status: "paid" | "unpaid" | "no_payment_required";
  status: string;
  url: string | null;
}

export interface StripeIntent {
  readonly id: string;
  readonly object: "payment_intent";
  readonly amount: number;
  amount_capturable: number;
  amount_received: number;
  readonly capture_method: string;
  readonly created: number;
  readonly currency: string;
  last_payment_error: {
    readonly code: string;
    readonly decline_code?: string;
    readonly message: string;
  } | null;
  latest_charge: string | null;
  readonly livemode: false;
  readonly metadata: Metadata;
  status: string;
}

interface Charge {
  readonly id: string;
  readonly object: "charge";
  readonly amount: number;
  amount_captured: number;
  amount_refunded: number;
  captured: boolean;
  readonly created: number;
  readonly currency: string;
  disputed: boolean;
  readonly livemode: false;
  readonly metadata: Metadata;
  readonly paid: boolean;
  readonly payment_intent: string;
  refunded: boolean;
  readonly status: "succeeded" | "pending" | "failed";
}

export interface StripeRefund {
  readonly id: string;
  readonly object: "refund";
  readonly amount: number;
  readonly charge: string;
  readonly created: number;
  readonly currency: string;
  failure_reason?: string;
  readonly metadata: Metadata;
  readonly payment_intent: string;
  readonly reason: string | null;
  status: string;
}

interface Dispute {
  readonly id: string;
  readonly object: "dispute";
  readonly amount: number;
  readonly charge: string;
  readonly created: number;
  readonly currency: string;
  readonly livemode: false;
  readonly metadata: Metadata;
  readonly payment_intent: string;
  readonly reason: "fraudulent";
  status: string;
}

export interface StripeEvent {
  readonly id: string;
  readonly object: "event";
  readonly api_version: string;
  readonly created: number;
  readonly data: { readonly object: object };
  readonly livemode: false;
  readonly pending_webhooks: number;
  readonly request: null;
  readonly type: string;
}

interface Remembered {
  readonly fingerprint: string;
  readonly at: number;
  readonly status: number;
  readonly body: string;
}

/** Answered instead of a result. */
class Refusal extends Error {
  readonly status: number;
  readonly error: Readonly<Record<string, string>>;
  /** Found before anything began: no key remembers it. */
  readonly early: boolean;

  constructor(status: number, error: Readonly<Record<string, string>>, early = true) {
    super(error.message);
    this.status = status;
    this.error = error;
    this.early = early;
  }
}

export class FakeStripe implements Vendor {
  readonly id = "stripe";
  /** All by their ids. */
  readonly sessions = new Map<string, StripeSession>();
  readonly intents = new Map<string, StripeIntent>();
  readonly charges = new Map<string, Charge>();
  readonly refunds = new Map<string, StripeRefund>();
  readonly disputes = new Map<string, Dispute>();
  /** Oldest first. */
  readonly events: StripeEvent[] = [];
  /** What becomes of new refunds. */
  refundsAre = "succeeded";
  readonly #answers = new Map<string, Remembered>();
  #count = 0;
  #told = 0;

  readonly fetch = async (request: Request): Promise<Response> => {
    const body = await request.text();
    const url = new URL(request.url);
    const key = request.method === "POST" ? request.headers.get("idempotency-key") : null;
    const fingerprint = `${request.method} ${url.pathname}\n${body}`;
    const known = key === null ? undefined : this.#recall(key);
    if (known) {
      const type = "idempotency_error";
      return known.fingerprint === fingerprint
        ? answer(known.status, known.body, { "idempotent-replayed": "true" })
        : answer(400, JSON.stringify({ error: { type, message: "Keys are for one request only." } }));
    }
    const { status, text, remember } = this.#handle(request, url, body);
    if (key !== null && remember) {
      this.#answers.set(key, { fingerprint, at: Date.now(), status, body: text });
    }
    return answer(status, text);
  };

  variables(url: string) {
    return {
      STRIPE_SECRET_KEY,
      STRIPE_WEBHOOK_SECRET: `${STRIPE_WEBHOOK_SECRET},${STRIPE_SECOND_WEBHOOK_SECRET}`,
      STRIPE_API_URL: url.replace(/\/+$/, ""),
    };
  }

  /** With a manual capture the sum is only held. */
  pay(transactionId: string): void {
    const session = this.#openSession(transactionId);
    const intent = this.#attempt(session);
    if (intent.capture_method === "manual") {
      intent.status = "requires_capture";
      intent.amount_capturable = intent.amount;
      this.#charge(intent, { captured: false });
      this.#close(session, "complete");
      this.#tell("payment_intent.amount_capturable_updated", intent);
    } else {
      this.#take(intent);
      session.payment_status = "paid";
      this.#close(session, "complete");
      this.#tell("payment_intent.succeeded", intent);
    }
    this.#tell("checkout.session.completed", session);
  }

  payLate(transactionId: string): void {
    const session = this.#current(this.sessionOf(transactionId).id);
    if (session.status === "open") {
      throw new Error(`the page of ${transactionId} is open`);
    }
    const intent = this.#attempt(session);
    this.#take(intent);
    session.payment_status = "paid";
    this.#tell("payment_intent.succeeded", intent);
  }

  /** An attempt is refused; the page stays open. */
  decline(transactionId: string): void {
    const intent = this.#attempt(this.#openSession(transactionId));
    this.#fail(intent, { code: "card_declined", decline_code: "insufficient_funds", message: "Declined." });
    this.#tell("payment_intent.payment_failed", intent);
  }

  /** The buyer is done, the money is on its way: by a bank debit, or a voucher that is yet to be paid. */
  submit(transactionId: string, status: "processing" | "requires_action" = "processing"): void {
    const session = this.#openSession(transactionId);
    const intent = this.#attempt(session);
    intent.status = status;
    this.#close(session, "complete");
    this.#tell(
      status === "processing" ? "payment_intent.processing" : "payment_intent.requires_action",
      intent,
    );
    this.#tell("checkout.session.completed", session);
  }

  /** What came of that. */
  settle(transactionId: string, outcome: "succeeded" | "failed"): void {
    const session = this.sessionOf(transactionId);
    const intent = this.intentOf(transactionId);
    if (outcome === "succeeded") {
      this.#take(intent);
      session.payment_status = "paid";
      this.#tell("payment_intent.succeeded", intent);
      this.#tell("checkout.session.async_payment_succeeded", session);
    } else {
      this.#fail(intent, { code: "payment_intent_payment_attempt_failed", message: "No." });
      this.#tell("payment_intent.payment_failed", intent);
      this.#tell("checkout.session.async_payment_failed", session);
    }
  }

  /** A hold ends without a capture. */
  cancel(transactionId: string): void {
    const intent = this.intentOf(transactionId);
    intent.status = "canceled";
    intent.amount_capturable = 0;
    this.#tell("payment_intent.canceled", intent);
  }

  /** The page's time is over. */
  expire(transactionId: string): StripeSession {
    return this.#lapse(this.#openSession(transactionId));
  }

  #lapse(session: StripeSession): StripeSession {
    const intent = this.intents.get(session.payment_intent ?? "");
    if (intent) {
      intent.status = "canceled";
      this.#tell("payment_intent.canceled", intent);
    }
    this.#close(session, "expired");
    this.#tell("checkout.session.expired", session);
    return session;
  }

  isOpen(transactionId: string): boolean {
    return this.#current(this.sessionOf(transactionId).id).status === "open";
  }

  /** In payment-edge's minor units, of a currency in which Stripe does not deviate. */
  refunded(transactionId: string): number {
    const payment = this.sessionOf(transactionId).payment_intent;
    return [...this.refunds.values()]
      .filter(({ payment_intent, status }) => payment_intent === payment && status === "succeeded")
      .reduce((sum, { amount }) => sum + amount, 0);
  }

  /** Somebody gives money back in the Dashboard. */
  refundByHand(transactionId: string, amount: number): StripeRefund {
    return this.#refund(this.intentOf(transactionId), amount, {}, null);
  }

  /** What became of a refund. */
  endRefund(refundId: string, status: "succeeded" | "failed" | "canceled", reason?: string): void {
    const refund = need(this.refunds.get(refundId));
    const charge = need(this.charges.get(refund.charge));
    refund.status = status;
    if (status !== "succeeded") {
      charge.amount_refunded -= refund.amount;
      charge.refunded = false;
    }
    if (reason !== undefined) {
      refund.failure_reason = reason;
    }
    this.#tell("refund.updated", refund);
    if (status === "failed") {
      this.#tell("refund.failed", refund);
    }
  }

  /** Opens a dispute, or brings the open one on. */
  dispute(transactionId: string, status = "needs_response"): void {
    const { id: payment_intent, amount, currency, latest_charge } = this.intentOf(transactionId);
    const known = [...this.disputes.values()].find((each) => each.payment_intent === payment_intent);
    if (known) {
      known.status = status;
      const isOver = /^(won|lost|warning_closed|prevented)$/.test(status);
      this.#tell(isOver ? "charge.dispute.closed" : "charge.dispute.updated", known);
      return;
    }
    const charge = need(this.charges.get(latest_charge ?? ""));
    charge.disputed = !status.startsWith("warning_");
    const dispute: Dispute = {
      ...{
        id: this.#newId("du"),
        object: "dispute",
        amount,
        charge: charge.id,
        created: seconds(),
        currency,
      },
      ...{ livemode: false, metadata: {}, payment_intent, reason: "fraudulent", status },
    };
    this.disputes.set(dispute.id, dispute);
    this.#tell("charge.dispute.created", dispute);
  }

  async takeWebhooks(callbackUrl: string): Promise<SentWebhook[]> {
    for (const id of this.sessions.keys()) {
      this.#current(id);
    }
    const fresh = this.events.slice(this.#told).filter(({ type }) => SUBSCRIBED.has(type));
    this.#told = this.events.length;
    return Promise.all(
      fresh.map(async (event) => {
        const body = JSON.stringify(event, null, 2);
        const headers = { "stripe-signature": await sign(body), "content-type": "application/json" };
        return { url: callbackUrl, headers, body };
      }),
    );
  }

  /** Keys that are a day old are pruned; these are so at once. */
  forgetKeys(): void {
    this.#answers.clear();
  }

  /** A fault that came too late: the call was made, and this is what its key gets from then on. */
  spoil(key: string): void {
    const known = need(this.#answers.get(key));
    const body = JSON.stringify({ error: { type: "api_error", message: "Something went wrong." } });
    this.#answers.set(key, { ...known, status: 500, body });
  }

  sessionOf(transactionId: string): StripeSession {
    const found = [...this.sessions.values()].find(
      ({ metadata }) => metadata.transaction_id === transactionId,
    );
    return need(found, `there is no session of ${transactionId}`);
  }

  intentOf(transactionId: string): StripeIntent {
    const { payment_intent } = this.sessionOf(transactionId);
    return need(this.intents.get(payment_intent ?? ""), `nobody has paid ${transactionId}`);
  }

  eventOf(transactionId: string, type: string): StripeEvent {
    const session = this.sessionOf(transactionId);
    const found = this.events.findLast(({ type: each, data: { object } }) => {
      const { id, payment_intent } = { payment_intent: null, ...object } as Record<string, unknown>;
      const payment = session.payment_intent;
      return (
        each === type && (id === session.id || (payment !== null && [id, payment_intent].includes(payment)))
      );
    });
    return need(found, `no ${type} of ${transactionId}`);
  }

  #handle(request: Request, url: URL, body: string) {
    try {
      check(request);
      const form = new Map([...url.searchParams, ...new URLSearchParams(body)]);
      const text = JSON.stringify(this.#route(request.method, url.pathname, form));
      return { status: 200, text, remember: true };
    } catch (error) {
      if (!(error instanceof Refusal)) {
        throw error;
      }
      return { status: error.status, text: JSON.stringify({ error: error.error }), remember: !error.early };
    }
  }

  #recall(key: string): Remembered | undefined {
    const known = this.#answers.get(key);
    return known && Date.now() - known.at < DAY_S * 1000 ? known : undefined;
  }

  #route(method: string, path: string, form: Form): unknown {
    const [, version, ...parts] = path.split("/");
    const place = `${method} ${parts.map((part) => (/^(cs|pi|re|du)_/.test(part) ? ":id" : part)).join("/")}`;
    const id = parts.find((part) => /^(cs|pi|re|du)_/.test(part)) ?? "";
    const paths = [...form].flatMap(([name, value]) => (/^expand\[\d*\]$/.test(name) ? [value] : []));
    const expanded = (object: object) =>
      paths.reduce((so, each) => this.#expand(so, each.split(".")), object);
    switch (version === "v1" ? place : "") {
      case "POST checkout/sessions":
        return expanded(this.#create(form));
      case "GET checkout/sessions":
        return expanded(page([...this.sessions.values()].reverse(), form, ["payment_intent"]));
      case "GET checkout/sessions/:id":
        return expanded(this.#current(id));
      case "POST checkout/sessions/:id/expire":
        return expanded(this.#expireByApi(id));
      case "POST payment_intents/:id/capture":
        return expanded(this.#capture(id, form));
      case "POST refunds":
        return expanded(this.#refundByApi(form));
      case "GET refunds":
        return expanded(page([...this.refunds.values()].reverse(), form, ["payment_intent"]));
      case "GET refunds/:id":
        return expanded(this.refunds.get(id) ?? noSuch("refund", id));
      case "GET disputes":
        return expanded(page([...this.disputes.values()].reverse(), form, ["payment_intent"]));
      case "GET events":
        return this.#listEvents(form);
      default:
        throw new Refusal(404, { type: "invalid_request_error", message: "Unrecognized request URL." });
    }
  }

  #create(form: Form): StripeSession {
    checkSession(form);
    const id = `cs_test_${this.#newId("a1")}`;
    const total = Number(form.get("line_items[0][price_data][unit_amount]"));
    const text = (name: string) => form.get(name) ?? null;
    const session: StripeSession = {
      ...{ id, object: "checkout.session", amount_subtotal: total, amount_total: total, created: seconds() },
      ...{ adaptive_pricing: { enabled: form.get("adaptive_pricing[enabled]") === "true" } },
      ...{ cancel_url: text("cancel_url"), client_reference_id: text("client_reference_id") },
      ...{ currency: form.get("line_items[0][price_data][currency]") ?? "", locale: text("locale") },
      ...{ customer_email: text("customer_email"), expires_at: toExpiry(form), livemode: false },
      ...{ metadata: metadataOf(form, "metadata"), mode: "payment", payment_intent: null },
      ...{ payment_status: "unpaid", status: "open", success_url: form.get("success_url") ?? "" },
      url: `https://checkout.stripe.com/c/pay/${id}#fake`,
    };
    this.sessions.set(id, session);
    this.#orders.set(id, form);
    return session;
  }

  /** What each session was asked to make of a payment. */
  readonly #orders = new Map<string, Form>();

  #current(id: string): StripeSession {
    const session = this.sessions.get(id) ?? noSuch("checkout.session", id);
    const isOver = session.status === "open" && Date.now() >= session.expires_at * 1000;
    return isOver ? this.#lapse(session) : session;
  }

  #expireByApi(id: string): StripeSession {
    const session = this.#current(id);
    if (session.status !== "open") {
      const message = "Only Checkout Sessions with a status in [open] can be expired.";
      throw new Refusal(400, { type: "invalid_request_error", message }, false);
    }
    return this.#lapse(session);
  }

  #capture(id: string, form: Form): StripeIntent {
    const intent = this.intents.get(id) ?? noSuch("payment_intent", id);
    checkNames(form, /^(amount_to_capture|expand\[\d*\])$/);
    const amount = Number(form.get("amount_to_capture") ?? intent.amount_capturable);
    const type = "invalid_request_error";
    if (intent.status !== "requires_capture") {
      const code = "payment_intent_unexpected_state";
      throw new Refusal(400, { type, code, message: `It has a status of ${intent.status}.` }, false);
    }
    if (!Number.isSafeInteger(amount) || amount <= 0 || amount > intent.amount_capturable) {
      throw new Refusal(400, { type, code: "amount_too_large", message: "More than is held." }, false);
    }
    this.#take(intent, amount);
    this.#tell("charge.captured", need(this.charges.get(intent.latest_charge ?? "")));
    this.#tell("payment_intent.succeeded", intent);
    return intent;
  }

  #refundByApi(form: Form): StripeRefund {
    checkNames(form, /^(payment_intent|amount|reason|metadata\[\w+\]|expand\[\d*\])$/);
    const intent = this.intents.get(form.get("payment_intent") ?? "");
    if (!intent) {
      return noSuch("payment_intent", form.get("payment_intent") ?? "");
    }
    const charge = this.charges.get(intent.latest_charge ?? "");
    const type = "invalid_request_error";
    if (intent.status !== "succeeded" || !charge) {
      throw new Refusal(
        400,
        { type, message: "This PaymentIntent has no successful charge to refund." },
        false,
      );
    }
    const left = charge.amount_captured - charge.amount_refunded;
    const amount = Number(form.get("amount") ?? left);
    if (left === 0) {
      const code = "charge_already_refunded";
      throw new Refusal(400, { type, code, message: "It has already been refunded." }, false);
    }
    if (!Number.isSafeInteger(amount) || amount <= 0 || amount > left) {
      throw new Refusal(400, { type, message: "Refund amount is greater than what is left." }, false);
    }
    return this.#refund(intent, amount, metadataOf(form, "metadata"), form.get("reason") ?? null);
  }

  #refund(intent: StripeIntent, amount: number, metadata: Metadata, reason: string | null): StripeRefund {
    const charge = need(this.charges.get(intent.latest_charge ?? ""));
    const refund: StripeRefund = {
      ...{ id: this.#newId("re"), object: "refund", amount, charge: charge.id, created: seconds() },
      ...{ currency: intent.currency, metadata, payment_intent: intent.id, reason, status: this.refundsAre },
    };
    charge.amount_refunded += amount;
    charge.refunded = charge.amount_refunded === charge.amount_captured;
    this.refunds.set(refund.id, refund);
    this.#tell("refund.created", refund);
    this.#tell("charge.refunded", charge);
    return refund;
  }

  #listEvents(form: Form): unknown {
    const types = [...form].flatMap(([name, value]) => (/^types\[\d*\]$/.test(name) ? [value] : []));
    if (types.length > 20) {
      throw new Refusal(400, { type: "invalid_request_error", message: "At most 20 types.", param: "types" });
    }
    const since = Number(form.get("created[gte]") ?? 0);
    const until = Number(form.get("created[lt]") ?? Number.POSITIVE_INFINITY);
    const found = this.events.filter(({ type, created }) => {
      return (
        created >= since &&
        created < until &&
        created > seconds() - 30 * DAY_S &&
        (types.length === 0 || types.includes(type))
      );
    });
    return page(found.reverse(), form, ["created[gte]", "created[lt]"]);
  }

  /** Puts objects in the place of their ids, along a path. */
  #expand(object: object, [field, ...rest]: string[]): object {
    if (field === undefined) {
      return object;
    }
    const { [field]: value } = { ...object } as Record<string, unknown>;
    if (field === "data" && Array.isArray(value)) {
      return { ...object, data: value.map((each: object) => this.#expand(each, rest)) };
    }
    if (field === "refunds" && "amount_refunded" in object) {
      const form = new Map([["charge", (object as Charge).id]]);
      return { ...object, refunds: page([...this.refunds.values()].reverse(), form, ["charge"]) };
    }
    if (value === null) {
      return object;
    }
    const whole = this.intents.get(String(value)) ?? this.charges.get(String(value));
    if (!whole) {
      throw new Refusal(400, { type: "invalid_request_error", message: `${field} cannot be expanded.` });
    }
    return { ...object, [field]: this.#expand(whole, rest) };
  }

  #openSession(transactionId: string): StripeSession {
    const session = this.#current(this.sessionOf(transactionId).id);
    if (session.status !== "open") {
      throw new Error(`the page of ${transactionId} is ${session.status}`);
    }
    return session;
  }

  /** The payment comes into being with the first attempt. */
  #attempt(session: StripeSession): StripeIntent {
    const known = this.intents.get(session.payment_intent ?? "");
    if (known) {
      return known;
    }
    const form = need(this.#orders.get(session.id));
    const intent: StripeIntent = {
      ...{ id: this.#newId("pi"), object: "payment_intent", amount: session.amount_total },
      ...{ amount_capturable: 0, amount_received: 0, created: seconds(), currency: session.currency },
      capture_method: form.get("payment_intent_data[capture_method]") ?? "automatic_async",
      ...{ last_payment_error: null, latest_charge: null, livemode: false },
      ...{ metadata: metadataOf(form, "payment_intent_data[metadata]"), status: "requires_payment_method" },
    };
    this.intents.set(intent.id, intent);
    session.payment_intent = intent.id;
    this.#tell("payment_intent.created", intent);
    return intent;
  }

  #charge(intent: StripeIntent, { captured, status = "succeeded" }: Partial<Charge>): Charge {
    const charge: Charge = {
      ...{ id: this.#newId("ch"), object: "charge", amount: intent.amount, created: seconds() },
      ...{ amount_captured: captured ? intent.amount : 0, amount_refunded: 0, captured: captured ?? false },
      ...{ currency: intent.currency, disputed: false, livemode: false, metadata: intent.metadata },
      ...{ paid: status === "succeeded", payment_intent: intent.id, refunded: false, status },
    };
    this.charges.set(charge.id, charge);
    intent.latest_charge = charge.id;
    return charge;
  }

  #take(intent: StripeIntent, amount = intent.amount): void {
    const held =
      intent.status === "requires_capture" ? this.charges.get(intent.latest_charge ?? "") : undefined;
    const charge = held ?? this.#charge(intent, { captured: true });
    Object.assign(charge, { captured: true, amount_captured: amount });
    Object.assign(intent, { status: "succeeded", amount_received: amount, amount_capturable: 0 });
    intent.last_payment_error = null;
  }

  #fail(intent: StripeIntent, error: NonNullable<StripeIntent["last_payment_error"]>): void {
    this.#charge(intent, { captured: false, status: "failed" });
    intent.status = "requires_payment_method";
    intent.last_payment_error = error;
  }

  #close(session: StripeSession, status: "complete" | "expired"): void {
    session.status = status;
    session.url = null;
  }

  #tell(type: string, object: object): void {
    this.events.push({
      ...{ id: this.#newId("evt"), object: "event", api_version: "2026-10-28.endive", created: seconds() },
      ...{
        data: { object: structuredClone(object) },
        livemode: false,
        pending_webhooks: 1,
        request: null,
        type,
      },
    });
  }

  #newId(prefix: string): string {
    this.#count += 1;
    return `${prefix}_${this.#count.toString(36).padStart(14, "0")}Fake`;
  }
}

/** The header that Stripe sends. @param at epoch milliseconds */
export async function sign(
  body: string | Uint8Array<ArrayBuffer>,
  secret = STRIPE_WEBHOOK_SECRET,
  at = Date.now(),
): Promise<string> {
  const time = Math.floor(at / 1000);
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const content = new Uint8Array([...new TextEncoder().encode(`${time}.`), ...bytes]);
  const mac = await hmac("SHA-256", secret, content);
  return `t=${time},v1=${mac.toHex()},v0=${"0".repeat(64)}`;
}

function answer(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(body, { status, headers: { "content-type": "application/json", ...headers } });
}

function noSuch(kind: string, id: string): never {
  const error = {
    type: "invalid_request_error",
    code: "resource_missing",
    message: `No such ${kind}: '${id}'`,
  };
  throw new Refusal(404, error);
}

function need<T>(value: T | undefined, what = "no such thing"): T {
  if (value === undefined) {
    throw new Error(what);
  }
  return value;
}

const seconds = () => Math.floor(Date.now() / 1000);

function check({ method, headers }: Request): void {
  const type = "invalid_request_error";
  if (headers.get("authorization") !== `Bearer ${STRIPE_SECRET_KEY}`) {
    throw new Refusal(401, { type, message: "Invalid API Key provided" });
  }
  if (!/^\d{4}-\d\d-\d\d(\.[a-z]+)?$/.test(headers.get("stripe-version") ?? "")) {
    throw new Refusal(400, { type, message: "Invalid Stripe API version" });
  }
  if (method === "POST" && headers.get("content-type") !== "application/x-www-form-urlencoded") {
    throw new Refusal(400, { type, message: "Invalid content type" });
  }
  if ((headers.get("idempotency-key") ?? "").length > 255) {
    throw new Refusal(400, { type, message: "Keys may be only up to 255 characters" });
  }
}

const SESSION_NAMES = new RegExp(
  `^(${[
    ...["mode", "client_reference_id", "success_url", "cancel_url", "expires_at", "locale", "customer_email"],
    ...["adaptive_pricing\\[enabled\\]", "metadata\\[\\w+\\]", "payment_intent_data\\[metadata\\]\\[\\w+\\]"],
    ...["payment_intent_data\\[capture_method\\]", "line_items\\[0\\]\\[quantity\\]", "expand\\[\\d*\\]"],
    ...["currency", "unit_amount", "product_data\\]\\[name"].map(
      (name) => `line_items\\[0\\]\\[price_data\\]\\[${name}\\]`,
    ),
  ].join("|")})$`,
);

function checkNames(form: Form, names: RegExp): void {
  const param = [...form.keys()].find((name) => !names.test(name));
  if (param !== undefined) {
    const message = `Received unknown parameter: ${param}`;
    throw new Refusal(400, { type: "invalid_request_error", code: "parameter_unknown", message, param });
  }
}

function checkSession(form: Form): void {
  checkNames(form, SESSION_NAMES);
  const amount = form.get("line_items[0][price_data][unit_amount]") ?? "";
  const currency = form.get("line_items[0][price_data][currency]") ?? "";
  const isEven = !/^(isk|ugx)$/.test(currency) || amount.endsWith("00");
  const isRound = !/^(bhd|jod|kwd|omr|tnd)$/.test(currency) || amount.endsWith("0");
  const isUrl = (name: string) => URL.canParse(form.get(name) ?? "");
  const rules: [string, boolean][] = [
    ["mode", form.get("mode") === "payment"],
    ["line_items[0][quantity]", form.get("line_items[0][quantity]") === "1"],
    ["line_items[0][price_data][product_data][name]", form.get(PRODUCT_NAME)?.trim() !== ""],
    ["line_items[0][price_data][product_data][name]", form.has(PRODUCT_NAME)],
    ["line_items[0][price_data][unit_amount]", /^[1-9]\d{0,11}$/.test(amount) && isEven && isRound],
    ["line_items[0][price_data][currency]", /^[a-z]{3}$/.test(currency)],
    ["success_url", isUrl("success_url")],
    ["cancel_url", !form.has("cancel_url") || isUrl("cancel_url")],
    ["client_reference_id", (form.get("client_reference_id")?.length ?? 0) <= 200],
    ["customer_email", /^([^@\s]+@[^@\s]+\.[^@\s]+)$/.test(form.get("customer_email") ?? "a@b.example")],
    ["metadata", [...form].every(([name, value]) => !name.includes("metadata") || value.length <= 500)],
    ["payment_intent_data[capture_method]", /^(manual|automatic|automatic_async)$/.test(captureOf(form))],
  ];
  const [param] = rules.find(([, holds]) => !holds) ?? [];
  if (param !== undefined) {
    throw new Refusal(400, { type: "invalid_request_error", message: `Invalid ${param}`, param });
  }
}

const PRODUCT_NAME = "line_items[0][price_data][product_data][name]";

function captureOf(form: Form): string {
  return form.get("payment_intent_data[capture_method]") ?? "automatic_async";
}

/** From 30 minutes to 24 hours ahead. */
function toExpiry(form: Form): number {
  const expiry = Number(form.get("expires_at") ?? seconds() + DAY_S);
  const ahead = expiry - Date.now() / 1000;
  if (!Number.isSafeInteger(expiry) || ahead < 30 * 60 || ahead > DAY_S) {
    const message = "The expires_at timestamp must be between 30 minutes and 24 hours from now.";
    throw new Refusal(400, { type: "invalid_request_error", message, param: "expires_at" });
  }
  return expiry;
}

function metadataOf(form: Form, prefix: string): Metadata {
  const named = [...form].filter(([name]) => name.startsWith(`${prefix}[`) && name.endsWith("]"));
  return Object.fromEntries(named.map(([name, value]) => [name.slice(prefix.length + 1, -1), value]));
}

/** A page of a list, newest first. @param filters names of fields that have to be equal */
function page(all: readonly { readonly id: string }[], form: Form, filters: readonly string[]): object {
  checkNames(
    form,
    /^(limit|starting_after|created\[(?:gte|lt)\]|types\[\d*\]|expand\[\d*\]|payment_intent|charge)$/,
  );
  const found = all.filter((each) => {
    const fields = { ...each } as Record<string, unknown>;
    return filters.every((name) => !(name in fields) || !form.has(name) || fields[name] === form.get(name));
  });
  const limit = Number(form.get("limit") ?? 10);
  if (!(limit >= 1 && limit <= MAX_PAGE)) {
    throw new Refusal(400, { type: "invalid_request_error", message: "Invalid limit", param: "limit" });
  }
  const after = form.get("starting_after");
  const from = after === undefined ? 0 : found.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && from === 0) {
    noSuch("object", after);
  }
  const data = found.slice(from, from + limit);
  return { object: "list", data, has_more: from + limit < found.length, url: "/v1" };
}
