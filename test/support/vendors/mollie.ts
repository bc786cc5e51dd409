/**
 * Mollie, as far as the Payments API goes: payments, captures, refunds and chargebacks with their books, classic and
 * next-gen webhooks. It shares nothing with src/. Idempotency keys are for POST, and forgotten after an hour.
 */
import { hmac, type SentWebhook, type Vendor } from "./vendor.ts";

export const MOLLIE_API_KEY = "test_fake0123456789abcdefghijklmnop";
export const MOLLIE_WEBHOOK_SECRET = "fakeMollieWebhookSecret0123456789";
export const MOLLIE_SECOND_WEBHOOK_SECRET = "fakeMollieSecondSecret0123456789";
export const MOLLIE_URL = "https://api.mollie.example/v2";

export type PaymentStatus = "open" | "pending" | "authorized" | "paid" | "canceled" | "expired" | "failed";
export type RefundStatus = "queued" | "pending" | "processing" | "refunded" | "failed" | "canceled";
export type CaptureStatus = "pending" | "succeeded" | "failed";

type Json = Readonly<Record<string, unknown>>;

interface Part {
  readonly id: string;
  /** Minor units. */
  readonly amount: number;
  readonly metadata: unknown;
  readonly description: string;
  readonly createdAt: number;
}
interface Refund extends Part {
  status: RefundStatus;
}
interface Capture extends Part {
  status: CaptureStatus;
}
interface Chargeback extends Part {
  reversedAt: number | null;
}

interface Payment {
  readonly id: string;
  readonly request: Json;
  readonly amount: number;
  readonly currency: string;
  readonly createdAt: number;
  status: PaymentStatus;
  isCancelable: boolean;
  details: Json | null;
  statusReason: Json | null;
  readonly refunds: Refund[];
  readonly captures: Capture[];
  readonly chargebacks: Chargeback[];
}

interface Event {
  readonly type: string;
  readonly entityId: string;
  readonly entity: Json;
  readonly payment: Payment;
}

const HOUR_MS = 60 * 60_000;
const EXPONENTS: Readonly<Record<string, number>> = Object.fromEntries(
  "AED2 AUD2 BRL2 CAD2 CHF2 CZK2 DKK2 EUR2 GBP2 HKD2 HUF2 ILS2 ISK0 JPY0 MXN2 MYR2 NOK2 NZD2 PHP2 PLN2 RON2 SEK2 SGD2 THB2 TWD2 USD2 ZAR2"
    .split(" ")
    .map((entry) => [entry.slice(0, 3), Number(entry[3])]),
);
const PAYMENT_FIELDS = [
  ...["amount", "description", "redirectUrl", "cancelUrl", "webhookUrl", "metadata", "locale", "method"],
  ...["captureMode", "sequenceType", "dueDate", "billingAddress"],
];
const LOCALE = /^[a-z]{2}_[A-Z]{2}$/;
/** Of these a classic webhook tells; not of open and pending. */
const TOLD = new Set(["authorized", "paid", "canceled", "expired", "failed", "processing", "refunded"]);

export class FakeMollie implements Vendor {
  readonly id = "mollie";
  readonly payments = new Map<string, Payment>();
  /** What each POST carried, by its path. */
  readonly posted: { readonly path: string; readonly body: Json }[] = [];
  /** Captures are taken at once, unless this says otherwise. */
  captureStatus: CaptureStatus = "succeeded";
  /** Another refund of the same sum within an hour is taken for a mistake. */
  refusesEqualRefunds = false;
  /** An authorization may be captured in parts, as Klarna's: it stays authorized while something is left. */
  capturesInParts = false;
  /** Mollie promises nothing of what it is asked to let go. */
  releasesHolds = true;
  /** Some methods let more go back than came, such as a parcel's postage. */
  paysMoreBack = false;
  now: () => number = Date.now;
  readonly #keys = new Map<
    string,
    { readonly at: number; readonly print: string; readonly answer: Response }
  >();
  #events: Event[] = [];
  #count = 0;

