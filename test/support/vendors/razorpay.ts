/**
 * Razorpay, as far as payment links, their payments and refunds go, with its books. It shares nothing with src/. A
 * reference_id serves once; a link gets its order with the first attempt to pay; payments that come late do not change
 * a link that is over. Whenever its webhooks are taken, refunds that were pending are processed.
 */
import { hmac, type SentWebhook, type Vendor } from "./vendor.ts";

export const RAZORPAY_KEY_ID = "rzp_test_fake0123456789";
export const RAZORPAY_KEY_SECRET = "fake0123456789abcdef0123";
export const RAZORPAY_WEBHOOK_SECRET = "fake_webhook_secret_0123456789abcdef";
/** Changed lately: retries of older events are still signed with it. */
export const RAZORPAY_OLD_WEBHOOK_SECRET = "fake_webhook_secret_fedcba9876543210";

export interface RazorpayLink {
  readonly id: string;
  readonly referenceId: string;
  readonly amount: number;
  readonly currency: string;
  readonly description: string;
  readonly expireBy: number;
  readonly notes: Readonly<Record<string, string>>;
  readonly callbackUrl: string;
  readonly createdAt: number;
  readonly payments: RazorpayPayment[];
  orderId: string | null;
  status: string;
  amountPaid: number;
}

export interface RazorpayPayment {
  readonly id: string;
  readonly link: RazorpayLink;
  readonly amount: number;
  readonly refunds: RazorpayRefund[];
  status: string;
  captured: boolean;
}

export interface RazorpayRefund {
  readonly id: string;
  readonly payment: RazorpayPayment;
  readonly amount: number;
  readonly notes: Readonly<Record<string, string>>;
  status: string;
}

interface Told {
  readonly id: string;
  readonly body: string;
}

type Json = Record<string, unknown>;

const THREE_DECIMALS = ["BHD", "IQD", "JOD", "KWD", "OMR", "TND"];
const CURRENCIES = ["INR", "USD", "EUR", "GBP", "AED", "SGD", "JPY", ...THREE_DECIMALS];
const SIX_MONTHS_S = 183 * 24 * 60 * 60;
const LINK_FIELDS = [
  ...["amount", "currency", "reference_id", "description", "accept_partial", "first_min_partial_amount"],
  ...["expire_by", "customer", "notify", "reminder_enable", "notes", "callback_url", "callback_method"],
  ...["upi_link", "options"],
];
const ALREADY = "payment link creation with reference ID already attempted";
const UNKNOWN = "The id provided does not exist";

export class FakeRazorpay implements Vendor {
  readonly id = "razorpay";
  /** By their ids. */
  readonly links = new Map<string, RazorpayLink>();
  readonly payments = new Map<string, RazorpayPayment>();
  readonly refunds = new Map<string, RazorpayRefund>();
  /** Whether the API's links name their orders, which its reference does not promise. */
  showsOrders = true;
  /** Whether a link's notes go along to its payments. */
  copiesNotes = true;
  /** Whether refunds wait for something, such as a balance. */
  refundsPend = false;
  /** A refund with this key is under way. */
  busyKey: string | null = null;
  #told: Told[] = [];
  #count = 0;
  /** What was asked with a key, and the refund that it made. */
  readonly #keys = new Map<string, { readonly asked: string; readonly refund: RazorpayRefund }>();

