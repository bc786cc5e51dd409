/**
 * Square, as far as payment links and all that comes of them go, with its books. It shares nothing with src/. A paid
 * order stays OPEN; a link that is deleted takes its order with it, unless an attempt on it has failed; a card's
 * refund is done at once, unless `slowRefunds` is set. Every change is an event, sent to whom it may concern and listed.
 */
import { hmac, KeyStore, type SentWebhook, type Vendor } from "./vendor.ts";

export const SQUARE_ACCESS_TOKEN = "EAAA_fake_0123456789abcdef0123456789abcdef";
export const SQUARE_LOCATION_ID = "LFAKE0123456789";
/** As short as the shortest that Square has given out. */
export const SQUARE_SIGNATURE_KEY = "fake_signature_key_022";
/** Of a subscription that is about to go. */
export const SQUARE_OLD_SIGNATURE_KEY = "fake_old_signature_key_0123456789abcdef";

type Json = Record<string, unknown>;

export interface SquareMoney {
  amount: number;
  currency: string;
}

export interface SquareLink {
  readonly id: string;
  readonly orderId: string;
  readonly url: string;
  readonly asked: Json;
  deleted: boolean;
}

export interface SquareOrder {
  readonly id: string;
  readonly createdAt: string;
  readonly locationId: string;
  readonly referenceId: string | null;
  readonly metadata: Json;
  readonly lineItems: readonly Json[];
  state: string;
  version: number;
  total: SquareMoney;
  tip: number;
  readonly payments: SquarePayment[];
}

export interface SquarePayment {
  readonly id: string;
  readonly createdAt: string;
  readonly orderId: string | null;
  status: string;
  amount: SquareMoney;
  tip: number;
  readonly refunds: SquareRefund[];
}

export interface SquareRefund {
  readonly id: string;
  readonly createdAt: string;
  readonly paymentId: string;
  readonly amount: SquareMoney;
  readonly reason: string | null;
  status: string;
}

export interface SquareEvent {
  readonly body: string;
  readonly type: string;
  readonly eventId: string;
  readonly createdAt: number;
  readonly transactionId: string | null;
  sent: boolean;
}

const CURRENCIES = ["AUD", "CAD", "EUR", "GBP", "JPY", "USD"];
const CARD_STATUS: Readonly<Record<string, string>> = {
  APPROVED: "AUTHORIZED",
  PENDING: "AUTHORIZED",
  COMPLETED: "CAPTURED",
  CANCELED: "VOIDED",
  FAILED: "FAILED",
};

export class FakeSquare implements Vendor {
  readonly id = "square";
  readonly links = new Map<string, SquareLink>();
  readonly orders = new Map<string, SquareOrder>();
  readonly payments = new Map<string, SquarePayment>();
  readonly refunds = new Map<string, SquareRefund>();
  readonly events: SquareEvent[] = [];
  /** The bank takes its time: PENDING until `settleRefunds`. */
  slowRefunds = false;
  #keys = newKeys();
  #queue: Promise<unknown> = Promise.resolve();
  #count = 0;

  readonly fetch = async (request: Request): Promise<Response> => {
    if (request.headers.get("authorization") !== `Bearer ${SQUARE_ACCESS_TOKEN}`) {
      return refusal(401, "UNAUTHORIZED", "This request could not be authorized.");
    }
    if (!/^\d{4}-\d{2}-\d{2}$/.test(request.headers.get("square-version") ?? "")) {
      return refusal(400, "INVALID_SQUARE_VERSION_FORMAT", "The Square-Version is not a date.");
    }
    const { pathname } = new URL(request.url);
    const [, path = ""] = /\/v2\/(.*)$/.exec(pathname) ?? [];
    const text = await request.text();
    const body = text === "" ? {} : parse(text);
    if (body === undefined || (text !== "" && !isJson(request))) {
      return refusal(400, "EXPECTED_JSON_BODY", "The body is no JSON object.");
    }
    return this.#route(`${request.method} ${path}`, body);
  };