  readonly fetch = async (request: Request): Promise<Response> => {
    if (request.headers.get("authorization") !== `Bearer ${MOLLIE_API_KEY}`) {
      return failure(401, "Unauthorized Request", "Missing authentication, or failed to authenticate");
    }
    const { pathname } = new URL(request.url);
    const path = /\/v2(\/.*)$/.exec(pathname)?.[1] ?? "";
    const text = await request.clone().text();
    const key = request.method === "POST" ? request.headers.get("idempotency-key") : null;
    const known = key === null ? undefined : this.#keys.get(key);
    if (known && this.now() - known.at < HOUR_MS) {
      return known.print === path + text
        ? replayed(known.answer)
        : failure(400, "Bad Request", "The idempotency key was used for another request");
    }
    const answer = this.#route(request, path, text);
    if (key !== null && answer.ok) {
      this.#keys.set(key, { at: this.now(), print: path + text, answer: answer.clone() });
    }
    return answer;
  };

  variables(url: string) {
    return {
      MOLLIE_API_KEY,
      MOLLIE_WEBHOOK_SECRET: `${MOLLIE_WEBHOOK_SECRET},${MOLLIE_SECOND_WEBHOOK_SECRET}`,
      MOLLIE_API_URL: `${url.replace(/\/+$/, "")}/v2`,
    };
  }

  pay(transactionId: string): void {
    const payment = this.paymentOf(transactionId);
    if (payment.status !== "open") {
      throw new Error(`the page of ${transactionId} is ${payment.status}`);
    }
    this.settle(transactionId, payment.request.captureMode === "manual" ? "authorized" : "paid");
  }

  payLate(transactionId: string): void {
    this.settle(transactionId, "paid");
  }

  isOpen(transactionId: string): boolean {
    return this.paymentOf(transactionId).status === "open";
  }

  refunded(transactionId: string): number {
    return sumOf(this.paymentOf(transactionId).refunds.filter(isAlive));
  }

  settle(transactionId: string, status: PaymentStatus, changes: Partial<Payment> = {}): void {
    const payment = this.paymentOf(transactionId);
    Object.assign(payment, { status, isCancelable: false, ...changes });
    if (status !== "open") {
      this.#tell(`payment.${status}`, payment, payment.id, this.write(payment));
    }
  }

  /** Where the refunds of a payment stand now. */
  settleRefunds(transactionId: string, status: RefundStatus): void {
    const payment = this.paymentOf(transactionId);
    for (const refund of payment.refunds) {
      refund.status = status;
      this.#tell(`refund.${status}`, payment, refund.id, this.#writeRefund(payment, refund));
    }
  }

  settleCapture(transactionId: string, status: CaptureStatus): void {
    const payment = this.paymentOf(transactionId);
    const capture = payment.captures.at(-1);
    if (capture) {
      capture.status = status;
      const left = payment.amount - sumOf(payment.captures.filter((each) => each.status === "succeeded"));
      if (status === "succeeded" && (left === 0 || !this.capturesInParts)) {
        this.settle(transactionId, "paid");
      }
      this.#tell(`capture.${status}`, payment, capture.id, this.#writeCapture(payment, capture));
    }
  }