  readonly fetch = async (request: Request): Promise<Response> => {
    if (
      request.headers.get("authorization") !== `Basic ${btoa(`${RAZORPAY_KEY_ID}:${RAZORPAY_KEY_SECRET}`)}`
    ) {
      return refusal("The api key provided is invalid", 401);
    }
    const { pathname, searchParams } = new URL(request.url);
    const [, version, kind = "", id = "", verb = ""] = pathname.split("/");
    const route = `${request.method} ${[version, kind, id && ":id", verb].filter(Boolean).join("/")}`;
    const text = await request.text();
    switch (route) {
      case "POST v1/payment_links":
        return this.#create(parse(text));
      case "GET v1/payment_links":
        return this.#list(searchParams);
      case "GET v1/payment_links/:id":
        return this.#answer(this.links.get(id), (link) => this.toLinkWire(link));
      case "POST v1/payment_links/:id/cancel":
        return this.#cancel(this.links.get(id));
      case "GET v1/orders/:id/payments": {
        const all = [...this.payments.values()].filter(({ link }) => link.orderId === id).toReversed();
        return Response.json(toCollection(all.map((one) => this.toPaymentWire(one))));
      }
      case "GET v1/payments/:id":
        return this.#answer(this.payments.get(id), (payment) => this.toPaymentWire(payment));
      case "GET v1/payments/:id/refunds":
        return this.#answer(this.payments.get(id), (payment) => this.#listRefunds(payment, searchParams));
      case "POST v1/payments/:id/refund":
        return this.#refund(this.payments.get(id), request.headers.get("x-refund-idempotency"), text);
      case "GET v1/refunds/:id":
        return this.#answer(this.refunds.get(id), toRefundWire);
      default:
        return refusal("The requested URL was not found on the server.", 404);
    }
  };

  variables(url: string) {
    return {
      RAZORPAY_KEY_ID,
      RAZORPAY_KEY_SECRET,
      RAZORPAY_WEBHOOK_SECRET: `${RAZORPAY_WEBHOOK_SECRET},${RAZORPAY_OLD_WEBHOOK_SECRET}`,
      RAZORPAY_API_URL: url,
    };
  }

  pay(transactionId: string): void {
    if (!this.isOpen(transactionId)) {
      throw new Error(`the page of ${transactionId} is over`);
    }
    this.capture(this.authorize(transactionId));
  }

  payLate(transactionId: string): void {
    this.capture(this.authorize(transactionId));
  }

  isOpen(transactionId: string): boolean {
    return this.linkOf(transactionId).status === "created";
  }

  refunded(transactionId: string): number {
    return this.linkOf(transactionId).payments.reduce((sum, payment) => sum + givenBack(payment), 0);
  }

  /** The buyer's bank has said yes; nothing is captured. */
  authorize(transactionId: string, amount?: number): RazorpayPayment {
    const link = this.linkOf(transactionId);
    const payment = this.#attempt(link, "authorized", amount ?? link.amount);
    this.tell("payment.authorized", { payment: this.toPaymentWire(payment) });
    return payment;
  }

  /** As the account's settings, or somebody at the dashboard, have it. */
  capture(payment: RazorpayPayment): void {
    const { link } = payment;
    Object.assign(payment, { status: "captured", captured: true });
    const isCounted = link.status === "created" || link.status === "partially_paid";
    if (isCounted) {
      link.amountPaid += payment.amount;
      link.status = link.amountPaid < link.amount ? "partially_paid" : "paid";
    }
    const wire = this.toPaymentWire(payment);
    this.tell("payment.captured", { payment: wire });
    if (isCounted) {
      const order = toOrderWire(link);
      if (link.status === "paid") {
        this.tell("order.paid", { payment: wire, order });
      }
      this.tell(`payment_link.${link.status}`, { payment_link: toLinkNews(link), order, payment: wire });
    }
  }

  /** The page stays. */
  decline(transactionId: string): RazorpayPayment {
    const link = this.linkOf(transactionId);
    const payment = this.#attempt(link, "failed", link.amount);
    this.tell("payment.failed", { payment: this.toPaymentWire(payment) });
    return payment;
  }

  /** Nobody captured it in time: the bank gives it back, and it was never money. */
  lapse(payment: RazorpayPayment): void {
    payment.status = "refunded";
    this.giveBack(payment, payment.amount);
  }

  end(transactionId: string, status: "expired" | "cancelled"): void {
    const link = this.linkOf(transactionId);
    link.status = status;
    this.tell(`payment_link.${status}`, { payment_link: toLinkNews(link) });
  }

