/**
 * PayPal's side, with books of its own: orders, what was authorized and captured of them, refunds and events. Approval
 * moves no money. Keys are forgotten after 6 h (orders) and 45 days (payments); an order that nobody completes lapses.
 */
import { type Certificate, issueCertificate, makeKeys, type Terms } from "./certificates.ts";
import type { SentWebhook, Vendor } from "./vendor.ts";

export const PAYPAL_URL = "https://api-m.sandbox.paypal.com";
export const PAYPAL_CLIENT_ID = "client-id-fake-0123456789abcdef";
export const PAYPAL_CLIENT_SECRET = "client-secret-fake-0123456789abcdef";
export const PAYPAL_WEBHOOK_ID = "1WH0FAKE00000001";
export const PAYPAL_CERT_URL =
  "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-fake0001";
const ISSUER_FILE = "FakeServerCA-1.crt";

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
const LAPSE_MS = 3 * HOUR_MS;
const ORDER_KEYS_MS = 6 * HOUR_MS;
const PAYMENT_KEYS_MS = 45 * DAY_MS;
const CURRENCIES =
  "AUD BRL CAD CNY CZK DKK EUR HKD HUF ILS JPY MYR MXN TWD NZD NOK PHP PLN GBP SGD SEK CHF THB USD";

type Json = Record<string, unknown>;
type Bytes = Uint8Array<ArrayBuffer>;
interface Money {
  readonly currency_code: string;
  readonly value: string;
}

export interface Payment {
  readonly id: string;
  status: string;
  amount: Money;
  custom_id?: string;
  status_details?: { reason: string };
  /** What it was made from. */
  readonly up: string;
  readonly create_time: string;
}

export interface Order {
  readonly id: string;
  readonly transactionId: string;
  readonly intent: string;
  readonly description: unknown;
  amount: Money;
  status: string;
  /** Since it was made or approved. */
  since: number;
  readonly authorizations: Payment[];
  readonly captures: Payment[];
  readonly refunds: Payment[];
}

export interface Pki {
  /** DER in base64. */
  readonly root: string;
  readonly issuer: Certificate;
  readonly leaf: Certificate;
}

export interface Signing {
  readonly webhookId?: string;
  /** Epoch milliseconds. */
  readonly at?: number;
  readonly keys?: CryptoKeyPair;
  readonly certUrl?: string;
}

export class FakePayPal implements Vendor {
  readonly id = "paypal";
  readonly orders = new Map<string, Order>();
  readonly events: Json[] = [];
  /** How the next captures end. */
  captureEnds: { status: string; reason?: string } = { status: "COMPLETED" };
  /** How the next refunds end. */
  refundsEnd = "COMPLETED";
  /** Why the next completions are refused; nothing is taken by them. */
  refusal: string | null = null;
  now: () => number = () => Date.now();
  readonly #tokens = new Map<string, number>();
  readonly #keys = new Map<string, { at: number; fingerprint: string; again: () => Json | Response }>();
  #sent = 0;
  /** Its ids are unique, whichever instance gives them. */
  static #serial = 0;
  #pki: Promise<Pki> | null = null;

  /** Its certificates, made once. */
  get pki(): Promise<Pki> {
    this.#pki ??= makePki();
    return this.#pki;
  }

  variables(url: string) {
    return {
      PAYPAL_CLIENT_ID,
      PAYPAL_CLIENT_SECRET,
      PAYPAL_WEBHOOK_ID,
      PAYPAL_API_URL: url,
    };
  }

  order(transactionId: string): Order {
    const found = [...this.orders.values()].findLast((each) => each.transactionId === transactionId);
    if (!found) {
      throw new Error(`PayPal has no order of ${transactionId}`);
    }
    return found;
  }

  /** The buyer agrees; no money moves by that. */
  pay(transactionId: string): void {
    const order = this.order(transactionId);
    if (!this.isOpen(transactionId)) {
      throw new Error(`nobody can pay ${order.id}: it is ${order.status}`);
    }
    this.#move(order, "APPROVED");
    this.#tell("CHECKOUT.ORDER.APPROVED", "checkout-order", this.#show(order));
  }

  /** The buyer agrees, and the order is captured by whoever is first. */
  settle(transactionId: string): void {
    this.pay(transactionId);
    this.#capture(this.order(transactionId));
  }