  chargeBack(transactionId: string): void {
    const payment = this.paymentOf(transactionId);
    const chargeback = { ...this.#part("chb", payment.amount, {}), reversedAt: null };
    payment.chargebacks.push(chargeback);
    this.#tell("chargeback.received", payment, chargeback.id, this.#writeChargeback(payment, chargeback));
  }

  reverseChargeback(transactionId: string): void {
    const payment = this.paymentOf(transactionId);
    for (const chargeback of payment.chargebacks) {
      chargeback.reversedAt = this.now();
      this.#tell("chargeback.reversed", payment, chargeback.id, this.#writeChargeback(payment, chargeback));
    }
  }

  /** Next-gen to what is entered in the dashboard, classic to the payment's own address; refunds come to their end. */
  async takeWebhooks(callbackUrl: string): Promise<SentWebhook[]> {
    for (const payment of this.payments.values()) {
      for (const refund of payment.refunds.filter(({ status }) => status === "pending")) {
        refund.status = "refunded";
        this.#tell("refund.refunded", payment, refund.id, this.#writeRefund(payment, refund));
      }
    }
    const events = this.#events;
    this.#events = [];
    const sent: SentWebhook[] = [];
    for (const event of events) {
      const body = this.#writeEvent(event);
      const headers = {
        "content-type": "application/json",
        "x-mollie-signature": await signMollie(body, [MOLLIE_WEBHOOK_SECRET]),
      };
      sent.push({ url: callbackUrl, headers, body }, ...classicOf(event));
    }
    return sent;
  }

  paymentOf(transactionId: string): Payment {
    const found = [...this.payments.values()].find(({ request: { metadata } }) =>
      Object.values(metadata ?? {}).includes(transactionId),
    );
    if (!found) {
      throw new Error(`there is no payment of ${transactionId}`);
    }
    return found;
  }

  /** A payment as the API tells it. */
  write(payment: Payment, embed: readonly string[] = []): Json {
    const { id, request, currency, createdAt, status, refunds, captures, chargebacks } = payment;
    const sum = (amount: number) => ({ currency, value: toValue(amount, currency) });
    const back = sumOf(refunds.filter(isAlive));
    const taken = sumOf(captures.filter((each) => each.status === "succeeded"));
    const charged = sumOf(chargebacks.filter((each) => each.reversedAt === null));
    const paid = status === "paid";
    const embedded = {
      captures: captures.map((each) => this.#writeCapture(payment, each)),
      refunds: refunds.map((each) => this.#writeRefund(payment, each)),
      chargebacks: chargebacks.map((each) => this.#writeChargeback(payment, each)),
    };
    return {
      ...{ resource: "payment", id, mode: "test", status, createdAt: iso(createdAt) },
      ...{ amount: sum(payment.amount), description: request.description, method: request.method ?? null },
      ...{ metadata: request.metadata ?? null, profileId: "pfl_fake123456", sequenceType: "oneoff" },
      ...{ redirectUrl: request.redirectUrl, cancelUrl: request.cancelUrl, webhookUrl: request.webhookUrl },
      ...(request.captureMode ? { captureMode: request.captureMode } : {}),
      ...(request.locale ? { locale: request.locale } : {}),
      ...(status === "open"
        ? { isCancelable: payment.isCancelable, expiresAt: iso(createdAt + 900_000) }
        : {}),
      ...(status === "authorized" ? { isCancelable: true } : {}),
      ...(paid ? { amountRefunded: sum(back), amountRemaining: sum(payment.amount - back) } : {}),
      ...(captures.length > 0 ? { amountCaptured: sum(taken) } : {}),
      ...(charged > 0 ? { amountChargedBack: sum(charged) } : {}),
      ...{ details: payment.details, statusReason: payment.statusReason },
      ...(embed.length > 0
        ? { _embedded: Object.fromEntries(Object.entries(embedded).filter(([name]) => embed.includes(name))) }
        : {}),
      _links: {
        self: halLink(`/payments/${id}`),
        dashboard: { href: `https://my.mollie.example/payments/${id}`, type: "text/html" },
        documentation: { href: "https://docs.mollie.com/reference/get-payment", type: "text/html" },
        ...(status === "open"
          ? { checkout: { href: `https://pay.mollie.example/checkout/${id}`, type: "text/html" } }
          : {}),
      },
    };
  }

  #route(request: Request, path: string, text: string): Response {
    const { method } = request;
    const [, resource, id = "", list, partId] =
      /^\/(payments)(?:\/([^/]+)(?:\/([^/]+)(?:\/([^/]+))?)?)?$/.exec(path) ?? [];
    if (!resource) {
      return failure(404, "Not Found", "No such resource");
    }
    const body = readJson(text);
    if (body === null) {
      return failure(400, "Bad Request", "Syntax error");
    }
    if (method === "POST") {
      this.posted.push({ path, body });
    }
    if (id === "") {
      return method === "POST" ? this.#create(body) : failure(405, "Method Not Allowed", "No such method");
    }
    const payment = this.payments.get(id);
    if (!payment) {
      return failure(404, "Not Found", `No payment exists with token ${id}.`);
    }
    if (list === "release-authorization" && method === "POST") {
      return this.#release(payment);
    }
    const part = list === undefined ? undefined : { list, partId };
    return part ? this.#routePart(method, payment, part, body) : this.#routePayment(request, payment);
  }

  #routePayment(request: Request, payment: Payment): Response {
    if (request.method === "GET") {
      const embed = new URL(request.url).searchParams.get("embed")?.split(",") ?? [];
      return embed.every((name) => ["captures", "refunds", "chargebacks"].includes(name))
        ? hal(200, this.write(payment, embed))
        : failure(400, "Bad Request", "The embed parameter holds an unknown value");
    }
    if (request.method !== "DELETE") {
      return failure(405, "Method Not Allowed", "No such method");
    }
    if (payment.status !== "authorized" && !(payment.status === "open" && payment.isCancelable)) {
      return failure(422, "Unprocessable Entity", "The payment cannot be cancelled");
    }
    this.settle(idOf(payment), "canceled");
    return hal(200, this.write(payment));
  }

  #routePart(
    method: string,
    payment: Payment,
    { list, partId }: { list: string; partId: string | undefined },
    body: Json,
  ): Response {
    if (list === "captures" && method === "POST") {
      return this.#capture(payment, body);
    }
    if (list === "refunds" && method === "POST") {
      return this.#refund(payment, body);
    }
    const { _embedded: all } = this.write(payment, ["captures", "refunds", "chargebacks"]);
    const items = (all as Record<string, Json[] | undefined>)[list];
    if (method !== "GET" || !items) {
      return failure(404, "Not Found", "No such resource");
    }
    if (partId === undefined) {
      return hal(200, {
        count: items.length,
        _embedded: { [list]: items },
        _links: { previous: null, next: null },
      });
    }
    const item = items.find((each) => each.id === partId);
    return item ? hal(200, item) : failure(404, "Not Found", `No ${list} exists with token ${partId}.`);
  }

  #create(body: Json): Response {
    const wrong = faultOf(body);
    if (wrong) {
      return failure(422, "Unprocessable Entity", wrong.detail, wrong.field);
    }
    const { currency, value } = body.amount as { currency: string; value: string };
    const payment: Payment = {
      ...{ id: this.#newId("tr"), request: body, amount: fromValue(value), currency, createdAt: this.now() },
      ...{ status: "open", isCancelable: true, details: null, statusReason: null },
      ...{ refunds: [], captures: [], chargebacks: [] },
    };
    this.payments.set(payment.id, payment);
    return hal(201, this.write(payment));
  }

  #capture(payment: Payment, body: Json): Response {
    const amount = readAmount(body.amount, payment.currency);
    const left = payment.amount - sumOf(payment.captures.filter((each) => each.status !== "failed"));
    if (payment.status !== "authorized") {
      return failure(422, "Unprocessable Entity", "The payment is not authorized");
    }
    if (amount === null || amount <= 0 || amount > left) {
      return failure(422, "Unprocessable Entity", "The amount is higher than the remaining amount", "amount");
    }
    const capture: Capture = { ...this.#part("cpt", amount, body), status: "pending" };
    payment.captures.push(capture);
    const answer = hal(201, this.#writeCapture(payment, capture));
    if (this.captureStatus !== "pending") {
      this.settleCapture(idOf(payment), this.captureStatus);
    }
    return answer;
  }

  #release(payment: Payment): Response {
    if (payment.status !== "authorized") {
      return failure(422, "Unprocessable Entity", "The payment is not in the authorized state");
    }
    if (this.releasesHolds) {
      const isTaken = payment.captures.some((each) => each.status === "succeeded");
      this.settle(idOf(payment), isTaken ? "paid" : "canceled");
    }
    return hal(202, {});
  }

  #refund(payment: Payment, body: Json): Response {
    const amount = readAmount(body.amount, payment.currency);
    const taken = payment.captures.filter((each) => each.status === "succeeded");
    const left = (taken.length > 0 ? sumOf(taken) : payment.amount) - sumOf(payment.refunds.filter(isAlive));
    if (payment.status !== "paid") {
      return failure(422, "Unprocessable Entity", "The payment is not paid");
    }
    if (amount === null || amount <= 0 || (amount > left && !this.paysMoreBack)) {
      return failure(422, "Unprocessable Entity", "The specified amount cannot be refunded", "amount");
    }
    const recent = payment.refunds.filter(({ createdAt }) => this.now() - createdAt < HOUR_MS);
    if (this.refusesEqualRefunds && recent.some((each) => each.amount === amount)) {
      return failure(409, "Conflict", "A duplicate refund has been detected");
    }
    const refund: Refund = { ...this.#part("re", amount, body), status: "pending" };
    payment.refunds.push(refund);
    return hal(201, this.#writeRefund(payment, refund));
  }

  #part(prefix: string, amount: number, { metadata = null, description = "" }: Json): Part {
    const id = this.#newId(prefix);
    return { id, amount, metadata, description: String(description), createdAt: this.now() };
  }

  #writePart(resource: string, payment: Payment, part: Part) {
    const { id, metadata, description, createdAt } = part;
    const amount = { currency: payment.currency, value: toValue(part.amount, payment.currency) };
    return {
      ...{ resource, id, mode: "test", amount, metadata, description, paymentId: payment.id },
      createdAt: iso(createdAt),
      _links: {
        self: halLink(`/payments/${payment.id}/${resource}s/${id}`),
        payment: halLink(`/payments/${payment.id}`),
        documentation: { href: "https://docs.mollie.com", type: "text/html" },
      },
    };
  }