  /** From the dashboard, or by Razorpay itself. */
  giveBack(payment: RazorpayPayment, amount: number, notes: Readonly<Record<string, string>> = {}) {
    const status = this.refundsPend ? "pending" : "processed";
    const refund = { id: this.#newId("rfnd"), payment, amount, notes, status };
    payment.refunds.push(refund);
    this.refunds.set(refund.id, refund);
    if (givenBack(payment) === payment.amount) {
      payment.status = "refunded";
    }
    this.#tellRefund("created", refund);
    if (status === "processed") {
      this.#tellRefund("processed", refund);
    }
    return refund;
  }

  settle(refund: RazorpayRefund, status: "processed" | "failed"): void {
    refund.status = status;
    if (status === "failed" && refund.payment.status === "refunded") {
      refund.payment.status = "captured";
    }
    this.#tellRefund(status, refund);
  }

  /** @param word after "payment.dispute." */
  dispute(transactionId: string, word: string): void {
    const [payment] = this.linkOf(transactionId).payments;
    if (!payment) {
      throw new Error(`nothing was paid for ${transactionId}`);
    }
    const status = ["created", "action_required"].includes(word) ? "open" : word;
    const dispute = {
      ...{ id: `disp_${payment.id.slice(4)}`, entity: "dispute", payment_id: payment.id },
      ...{ amount: payment.amount, currency: payment.link.currency, amount_deducted: 0 },
      ...{ reason_code: "goods_or_services_not_received", respond_by: 0, status, phase: "chargeback" },
      ...{ created_at: payment.link.createdAt, evidence: null },
    };
    this.tell(`payment.dispute.${word}`, { payment: this.toPaymentWire(payment), dispute });
  }

  async takeWebhooks(callbackUrl: string): Promise<SentWebhook[]> {
    for (const refund of [...this.refunds.values()].filter(({ status }) => status === "pending")) {
      this.settle(refund, "processed");
    }
    const told = this.#told;
    this.#told = [];
    return Promise.all(
      told.map(async ({ id, body }) => ({
        url: callbackUrl,
        headers: {
          "content-type": "application/json",
          "x-razorpay-event-id": id,
          ...(await signRazorpay(body)),
        },
        body,
      })),
    );
  }

  linkOf(transactionId: string): RazorpayLink {
    const found = [...this.links.values()].find(({ referenceId }) => referenceId === transactionId);
    if (!found) {
      throw new Error(`nothing was opened for ${transactionId}`);
    }
    return found;
  }

  tell(event: string, payload: Readonly<Record<string, unknown>>): void {
    this.#told.push({ id: this.#newId("").slice(1), body: toEvent(event, payload) });
  }

  /** A link as the API tells it. */
  toLinkWire(link: RazorpayLink): Json {
    const payments = link.payments.filter(({ captured }) => captured);
    const own = payments.map(({ id, amount }) => ({
      ...{ amount, created_at: link.createdAt, method: "card", payment_id: id, plink_id: link.id },
      ...{ status: "captured", updated_at: link.createdAt },
    }));
    const { order_id, ...rest } = toLinkNews(link);
    const named = this.showsOrders && order_id !== undefined ? { order_id } : {};
    return { ...rest, ...named, payments: own.length > 0 ? own : null };
  }

  toPaymentWire({ id, link, amount, status, captured, refunds }: RazorpayPayment): Json {
    const back = refunds.filter((one) => one.status !== "failed").reduce((sum, one) => sum + one.amount, 0);
    const isFailed = status === "failed";
    return {
      ...{ id, entity: "payment", amount, currency: link.currency, base_amount: amount, status, captured },
      ...{ order_id: link.orderId, invoice_id: null, international: false, method: "card" },
      ...{ amount_refunded: back, refund_status: back === 0 ? null : back < amount ? "partial" : "full" },
      ...{ description: `#${link.id.slice(6)}`, card_id: null, bank: null, wallet: null, vpa: null },
      ...{ email: "void@example.com", contact: "+919000090000", fee: null, tax: null },
      ...{ notes: this.copiesNotes ? link.notes : [], acquirer_data: {}, created_at: link.createdAt },
      ...{ error_code: isFailed ? "BAD_REQUEST_ERROR" : null, error_description: null },
      ...{ error_source: null, error_step: null, error_reason: isFailed ? "payment_failed" : null },
    };
  }

  #create(body: Json | null): Response {
    const wrong = findWrong(body ?? {});
    if (body === null || wrong !== null) {
      return refusal(wrong ?? "wrong input fields sent.");
    }
    const referenceId = String(body.reference_id ?? "");
    const isKnown = [...this.links.values()].some((one) => one.referenceId === referenceId);
    if (referenceId !== "" && isKnown) {
      return refusal(ALREADY);
    }
    const link: RazorpayLink = {
      ...{ id: this.#newId("plink"), referenceId, amount: Number(body.amount) },
      ...{ currency: String(body.currency ?? "INR"), description: String(body.description ?? "") },
      ...{ expireBy: Number(body.expire_by ?? 0), notes: (body.notes ?? {}) as Record<string, string> },
      ...{ callbackUrl: String(body.callback_url ?? ""), createdAt: Math.floor(Date.now() / 1000) },
      ...{ payments: [], orderId: null, status: "created", amountPaid: 0 },
    };
    this.links.set(link.id, link);
    return Response.json(this.toLinkWire(link));
  }

  #list(query: URLSearchParams): Response {
    const reference = query.get("reference_id");
    const payment = query.get("payment_id");
    const found = [...this.links.values()]
      .filter(({ referenceId }) => reference === null || referenceId === reference)
      .filter(({ payments }) => payment === null || payments.some(({ id }) => id === payment))
      .toReversed();
    const skip = Number(query.get("skip") ?? 0);
    const shown = found.slice(skip, skip + Number(query.get("count") ?? 10));
    return Response.json({ payment_links: shown.map((link) => this.toLinkWire(link)) });
  }