  /** The buyer agrees, and the order is authorized by whoever is first. */
  hold(transactionId: string): void {
    this.pay(transactionId);
    this.#authorize(this.order(transactionId));
  }

  /** Taken by hand in the dashboard, when nobody counted on it any more. */
  payLate(transactionId: string): void {
    this.#capture(this.order(transactionId));
  }

  isOpen(transactionId: string): boolean {
    const order = this.order(transactionId);
    return ["CREATED", "PAYER_ACTION_REQUIRED", "APPROVED"].includes(order.status) && !this.#hasLapsed(order);
  }

  /** Somebody who has the client id makes an order of his own that carries the same id of ours. */
  imitate(transactionId: string): Order {
    const payments = { authorizations: [], captures: [], refunds: [] };
    const order = { ...this.order(transactionId), ...payments, id: `5O19012${this.#next()}` };
    this.orders.set(order.id, order);
    return order;
  }

  refunded(transactionId: string): number {
    const done = this.order(transactionId).refunds.filter(({ status }) => status === "COMPLETED");
    return done.reduce((sum, { amount }) => sum + toMinor(amount), 0);
  }

  /** A pending refund's end. */
  endRefund(refund: Payment, status: string): void {
    refund.status = status;
  }

  void(transactionId: string): void {
    const [hold] = this.order(transactionId).authorizations;
    if (hold) {
      hold.status = "VOIDED";
      this.#tell("PAYMENT.AUTHORIZATION.VOIDED", "authorization", this.#showPayment(hold));
    }
  }