  #route(call: string, body: Json): Promise<Response> | Response {
    if (call === "POST online-checkout/payment-links") {
      const key = body.idempotency_key === "" ? null : textOf(body.idempotency_key);
      return this.#once(key && `link ${key}`, body, () => this.#createLink(body));
    }
    if (call === "POST refunds") {
      const key = textOf(body.idempotency_key);
      return key === null || key === "" || key.length > 45
        ? refusal(400, "VALUE_TOO_LONG", "The key must have 1 to 45 characters.", "idempotency_key")
        : this.#once(`refund ${key}`, body, () => this.#createRefund(body));
    }
    if (call === "POST events") {
      return this.#searchEvents(body);
    }
    const [verb = "", thing = "", ...rest] = call.split(/[ /]/);
    const id = rest.at(-1) ?? "";
    switch (`${verb} ${thing}`) {
      case "GET orders":
        return found("order", this.orders.get(id), (order) => this.#showOrder(order));
      case "GET payments":
        return found("payment", this.payments.get(id), showPayment);
      case "GET refunds":
        return found("refund", this.refunds.get(id), showRefund);
      case "PUT orders":
        return this.#updateOrder(this.orders.get(id), body);
      case "DELETE online-checkout":
        return this.#deleteLink(this.links.get(id));
      default:
        return refusal(404, "NOT_FOUND", "Resource not found.");
    }
  }