  #cancel(link: RazorpayLink | undefined): Response {
    switch (link?.status) {
      case undefined:
        return refusal(UNKNOWN);
      case "paid":
      case "partially_paid":
        return refusal("cannot cancel or expire an already paid/partially paid link");
      case "created":
        this.end(link?.referenceId ?? "", "cancelled");
        return this.#answer(link, (one) => this.toLinkWire(one));
      default:
        return refusal("cannot cancel or expire an expired link");
    }
  }

  #refund(payment: RazorpayPayment | undefined, key: string | null, text: string): Response {
    if (!payment) {
      return refusal(UNKNOWN);
    }
    if (key !== null && key.length < 10) {
      return refusal("The idempotency key must be at least 10 characters long.");
    }
    if (key !== null && !/^[\w-]+$/.test(key)) {
      return refusal(
        "The idempotency key must only contain alphanumeric characters, underscores, and hyphens",
      );
    }
    if (key !== null && key === this.busyKey) {
      return refusal("Another request with the same idempotency key is still in progress.", 409);
    }
    const asked = `${payment.id} ${text}`;
    const known = this.#keys.get(key ?? "");
    if (known && known.asked !== asked) {
      return refusal("Different request with the same idempotency key has already been processed.", 409);
    }
    const refund = known?.refund ?? this.#giveBackAsAsked(payment, parse(text) ?? {});
    if (refund instanceof Response) {
      return refund;
    }
    if (key !== null) {
      this.#keys.set(key, { asked, refund });
    }
    return Response.json(toRefundWire(refund));
  }

  #giveBackAsAsked(payment: RazorpayPayment, body: Json): RazorpayRefund | Response {
    const { amount = payment.amount, notes = {}, speed = "normal", receipt, ...others } = body;
    if (Object.keys(others).length > 0) {
      return refusal(`${Object.keys(others).join()} is/are not required and should not be sent`);
    }
    const isText = typeof receipt === "string" || receipt == null;
    if (!isText || !isNotes(notes) || (speed !== "normal" && speed !== "optimum")) {
      return refusal("wrong input fields sent.");
    }
    if (payment.status === "refunded") {
      return refusal("The payment has been fully refunded already");
    }
    if (!payment.captured) {
      return refusal("The payment status should be captured for action to be taken");
    }
    const sum = Number(amount);
    if (!Number.isSafeInteger(sum) || sum < (payment.link.currency === "INR" ? 100 : 1)) {
      return refusal("The amount must be at least INR 1.00");
    }
    if (sum > payment.amount - givenBack(payment)) {
      return refusal("The refund amount provided is greater than amount captured");
    }
    return this.giveBack(payment, sum, notes);
  }

  #listRefunds({ refunds }: RazorpayPayment, query: URLSearchParams) {
    const skip = Number(query.get("skip") ?? 0);
    const count = Math.min(Number(query.get("count") ?? 10), 100);
    return toCollection(
      refunds
        .toReversed()
        .slice(skip, skip + count)
        .map(toRefundWire),
    );
  }

  #answer<T>(found: T | undefined, toWire: (found: T) => unknown): Response {
    return found === undefined ? refusal(UNKNOWN) : Response.json(toWire(found));
  }

  #attempt(link: RazorpayLink, status: string, amount: number): RazorpayPayment {
    link.orderId ??= this.#newId("order");
    const payment = { id: this.#newId("pay"), link, amount, refunds: [], status, captured: false };
    link.payments.push(payment);
    this.payments.set(payment.id, payment);
    return payment;
  }

  #tellRefund(word: string, refund: RazorpayRefund): void {
    const payment = this.toPaymentWire(refund.payment);
    this.tell(`refund.${word}`, { refund: toRefundWire(refund), payment });
  }

  #newId(prefix: string): string {
    this.#count += 1;
    return `${prefix}_Fk${String(this.#count).padStart(12, "0")}`;
  }
}