  /** A case about the capture of a transaction. */
  tellDispute(transactionId: string, kind: string, state: Json): Json {
    const [capture] = this.order(transactionId).captures;
    const disputed_transactions = [{ seller_transaction_id: capture?.id, custom: transactionId }];
    return this.#tell(`CUSTOMER.DISPUTE.${kind}`, "dispute", {
      dispute_id: "PP-D-27803",
      disputed_transactions,
      ...state,
    });
  }

  /** The id of the event that says that it is paid. */
  paidEventId(transactionId: string): string {
    const [capture] = this.order(transactionId).captures;
    const told = this.events.find(
      ({ event_type, resource }) =>
        event_type === "PAYMENT.CAPTURE.COMPLETED" && (resource as Json).id === capture?.id,
    );
    return String(told?.id);
  }

  /** All tokens end at once, as when the secret is changed. */
  revokeTokens(): void {
    this.#tokens.clear();
  }

  async takeWebhooks(callbackUrl: string): Promise<SentWebhook[]> {
    const news = this.events.slice(this.#sent);
    this.#sent = this.events.length;
    return Promise.all(
      news.map(async (event) => {
        const body = JSON.stringify(event);
        const headers = await this.sign(new Uint8Array(new TextEncoder().encode(body)));
        return { url: callbackUrl, headers: Object.fromEntries(headers), body };
      }),
    );
  }

  async sign(body: Bytes, signing: Signing = {}): Promise<Headers> {
    const { leaf } = await this.pki;
    const {
      webhookId = PAYPAL_WEBHOOK_ID,
      at = this.now(),
      keys = leaf.keys,
      certUrl = PAYPAL_CERT_URL,
    } = signing;
    const id = crypto.randomUUID();
    const time = `${new Date(at).toISOString().slice(0, 19)}Z`;
    const signed = new TextEncoder().encode(`${id}|${time}|${webhookId}|${checksum(body)}`);
    const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", keys.privateKey, signed);
    return new Headers({
      "content-type": "application/json",
      "paypal-transmission-id": id,
      "paypal-transmission-time": time,
      "paypal-transmission-sig": new Uint8Array(signature).toBase64(),
      "paypal-cert-url": certUrl,
      "paypal-auth-algo": "SHA256withRSA",
    });
  }

  readonly fetch = async (request: Request): Promise<Response> => {
    const { hostname, pathname } = new URL(request.url);
    if (hostname === "cacerts.digicert.com") {
      const { issuer } = await this.pki;
      return pathname === `/${ISSUER_FILE}` ? new Response(issuer.der) : new Response(null, { status: 404 });
    }
    if (request.url === PAYPAL_CERT_URL) {
      return new Response((await this.pki).leaf.pem);
    }
    if (pathname === "/v1/oauth2/token") {
      return this.#authenticate(request, await request.text());
    }
    const bearer = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
    if ((this.#tokens.get(bearer) ?? 0) <= this.now()) {
      return problem(401, "AUTHENTICATION_FAILURE");
    }
    return this.#route(request, `${request.method} ${pathname}`);
  };

  #authenticate(request: Request, form: string): Response {
    const basic = `Basic ${btoa(`${PAYPAL_CLIENT_ID}:${PAYPAL_CLIENT_SECRET}`)}`;
    if (request.headers.get("authorization") !== basic) {
      return Response.json({ error: "invalid_client", error_description: "no such client" }, { status: 401 });
    }
    if (new URLSearchParams(form).get("grant_type") !== "client_credentials") {
      return Response.json({ error: "unsupported_grant_type", error_description: "no" }, { status: 400 });
    }
    const access_token = `A21AAFake${this.#next()}`;
    const expires_in = 32_400;
    this.#tokens.set(access_token, this.now() + expires_in * 1000);
    return Response.json({
      scope: "https://uri.paypal.com/services/payments",
      access_token,
      token_type: "Bearer",
      expires_in,
    });
  }

  async #route(request: Request, place: string): Promise<Response> {
    const [, path = "", id = "", verb = ""] =
      /^\w+ (\/v\d\/(?:checkout\/orders|payments\/\w+|notifications\/webhooks-events))(?:\/([^/]+))?(?:\/(\w+))?$/.exec(
        place,
      ) ?? [];
    const what = `${request.method} ${path}${id && "/id"}${verb && `/${verb}`}`;
    if (request.method === "POST" && request.headers.get("content-type") !== "application/json") {
      return problem(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    const body = request.method === "POST" ? ((await request.json()) as Json) : {};
    switch (what) {
      case "GET /v1/notifications/webhooks-events":
        return this.#listEvents(new URL(request.url));
      case "POST /v2/checkout/orders":
        return this.#once(request, body, ORDER_KEYS_MS, () => this.#create(body));
      case "GET /v2/checkout/orders/id": {
        const order = this.orders.get(id);
        return order && !this.#hasLapsed(order) ? Response.json(this.#show(order)) : notFound();
      }
      case "POST /v2/checkout/orders/id/capture":
      case "POST /v2/checkout/orders/id/authorize":
        return this.#once(request, body, ORDER_KEYS_MS, () => this.#complete(id, verb));
      case "POST /v2/payments/authorizations/id/capture":
        return this.#once(request, body, PAYMENT_KEYS_MS, () => this.#captureHold(id, body));
      case "POST /v2/payments/captures/id/refund":
        return this.#once(request, body, PAYMENT_KEYS_MS, () => this.#refund(id, body));
      case "GET /v2/payments/captures/id":
      case "GET /v2/payments/authorizations/id":
      case "GET /v2/payments/refunds/id": {
        const found = this.#find(path.split("/").at(-1) ?? "", id);
        const order = path.endsWith("/refunds") ? undefined : found?.order;
        return found ? Response.json(this.#showPayment(found.payment, order)) : notFound();
      }
      default:
        return notFound();
    }
  }

  /** The same key tells how what it made stands now, or that it was refused; with another request it is refused. */
  #once(request: Request, body: Json, forMs: number, effect: () => (() => Json) | Response): Response {
    const key = request.headers.get("paypal-request-id");
    const whole = request.headers.get("prefer") === "return=representation";
    const brief = ({ id, status, links }: Json) => ({ id, status, links });
    const answer = (shown: Json | Response, status: number) =>
      shown instanceof Response ? shown : Response.json(whole ? shown : brief(shown), { status });
    const fingerprint = `${new URL(request.url).pathname} ${JSON.stringify(body)}`;
    const known = key === null ? undefined : this.#keys.get(key);
    if (known && known.at > this.now() - forMs) {
      return known.fingerprint === fingerprint
        ? answer(known.again(), 200)
        : refusal("PAYPAL_REQUEST_ID_PREVIOUSLY_USED");
    }
    if (key !== null && (key.length < 1 || key.length > 108)) {
      return problem(400, "INVALID_REQUEST", "INVALID_STRING_LENGTH");
    }
    const effected = effect();
    const again = effected instanceof Response ? () => effected.clone() : effected;
    if (key !== null) {
      this.#keys.set(key, { at: this.now(), fingerprint, again });
    }
    return answer(again(), 201);
  }

  #create(body: Json): (() => Json) | Response {
    const {
      intent,
      purchase_units: units,
      payment_source: source,
    } = body as {
      intent?: unknown;
      purchase_units?: { amount?: Money; custom_id?: string; invoice_id?: string; description?: string }[];
      payment_source?: { paypal?: { experience_context?: Record<string, string> } };
    };
    const [unit, more] = units ?? [];
    const context = source?.paypal?.experience_context ?? {};
    if ((intent !== "CAPTURE" && intent !== "AUTHORIZE") || !unit?.amount || more) {
      return problem(400, "INVALID_REQUEST", "MISSING_REQUIRED_PARAMETER");
    }
    if ((unit.custom_id ?? "").length > 127 || new TextEncoder().encode(unit.description).length > 127) {
      return problem(400, "INVALID_REQUEST", "INVALID_STRING_LENGTH");
    }
    const wrong = complain(unit.amount);
    if (wrong) {
      return refusal(wrong);
    }
    if (!URL.canParse(context.return_url ?? "") || !URL.canParse(context.cancel_url ?? "")) {
      return refusal("RETURN_URL_REQUIRED");
    }
    const order: Order = {
      id: `5O19012${this.#next()}`,
      transactionId: unit.custom_id ?? "",
      intent,
      description: unit.description,
      amount: unit.amount,
      status: "PAYER_ACTION_REQUIRED",
      since: this.now(),
      authorizations: [],
      captures: [],
      refunds: [],
    };
    this.#move(order, order.status);
    this.orders.set(order.id, order);
    return () => this.#show(order);
  }

  #complete(id: string, verb: string): (() => Json) | Response {
    const order = this.orders.get(id);
    if (!order || this.#hasLapsed(order)) {
      return notFound();
    }
    if (order.status === "COMPLETED") {
      return refusal(verb === "capture" ? "ORDER_ALREADY_CAPTURED" : "ORDER_ALREADY_AUTHORIZED");
    }
    if (order.intent.toLowerCase() !== (verb === "capture" ? "capture" : "authorize")) {
      return refusal("ACTION_DOES_NOT_MATCH_INTENT");
    }
    if (order.status !== "APPROVED") {
      return refusal("ORDER_NOT_APPROVED");
    }
    if (this.refusal !== null) {
      return refusal(this.refusal);
    }
    if (verb === "capture") {
      this.#capture(order);
    } else {
      this.#authorize(order);
    }
    return () => this.#show(order);
  }

  #captureHold(id: string, body: Json): (() => Json) | Response {
    const found = this.#find("authorizations", id);
    const amount = body.amount as Money;
    if (!found) {
      return notFound();
    }
    const { payment: hold, order } = found;
    if (hold.status !== "CREATED") {
      return refusal(`AUTHORIZATION_${hold.status === "CAPTURED" ? "ALREADY_CAPTURED" : hold.status}`);
    }
    if (this.refusal !== null) {
      return refusal(this.refusal);
    }
    const wrong = complain(amount);
    if (wrong || toMinor(amount) > toMinor(hold.amount) * 1.15) {
      return refusal(wrong ?? "MAX_CAPTURE_AMOUNT_EXCEEDED");
    }
    hold.status = body.final_capture === true ? "CAPTURED" : "PARTIALLY_CAPTURED";
    const capture = this.#capture(order, amount, `/v2/payments/authorizations/${hold.id}`);
    return () => this.#showPayment(capture, order);
  }

  #refund(id: string, body: Json): (() => Json) | Response {
    const found = this.#find("captures", id);
    if (!found) {
      return notFound();
    }
    const { payment: capture, order } = found;
    const amount = (body.amount as Money | undefined) ?? capture.amount;
    const back = order.refunds
      .filter(({ status }) => status === "COMPLETED" || status === "PENDING")
      .reduce((sum, each) => sum + toMinor(each.amount), 0);
    const wrong = complain(amount);
    if (capture.status === "PENDING" || wrong) {
      return refusal(wrong ?? "PENDING_CAPTURE");
    }
    if (capture.status === "REFUNDED" || back + toMinor(amount) > toMinor(capture.amount)) {
      return refusal(capture.status === "REFUNDED" ? "CAPTURE_FULLY_REFUNDED" : "REFUND_AMOUNT_EXCEEDED");
    }
    const refund = this.#makePayment(this.refundsEnd, amount, `/v2/payments/captures/${id}`);
    refund.custom_id = String(body.custom_id ?? "");
    order.refunds.push(refund);
    if (refund.status === "COMPLETED") {
      capture.status = back + toMinor(amount) === toMinor(capture.amount) ? "REFUNDED" : "PARTIALLY_REFUNDED";
      this.#tell("PAYMENT.CAPTURE.REFUNDED", "refund", this.#showPayment(refund));
    }
    return () => this.#showPayment(refund);
  }

  #listEvents({ origin, pathname, searchParams }: URL): Response {
    const [since, until] = ["start_time", "end_time"].map((name) => Date.parse(searchParams.get(name) ?? ""));
    if (!since || !until) {
      return Response.json({ name: "VALIDATION_ERROR" }, { status: 400 });
    }
    const size = Number(searchParams.get("page_size") ?? 10);
    const from = Number(searchParams.get("index_id") ?? 0);
    const all = this.events
      .filter(({ create_time }) => {
        const at = Date.parse(String(create_time));
        return at >= since && at <= until;
      })
      .toReversed();
    const more = new URLSearchParams(searchParams);
    more.set("move_to", "next");
    more.set("index_id", String(from + size));
    const next = { href: `${origin}${pathname}?${more}`, rel: "next", method: "GET" };
    const events = all.slice(from, from + size);
    return Response.json({ events, count: events.length, links: from + size < all.length ? [next] : [] });
  }

  #capture(order: Order, amount = order.amount, up = `/v2/checkout/orders/${order.id}`): Payment {
    const { status, reason } = this.captureEnds;
    const capture = this.#makePayment(status, amount, up);
    capture.custom_id = order.transactionId;
    if (reason !== undefined) {
      capture.status_details = { reason };
    }
    order.captures.push(capture);
    this.#move(order, "COMPLETED");
    this.#tell(`PAYMENT.CAPTURE.${status}`, "capture", this.#showPayment(capture, order));
    return capture;
  }

  #authorize(order: Order): void {
    const hold = this.#makePayment("CREATED", order.amount, `/v2/checkout/orders/${order.id}`);
    hold.custom_id = order.transactionId;
    order.authorizations.push(hold);
    this.#move(order, "COMPLETED");
    this.#tell("PAYMENT.AUTHORIZATION.CREATED", "authorization", this.#showPayment(hold, order));
  }

  #makePayment(status: string, amount: Money, up: string): Payment {
    return { id: `3C67936${this.#next()}`, status, amount, up, create_time: this.#time() };
  }

  #find(kind: string, id: string): { payment: Payment; order: Order } | null {
    for (const order of this.orders.values()) {
      const list = { authorizations: order.authorizations, captures: order.captures, refunds: order.refunds }[
        kind
      ];
      const payment = list?.find((each) => each.id === id);
      if (payment) {
        return { payment, order };
      }
    }
    return null;
  }

  #move(order: Order, status: string): void {
    order.status = status;
    order.since = this.now();
  }

  #hasLapsed({ status, since }: Order): boolean {
    return status !== "COMPLETED" && status !== "VOIDED" && this.now() - since > LAPSE_MS;
  }

  #show(order: Order): Json {
    const { id, intent, status, amount, since, description, transactionId, ...rest } = order;
    const self = `${PAYPAL_URL}/v2/checkout/orders/${id}`;
    const made = Object.entries({
      authorizations: rest.authorizations,
      captures: rest.captures,
      refunds: rest.refunds,
    }).filter(([, list]) => list.length > 0);
    const payments = Object.fromEntries(
      made.map(([kind, list]) => [kind, list.map((each) => this.#showPayment(each))]),
    );
    const page = {
      href: `https://www.sandbox.paypal.com/checkoutnow?token=${id}`,
      rel: "payer-action",
      method: "GET",
    };
    return {
      id,
      intent,
      status,
      // None is told while nothing is taken.
      ...(status === "COMPLETED" ? { update_time: new Date(since).toISOString() } : {}),
      payment_source: { paypal: {} },
      purchase_units: [
        {
          reference_id: "default",
          amount,
          custom_id: transactionId,
          ...(description === undefined ? {} : { description }),
          ...(made.length === 0 ? {} : { payments }),
        },
      ],
      links: [
        { href: self, rel: "self", method: "GET" },
        ...(status === "PAYER_ACTION_REQUIRED" || status === "CREATED" ? [page] : []),
        ...(status === "APPROVED" ? [{ href: `${self}/capture`, rel: "capture", method: "POST" }] : []),
      ],
    };
  }

  /** @param order named by captures and authorizations, not by refunds */
  #showPayment({ up, ...shown }: Payment, order?: Order): Json {
    const related = order ? { supplementary_data: { related_ids: { order_id: order.id } } } : {};
    return { ...shown, ...related, links: [{ href: `${PAYPAL_URL}${up}`, rel: "up", method: "GET" }] };
  }

  #tell(event_type: string, resource_type: string, resource: Json): Json {
    const id = `WH-58D3295${this.#next()}-8HN650336L201105X`;
    const versions = { event_version: "1.0", resource_version: "2.0" };
    const event = {
      id,
      create_time: this.#time(),
      ...versions,
      event_type,
      resource_type,
      summary: "News",
      resource,
      links: [],
    };
    this.events.push(event);
    return event;
  }

  #time(): string {
    return new Date(this.now()).toISOString();
  }

  #next(): string {
    FakePayPal.#serial += 1;
    return FakePayPal.#serial.toString(36).toUpperCase().padStart(8, "0");
  }
}