  /** One keyed call after another: two at once with the same key are one. */
  #once(key: string | null, body: Json, effect: () => Response): Promise<Response> {
    const keys = this.#keys;
    const answer = this.#queue.then(() => keys.once(key, JSON.stringify(body), effect));
    this.#queue = answer;
    return answer;
  }

  variables(url: string) {
    return {
      SQUARE_ACCESS_TOKEN,
      SQUARE_LOCATION_ID,
      SQUARE_WEBHOOK_SIGNATURE_KEY: `${SQUARE_SIGNATURE_KEY},${SQUARE_OLD_SIGNATURE_KEY}`,
      SQUARE_API_URL: url,
    };
  }

  /** An attempt by card: it is approved, then captured by Square, as on the page. */
  pay(transactionId: string): void {
    if (!this.isOpen(transactionId)) {
      throw new Error("nobody can pay there any more");
    }
    this.payLate(transactionId);
  }

  payLate(transactionId: string): void {
    const payment = this.attempt(transactionId, "APPROVED");
    this.settle(payment, "COMPLETED");
  }

  /** A payment of the order, in this state, and of the whole sum unless it is said otherwise. */
  attempt(
    transactionId: string,
    status: string,
    changes: { amount?: number; tip?: number } = {},
  ): SquarePayment {
    const order = this.orderOf(transactionId);
    const { amount = order.total.amount - order.tip, tip = 0 } = changes;
    const { currency } = order.total;
    const id = this.#newId("PAY");
    const payment = {
      id,
      createdAt: now(),
      orderId: order.id,
      status,
      amount: { amount, currency },
      tip,
      refunds: [],
    };
    this.payments.set(id, payment);
    order.payments.push(payment);
    order.tip += tip;
    order.total = { amount: order.total.amount + tip, currency };
    this.#tell("payment.created", "payment", id, { payment: showPayment(payment) }, order);
    this.moveOrder(order, order.state === "DRAFT" ? "OPEN" : order.state);
    return payment;
  }

  settle(payment: SquarePayment, status: string): void {
    payment.status = status;
    this.#tellPayment(payment);
  }

  /** The till's own sale: no order of any application. */
  sellAtTill(): SquarePayment {
    const id = this.#newId("PAY");
    const amount = { amount: 500, currency: "USD" };
    const payment = { id, createdAt: now(), orderId: null, status: "COMPLETED", amount, tip: 0, refunds: [] };
    this.payments.set(id, payment);
    this.#tellPayment(payment);
    return payment;
  }

  moveOrder(order: SquareOrder, state: string): void {
    order.state = state;
    order.version += 1;
    const { id: order_id, version, locationId: location_id } = order;
    const news = {
      order_updated: { order_id, version, location_id, state, created_at: now(), updated_at: now() },
    };
    this.#tell("order.updated", "order_updated", order_id, news, order);
  }

  dispute(transactionId: string, state: string, type = "dispute.state.updated"): void {
    const order = this.orderOf(transactionId);
    const [payment] = order.payments;
    const id = this.#newId("DIS");
    const dispute = {
      ...{ id, state, reason: "NO_KNOWLEDGE", amount_money: order.total, version: 1 },
      ...{ disputed_payment: { payment_id: payment?.id }, location_id: order.locationId },
    };
    this.#tell(type, "dispute", id, { dispute }, order);
  }

  settleRefunds(status: string): void {
    for (const refund of this.refunds.values()) {
      if (refund.status === "PENDING") {
        this.#endRefund(refund, status);
      }
    }
  }

  /** Square publishes no term: after this it knows no key any more. */
  forgetKeys(): void {
    this.#keys = newKeys();
  }

  isOpen(transactionId: string): boolean {
    const { state, payments } = this.orderOf(transactionId);
    const taken = payments.some(({ status }) => !["FAILED", "CANCELED"].includes(status));
    return ["DRAFT", "OPEN"].includes(state) && !taken;
  }

  refunded(transactionId: string): number {
    const refunds = this.orderOf(transactionId).payments.flatMap((payment) => payment.refunds);
    return sum(refunds.filter(({ status }) => status === "COMPLETED"));
  }

  orderOf(transactionId: string): SquareOrder {
    const order = [...this.orders.values()].find(({ referenceId }) => referenceId === transactionId);
    if (!order) {
      throw new Error("there is no such order");
    }
    return order;
  }

  linkOf(transactionId: string): SquareLink {
    const { id } = this.orderOf(transactionId);
    const link = [...this.links.values()].find(({ orderId }) => orderId === id);
    if (!link) {
      throw new Error("there is no such link");
    }
    return link;
  }

  /** The events about it, in their order. */
  eventsOf(transactionId: string): SquareEvent[] {
    return this.events.filter((event) => event.transactionId === transactionId);
  }

  async takeWebhooks(callbackUrl: string): Promise<SentWebhook[]> {
    const due = this.events.filter(({ sent }) => !sent);
    return Promise.all(
      due.map(async (event) => {
        event.sent = true;
        const headers = await signSquare(event.body, callbackUrl);
        return { url: callbackUrl, headers, body: event.body };
      }),
    );
  }

  #createLink(body: Json): Response {
    const asked = recordOf(body.order);
    const lines = Array.isArray(asked.line_items) ? asked.line_items.map(recordOf) : [];
    const prices = lines.map(({ base_price_money }) => moneyOf(base_price_money));
    const [price] = prices;
    const problem = linkProblem(body, asked, lines, price ?? null);
    if (problem || !price) {
      return problem ?? refusal(400, "INVALID_VALUE", "There is nothing to pay.", "order.line_items");
    }
    const order: SquareOrder = {
      id: this.#newId("ORD"),
      createdAt: now(),
      locationId: SQUARE_LOCATION_ID,
      referenceId: textOf(asked.reference_id),
      metadata: recordOf(asked.metadata),
      lineItems: lines,
      ...{ state: "DRAFT", version: 1, total: { ...price }, tip: 0, payments: [] },
    };
    const id = this.#newId("LNK");
    const link = {
      id,
      orderId: order.id,
      url: `https://sandbox.square.link/u/${id}`,
      asked: body,
      deleted: false,
    };
    this.orders.set(order.id, order);
    this.links.set(id, link);
    const news = { order_created: { order_id: order.id, version: 1, state: "DRAFT", created_at: now() } };
    this.#tell("order.created", "order_created", order.id, news, order);
    return Response.json({
      payment_link: showLink(link),
      related_resources: { orders: [this.#showOrder(order)] },
    });
  }

  #deleteLink(link: SquareLink | undefined): Response {
    const order = link && this.orders.get(link.orderId);
    if (!link || !order || link.deleted) {
      return refusal(404, "NOT_FOUND", "Payment link not found.");
    }
    link.deleted = true;
    if (order.payments.length > 0) {
      return Response.json({ id: link.id });
    }
    this.moveOrder(order, "CANCELED");
    return Response.json({ id: link.id, cancelled_order_id: order.id });
  }

  #updateOrder(order: SquareOrder | undefined, body: Json): Response {
    const asked = recordOf(body.order);
    if (!order) {
      return refusal(404, "NOT_FOUND", "Order not found.");
    }
    if (asked.version !== order.version) {
      return refusal(409, "CONFLICT", "The version is not the latest.", "order.version");
    }
    const isTaken = order.payments.some(({ status }) => !["FAILED", "CANCELED"].includes(status));
    if (asked.state !== "CANCELED" || asked.location_id !== order.locationId || isTaken) {
      return refusal(400, "BAD_REQUEST", "The order cannot be updated so.", "order.state");
    }
    if (!["DRAFT", "OPEN"].includes(order.state)) {
      return refusal(400, "BAD_REQUEST", "The order is final.", "order.state");
    }
    this.moveOrder(order, "CANCELED");
    return Response.json({ order: this.#showOrder(order) });
  }

  #createRefund(body: Json): Response {
    const payment = this.payments.get(textOf(body.payment_id) ?? "");
    const amount = moneyOf(body.amount_money);
    const reason = textOf(body.reason);
    if (!payment) {
      return refusal(404, "NOT_FOUND", "Payment not found.", "payment_id");
    }
    if (payment.status !== "COMPLETED") {
      return refusal(400, "REFUND_ERROR_PAYMENT_NEEDS_COMPLETION", "The payment is not completed.");
    }
    if (amount?.currency !== payment.amount.currency) {
      return refusal(400, "CURRENCY_MISMATCH", "The currency is not the payment's.");
    }
    const gone = sum(payment.refunds.filter(({ status }) => ["PENDING", "COMPLETED"].includes(status)));
    if (amount.amount < 1 || gone + amount.amount > payment.amount.amount + payment.tip) {
      return refusal(400, "REFUND_AMOUNT_INVALID", "The amount is too much.", "amount_money.amount");
    }
    const id = `${payment.id}_${this.#newId("REF")}`;
    const refund = { id, createdAt: now(), paymentId: payment.id, amount, reason, status: "PENDING" };
    this.refunds.set(id, refund);
    payment.refunds.push(refund);
    this.#tell("refund.created", "refund", id, { refund: showRefund(refund) }, this.#orderOf(payment));
    if (!this.slowRefunds) {
      this.#endRefund(refund, "COMPLETED");
    }
    return Response.json({ refund: showRefund(refund) });
  }

  #endRefund(refund: SquareRefund, status: string): void {
    refund.status = status;
    const payment = this.payments.get(refund.paymentId);
    if (payment) {
      this.#tell(
        "refund.updated",
        "refund",
        refund.id,
        { refund: showRefund(refund) },
        this.#orderOf(payment),
      );
      this.#tellPayment(payment);
    }
  }

  #searchEvents(body: Json): Response {
    const { filter, sort } = recordOf(body.query) as { filter?: Json; sort?: Json };
    const { event_types: types, created_at: range } = filter ?? {};
    const { start_at, end_at } = recordOf(range);
    const since = Date.parse(String(start_at));
    const until = end_at === undefined ? Number.POSITIVE_INFINITY : Date.parse(String(end_at));
    const limit = typeof body.limit === "number" ? Math.min(body.limit, 100) : 100;
    const from = body.cursor === undefined ? 0 : Number(body.cursor);
    if (Number.isNaN(since) || Number.isNaN(until) || !Number.isInteger(from)) {
      return refusal(400, "INVALID_TIME", "The range or the cursor is none.");
    }
    const all = this.events.filter(
      ({ type, createdAt }) =>
        createdAt >= since && createdAt <= until && (!Array.isArray(types) || types.includes(type)),
    );
    const sorted = sort?.order === "ASC" ? all : all.toReversed();
    const page = sorted.slice(from, from + limit);
    const metadata = page.map(({ eventId }) => ({ event_id: eventId, api_version: "2026-09-16" }));
    const more = from + limit < sorted.length ? { cursor: String(from + limit) } : {};
    return Response.json({ events: page.map((event) => JSON.parse(event.body)), metadata, ...more });
  }

  #orderOf({ orderId }: SquarePayment): SquareOrder | null {
    return this.orders.get(orderId ?? "") ?? null;
  }

  #tellPayment(payment: SquarePayment): void {
    this.#tell(
      "payment.updated",
      "payment",
      payment.id,
      { payment: showPayment(payment) },
      this.#orderOf(payment),
    );
  }

  #tell(type: string, about: string, id: string, object: Json, order: SquareOrder | null): void {
    const eventId = `${this.#newId("EVT")}-fake`;
    const data = { type: about, id, object };
    const created_at = now();
    const body = JSON.stringify({ merchant_id: "MFAKE", type, event_id: eventId, created_at, data });
    const transactionId = order?.referenceId ?? null;
    this.events.push({ body, type, eventId, createdAt: Date.parse(created_at), transactionId, sent: false });
  }

  #showOrder(order: SquareOrder): Json {
    const { total, tip, payments } = order;
    const money = (amount: number) => ({ amount, currency: total.currency });
    const live = payments.filter(({ status }) => status === "COMPLETED");
    const due = total.amount - live.reduce((all, { amount, tip: given }) => all + amount.amount + given, 0);
    return {
      ...{ id: order.id, location_id: order.locationId, state: order.state, version: order.version },
      ...(order.referenceId === null ? {} : { reference_id: order.referenceId }),
      ...{ metadata: order.metadata, source: { name: "Sandbox for fake" }, line_items: order.lineItems },
      ...{ total_money: total, total_tip_money: money(tip), total_tax_money: money(0) },
      net_amount_due_money: money(due),
      ...{ created_at: order.createdAt, updated_at: order.createdAt },
      ...(payments.length === 0 ? {} : { tenders: payments.map((payment) => showTender(payment, order)) }),
    };
  }

  #newId(prefix: string): string {
    this.#count += 1;
    return `${prefix}fake${String(this.#count).padStart(10, "0")}`;
  }
}