/** The header by which a webhook proves its origin. */
export async function signRazorpay(body: string | Uint8Array<ArrayBuffer>, secret = RAZORPAY_WEBHOOK_SECRET) {
  return { "x-razorpay-signature": (await hmac("SHA-256", secret, body)).toHex() };
}

/** @param payload entities by what they are */
export function toEvent(event: string, payload: Readonly<Record<string, unknown>>): string {
  const wrapped = Object.entries(payload).map(([name, entity]) => [name, { entity }] as const);
  return JSON.stringify({
    ...{ entity: "event", account_id: "acc_FakeAccount0001", event, contains: Object.keys(payload) },
    ...{ payload: Object.fromEntries(wrapped), created_at: Math.floor(Date.now() / 1000) },
  });
}

/** A link as webhooks tell it: with its order, without its payments. */
export function toLinkNews(link: RazorpayLink): Json {
  const { id, referenceId, amount, amountPaid, currency, status, createdAt, orderId } = link;
  const endedAt = (which: string) => (status === which ? createdAt + 1 : 0);
  return {
    ...{ accept_partial: false, amount, amount_paid: amountPaid, callback_method: "get" },
    ...{ callback_url: link.callbackUrl, cancelled_at: endedAt("cancelled"), created_at: createdAt },
    ...{ currency, customer: {}, description: link.description, expire_by: link.expireBy },
    ...{ expired_at: endedAt("expired"), first_min_partial_amount: 0, id, notes: link.notes },
    ...{ notify: { email: false, sms: false, whatsapp: false }, reference_id: referenceId },
    ...{ reminder_enable: false, reminders: [], short_url: `https://rzp.io/rzp/${id.slice(-6)}`, status },
    ...{ updated_at: createdAt, upi_link: false, user_id: "", whatsapp_link: false },
    ...(orderId === null ? {} : { order_id: orderId }),
  };
}