  #writeRefund(payment: Payment, refund: Refund): Json {
    return { ...this.#writePart("refund", payment, refund), status: refund.status };
  }

  #writeCapture(payment: Payment, capture: Capture): Json {
    return { ...this.#writePart("capture", payment, capture), status: capture.status };
  }

  #writeChargeback(payment: Payment, { reversedAt, ...chargeback }: Chargeback): Json {
    const reversed = reversedAt === null ? null : iso(reversedAt);
    return { ...this.#writePart("chargeback", payment, { ...chargeback }), reversedAt: reversed };
  }

  #writeEvent({ type, entityId, entity }: Event): string {
    return JSON.stringify({
      ...{ resource: "event", id: this.#newId("event"), type, entityId, createdAt: iso(this.now()) },
      _embedded: { entity },
      _links: {
        self: halLink("/events/event_fake"),
        documentation: { href: "https://docs.mollie.com/guides/webhooks", type: "text/html" },
        entity: (entity._links as Json).self,
      },
    });
  }

  #tell(type: string, payment: Payment, entityId: string, entity: Json): void {
    this.#events.push({ type, entityId, entity, payment });
  }

  #newId(prefix: string): string {
    this.#count += 1;
    return `${prefix}_Fake${String(this.#count).padStart(8, "0")}`;
  }
}