/** What Square puts beside a webhook's body, by its rule and not by anybody's library. */
export async function signSquare(
  body: string | Uint8Array<ArrayBuffer>,
  url: string,
  key = SQUARE_SIGNATURE_KEY,
) {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const signed = new Uint8Array([...new TextEncoder().encode(url), ...bytes]);
  const signature = (await hmac("SHA-256", key, signed)).toBase64();
  return { "content-type": "application/json", "x-square-hmacsha256-signature": signature };
}

function newKeys(): KeyStore {
  return new KeyStore(() =>
    refusal(400, "IDEMPOTENCY_KEY_REUSED", "The key was used for another request.", "idempotency_key"),
  );
}

function linkProblem(
  body: Json,
  order: Json,
  lines: readonly Json[],
  price: SquareMoney | null,
): Response | null {
  const { redirect_url: back } = recordOf(body.checkout_options);
  const { buyer_email: email } = recordOf(body.pre_populated_data);
  const [line] = lines;
  if (order.location_id !== SQUARE_LOCATION_ID) {
    return refusal(404, "NOT_FOUND", "Location not found.", "order.location_id");
  }
  if ((textOf(order.reference_id) ?? "").length > 40) {
    return refusal(400, "VALUE_TOO_LONG", "reference_id is too long.", "order.reference_id");
  }
  if (lines.length !== 1 || line?.quantity !== "1" || !textOf(line.name) || !price || price.amount < 1) {
    return refusal(400, "INVALID_VALUE", "The line items are not in order.", "order.line_items");
  }
  if (!CURRENCIES.includes(price.currency)) {
    return refusal(400, "INVALID_VALUE", "The currency is not the location's.", "order.line_items");
  }
  if (Object.values(recordOf(order.metadata)).some((value) => !textOf(value) || String(value).length > 255)) {
    return refusal(400, "VALUE_TOO_LONG", "A value of metadata is too long.", "order.metadata");
  }
  if (back !== undefined && !URL.canParse(String(back))) {
    return refusal(400, "INVALID_VALUE", "redirect_url is no address.", "checkout_options.redirect_url");
  }
  if (email !== undefined && !/^[^@\s]+@[^@\s]+$/.test(String(email))) {
    return refusal(400, "INVALID_EMAIL_ADDRESS", "buyer_email is none.", "pre_populated_data.buyer_email");
  }
  return null;
}