async function makePki(): Promise<Pki> {
  const from = Math.floor(Date.now() / 1000) * 1000 - 365 * DAY_MS;
  const terms = (subject: string, more: Partial<Terms> = {}): Terms => ({
    subject,
    from,
    until: from + 2 * 365 * DAY_MS,
    ...more,
  });
  const [rootKeys, issuerKeys, keys] = await Promise.all([makeKeys(), makeKeys(), makeKeys()]);
  const root = await issueCertificate(terms("Fake Root", { isAuthority: true }), rootKeys, null);
  const issuer = await issueCertificate(terms("Fake Server CA", { isAuthority: true }), issuerKeys, root);
  const subject = "messageverificationcerts.sandbox.paypal.com";
  const issuerUrl = `http://cacerts.digicert.com/${ISSUER_FILE}`;
  const leaf = await issueCertificate(terms(subject, { names: [subject], issuerUrl }), keys, issuer);
  return { root: root.der.toBase64(), issuer, leaf };
}

/** What is wrong with a sum. */
function complain({ currency_code, value }: Money): string | null {
  if (!CURRENCIES.split(" ").includes(currency_code)) {
    return "INVALID_CURRENCY_CODE";
  }
  const isWhole = ["HUF", "JPY", "TWD"].includes(currency_code);
  if (!(isWhole ? /^\d+$/ : /^\d+(\.\d\d)?$/).test(value)) {
    return "DECIMAL_PRECISION";
  }
  return Number(value) > 0 ? null : "CANNOT_BE_ZERO_OR_NEGATIVE";
}