/** In events its id goes without the prefix. */
export function toOrderWire(link: RazorpayLink): Json {
  const { amount, amountPaid: amount_paid, currency, referenceId: receipt, notes, orderId } = link;
  return {
    ...{
      id: orderId?.slice("order_".length),
      amount,
      amount_paid,
      amount_due: amount - amount_paid,
      currency,
    },
    ...{ receipt, notes, status: amount_paid < amount ? "attempted" : "paid", attempts: 1 },
    ...{ product_id: link.id.slice("plink_".length), product_type: "payment_link_v2" },
    ...{ payment_capture: true, created_at: link.createdAt },
  };
}

function toRefundWire({ id, payment, amount, notes, status }: RazorpayRefund) {
  return {
    ...{ id, entity: "refund", amount, currency: payment.link.currency, payment_id: payment.id },
    ...{ notes: Object.keys(notes).length > 0 ? notes : [], receipt: null, acquirer_data: { arn: null } },
    ...{ created_at: payment.link.createdAt, batch_id: null, status },
    ...{ speed_processed: "normal", speed_requested: "normal" },
  };
}

function toCollection(items: readonly unknown[]) {
  return { entity: "collection", count: items.length, items };
}

function givenBack({ refunds, captured }: RazorpayPayment): number {
  const counted = captured ? refunds.filter(({ status }) => status !== "failed") : [];
  return counted.reduce((sum, { amount }) => sum + amount, 0);
}

/** What is wrong with a request for a link, in the words of the documentation. */
function findWrong(body: Json): string | null {
  const { amount, currency = "INR", expire_by: until, reference_id: reference, description } = body;
  const extra = Object.keys(body).filter((name) => !LINK_FIELDS.includes(name));
  if (extra.length > 0) {
    return `${extra.join()} is/are not required and should not be sent`;
  }
  if (amount === undefined) {
    return "The amount field is required";
  }
  if (typeof currency !== "string" || !CURRENCIES.includes(currency)) {
    return "Currency is not supported";
  }
  const isSum = typeof amount === "number" && Number.isSafeInteger(amount);
  if (!isSum || amount < (currency === "INR" ? 100 : 1)) {
    return "The amount must be at least INR 1.00";
  }
  if (THREE_DECIMALS.includes(currency) && amount % 10 !== 0) {
    return "The last digit of the amount must be 0 for three decimal currencies";
  }
  const isNamed = reference === undefined || (typeof reference === "string" && reference.length <= 40);
  const isTold = description === undefined || (typeof description === "string" && description.length <= 2048);
  if (!isNamed || !isTold || !isNotes(body.notes ?? {})) {
    return "value: the length must not be greater than 255.";
  }
  const now = Date.now() / 1000;
  if (until !== undefined && !(Number.isSafeInteger(until) && Number(until) >= now + 15 * 60)) {
    return "timestamp must be atleast 15 minutes in future";
  }
  if (until !== undefined && Number(until) > now + SIX_MONTHS_S) {
    return "expire_by cannot be more than six months in future";
  }
  const url = body.callback_url;
  const isReturn = url === undefined || (typeof url === "string" && URL.canParse(url));
  return isReturn && (url === undefined || body.callback_method === "get")
    ? null
    : "wrong input fields sent.";
}

function isNotes(notes: unknown): notes is Record<string, string> {
  return (
    typeof notes === "object" &&
    notes !== null &&
    Object.keys(notes).length <= 15 &&
    Object.values(notes).every((value) => typeof value === "string" && value.length <= 255)
  );
}

function refusal(description: string, status = 400): Response {
  const rest = { source: "NA", step: "NA", reason: "NA", metadata: {} };
  return Response.json({ error: { code: "BAD_REQUEST_ERROR", description, ...rest } }, { status });
}

function parse(text: string): Json | null {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && !Array.isArray(body) ? (body as Json | null) : null;
  } catch {
    return null;
  }
}