function showLink({ id, orderId, url, asked }: SquareLink): Json {
  const { checkout_options, pre_populated_data, payment_note } = asked;
  return {
    ...{
      id,
      version: 1,
      order_id: orderId,
      url,
      long_url: `https://checkout.square.site/fake/order/${orderId}`,
    },
    ...{ checkout_options, pre_populated_data, payment_note, created_at: now() },
  };
}

function showTender(
  { id, status, amount, tip }: SquarePayment,
  { id: transaction_id, locationId }: SquareOrder,
): Json {
  return {
    ...{ id, payment_id: id, location_id: locationId, transaction_id, type: "CARD", created_at: now() },
    amount_money: { amount: amount.amount + tip, currency: amount.currency },
    ...{
      tip_money: { amount: tip, currency: amount.currency },
      card_details: { status: CARD_STATUS[status] },
    },
  };
}

function showPayment({ id, createdAt, orderId, status, amount, tip, refunds }: SquarePayment): Json {
  const money = (sum: number) => ({ amount: sum, currency: amount.currency });
  return {
    ...{
      id,
      status,
      source_type: "CARD",
      location_id: SQUARE_LOCATION_ID,
      created_at: createdAt,
      updated_at: createdAt,
    },
    ...(orderId === null ? {} : { order_id: orderId }),
    ...{ amount_money: amount, tip_money: money(tip), total_money: money(amount.amount + tip) },
    ...(refunds.length === 0
      ? {}
      : { refund_ids: refunds.map((refund) => refund.id), refunded_money: money(sum(refunds)) }),
  };
}