/** Minor units by ISO 4217. */
function toMinor({ currency_code, value }: Money): number {
  return Math.round(Number(value) * (currency_code === "JPY" ? 1 : 100));
}

const MESSAGES = {
  INVALID_REQUEST: "Request is not well-formed, syntactically incorrect, or violates schema.",
  AUTHENTICATION_FAILURE:
    "Authentication failed due to missing authorization header, or invalid authentication credentials.",
  RESOURCE_NOT_FOUND: "The specified resource does not exist.",
  UNSUPPORTED_MEDIA_TYPE: "The server does not support the request payload's media type.",
  UNPROCESSABLE_ENTITY:
    "The requested action could not be performed, semantically incorrect, or failed business validation.",
} as const;

function problem(status: number, name: keyof typeof MESSAGES, issue?: string): Response {
  const details = issue === undefined ? [] : [{ issue, description: "No." }];
  return Response.json(
    { name, message: MESSAGES[name], debug_id: "b1d1f06c7246c", details, links: [] },
    { status },
  );
}

const refusal = (issue: string) => problem(422, "UNPROCESSABLE_ENTITY", issue);

const notFound = () => problem(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID");

const TABLE = Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) {
    value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  }
  return value >>> 0;
});

/** CRC-32 as zip files have it, in decimal digits. */
export function checksum(body: Uint8Array): string {
  let value = 0xffffffff;
  for (const byte of body) {
    value = (TABLE[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  }
  return String((value ^ 0xffffffff) >>> 0);
}