/** One signature for each secret, as fetch joins several headers of one name. */
export async function signMollie(
  body: string | Uint8Array<ArrayBuffer>,
  secrets: readonly string[],
): Promise<string> {
  const macs = secrets.map(async (secret) => `sha256=${(await hmac("SHA-256", secret, body)).toHex()}`);
  return (await Promise.all(macs)).join(", ");
}

function classicOf({ type, payment }: Event): SentWebhook[] {
  const { webhookUrl } = payment.request;
  const [, status = ""] = type.split(".");
  const isTold = TOLD.has(status) || type.startsWith("chargeback.") || type.startsWith("capture.");
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return typeof webhookUrl === "string" && isTold
    ? [{ url: webhookUrl, headers, body: `id=${payment.id}` }]
    : [];
}

const idOf = ({ request: { metadata } }: Payment) => String(Object.values(metadata ?? {})[0]);
const isAlive = ({ status }: Refund) => status !== "failed" && status !== "canceled";
const sumOf = (parts: readonly Part[]) => parts.reduce((sum, { amount }) => sum + amount, 0);
const iso = (time: number) => `${new Date(time).toISOString().slice(0, 19)}+00:00`;
const halLink = (path: string) => ({ href: `${MOLLIE_URL}${path}`, type: "application/hal+json" });
const isUrl = (value: unknown) =>
  typeof value === "string" && /^https?:$/.test(URL.parse(value)?.protocol ?? "");