function showRefund({ id, createdAt, paymentId, amount, reason, status }: SquareRefund): Json {
  return {
    ...{ id, status, payment_id: paymentId, amount_money: amount, location_id: SQUARE_LOCATION_ID },
    // Of the return, and not the order that was paid.
    ...{ order_id: `RET${paymentId}`, reason, unlinked: false, created_at: createdAt, updated_at: createdAt },
  };
}

function found<T>(name: string, thing: T | undefined, show: (thing: T) => Json): Response {
  return thing === undefined
    ? refusal(404, "NOT_FOUND", "Resource not found.")
    : Response.json({ [name]: show(thing) });
}

function refusal(status: number, code: string, detail: string, field?: string): Response {
  const category = status === 401 ? "AUTHENTICATION_ERROR" : "INVALID_REQUEST_ERROR";
  return Response.json({ errors: [{ category, code, detail, ...(field ? { field } : {}) }] }, { status });
}

const now = () => new Date().toISOString();
const sum = (refunds: readonly SquareRefund[]) => refunds.reduce((all, { amount }) => all + amount.amount, 0);
const isJson = ({ headers }: Request) => headers.get("content-type")?.startsWith("application/json") === true;
const textOf = (value: unknown) => (typeof value === "string" ? value : null);
const recordOf = (value: unknown): Json =>
  typeof value === "object" && value !== null ? (value as Json) : {};

function parse(text: string): Json | undefined {
  try {
    return recordOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function moneyOf(value: unknown): SquareMoney | null {
  const { amount, currency } = recordOf(value);
  return Number.isSafeInteger(amount) && typeof currency === "string"
    ? { amount: Number(amount), currency }
    : null;
}