/** What Mollie finds wrong with a new payment. */
function faultOf(body: Json): { field: string; detail: string } | null {
  const stranger = Object.keys(body).find((name) => !PAYMENT_FIELDS.includes(name));
  const { amount, description, redirectUrl, cancelUrl, webhookUrl, metadata, locale, captureMode } = body;
  const { currency } = (amount ?? {}) as { currency?: string };
  const host = typeof webhookUrl === "string" ? URL.parse(webhookUrl)?.hostname : "";
  const isReachable =
    webhookUrl === undefined || (isUrl(webhookUrl) && !/^(localhost|127\.|\[)/.test(host ?? ""));
  const rules: [boolean, string, string][] = [
    [stranger === undefined, stranger ?? "", `Non-existent body parameter "${stranger}" for this API call.`],
    [EXPONENTS[currency ?? ""] !== undefined, "amount.currency", "The currency is not supported"],
    [(readAmount(amount, currency ?? "") ?? 0) > 0, "amount.value", "The amount contains an invalid value"],
    [typeof description === "string" && description !== "", "description", "The description is required"],
    [
      typeof description === "string" && description.length <= 510,
      "description",
      "The description is too long",
    ],
    [isUrl(redirectUrl), "redirectUrl", "The redirect location is invalid"],
    [cancelUrl === undefined || isUrl(cancelUrl), "cancelUrl", "The cancel location is invalid"],
    [isReachable, "webhookUrl", "The webhook URL is unreachable from Mollie's point of view"],
    [JSON.stringify(metadata ?? null).length <= 1024, "metadata", "The metadata is too large"],
    [locale === undefined || LOCALE.test(String(locale)), "locale", "The locale is invalid"],
    [
      ["automatic", "manual", undefined].includes(captureMode as string),
      "captureMode",
      "The mode is invalid",
    ],
  ];
  const [, field, detail] = rules.find(([holds]) => !holds) ?? [];
  return field === undefined || detail === undefined ? null : { field, detail };
}

/** Minor units; null for what has another number of decimals, or is of another currency. */
function readAmount(amount: unknown, currency: string): number | null {
  const { currency: said, value } = (amount ?? {}) as { currency?: unknown; value?: unknown };
  const exponent = EXPONENTS[currency] ?? 0;
  const form = exponent === 0 ? /^\d+$/ : new RegExp(`^\\d+\\.\\d{${exponent}}$`);
  return said === currency && typeof value === "string" && form.test(value) ? fromValue(value) : null;
}

const fromValue = (value: string) => Number(value.replace(".", ""));

function toValue(amount: number, currency: string): string {
  const exponent = EXPONENTS[currency] ?? 0;
  const digits = String(amount).padStart(exponent + 1, "0");
  return exponent === 0 ? digits : `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

function readJson(text: string): Json | null {
  try {
    return text === "" ? {} : (JSON.parse(text) as Json);
  } catch {
    return null;
  }
}

function hal(status: number, body: Json): Response {
  return Response.json(body, { status, headers: { "content-type": "application/hal+json" } });
}

function replayed(answer: Response): Response {
  const { status, headers, body } = answer.clone();
  return new Response(body, {
    status,
    headers: { ...Object.fromEntries(headers), "idempotent-replayed": "true" },
  });
}

function failure(status: number, title: string, detail: string, field?: string): Response {
  const documentation = { href: "https://docs.mollie.com/errors", type: "text/html" };
  return hal(status, { status, title, detail, ...(field ? { field } : {}), _links: { documentation } });
}
