/**
 * Adyen, as far as payment links go: Checkout v71 with its books, and standard webhooks signed item by item. It shares
 * nothing with src/. A key's first answer is given again whatever the later request says, for 7 days.
 */
import { hmac, type SentWebhook, type Vendor } from "./vendor.ts";

export const ADYEN_API_KEY = "AQEfake_test_api_key_0123456789abcdef";
export const ADYEN_MERCHANT_ACCOUNT = "FakeMerchantECOM";
export const ADYEN_HMAC_KEY = "FA4E".repeat(16);
export const ADYEN_SECOND_HMAC_KEY = "5EC0".repeat(16);

export type LinkStatus = "active" | "paymentPending" | "completed" | "paid" | "expired";

interface Amount {
  readonly value: number;
  readonly currency: string;
}

interface Link {
  readonly id: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly reference: string;
  readonly amount: Amount;
  readonly expiresAt: number;
  status: LinkStatus;
}

interface Payment {
  readonly pspReference: string;
  readonly link: Link;
  refunded: number;
}

/** The eight fields that are signed are strings but for the value. */
export interface AdyenItem {
  readonly pspReference: string;
  readonly originalReference?: string;
  readonly merchantAccountCode: string;
  readonly merchantReference: string;
  readonly amount: Amount;
  readonly eventCode: string;
  readonly success: string;
  readonly eventDate: string;
  readonly reason: string;
  readonly paymentMethod: string;
  readonly additionalData: Readonly<Record<string, string>>;
}

const DAY_MS = 24 * 60 * 60_000;
const KEY_LIFE_MS = 7 * DAY_MS;
const LINK_FIELDS = new Set([
  ...["amount", "captureDelayHours", "countryCode", "description", "expiresAt", "manualCapture"],
  ...["merchantAccount", "metadata", "reference", "returnUrl", "reusable", "shopperEmail", "shopperLocale"],
]);
const REFUND_FIELDS = new Set(["amount", "merchantAccount", "merchantRefundReason", "reference"]);
/** Of our minor units, how many digits Adyen has more. */
const MORE_DIGITS: Readonly<Record<string, number>> = { CLP: 2, ISK: 2, CVE: -2, IDR: -2 };

export class FakeAdyen implements Vendor {
  readonly id = "adyen";
  /** By their ids. */
  readonly links = new Map<string, Link>();
  /** By pspReference. */
  readonly payments = new Map<string, Payment>();
  /** The bodies of all requests for refunds that were taken. */
  readonly refundRequests: Record<string, unknown>[] = [];
  readonly #answers = new Map<string, { readonly at: number; readonly answer: Promise<Response> }>();
  #news: AdyenItem[] = [];
  #count = 0;

  readonly fetch = async (request: Request): Promise<Response> => {
    if (request.headers.get("x-api-key") !== ADYEN_API_KEY) {
      return refusal(401, "000", "HTTP Status Response - Unauthorized", "security");
    }
    const key = request.headers.get("idempotency-key");
    if (request.method !== "POST" || key === null) {
      return this.#route(request);
    }
    if (key.length > 64) {
      return refusal(422, "705", "Idempotency key is too long");
    }
    const known = this.#answers.get(key);
    if (known && Date.now() - known.at < KEY_LIFE_MS) {
      return (await known.answer).clone();
    }
    const answer = this.#route(request);
    this.#answers.set(key, { at: Date.now(), answer });
    const response = (await answer).clone();
    if (!response.ok) {
      this.#answers.delete(key);
    }
    response.headers.set("idempotency-key", key);
    return response;
  };

  variables(url: string) {
    return {
      ADYEN_API_KEY,
      ADYEN_MERCHANT_ACCOUNT,
      ADYEN_HMAC_KEY: `${ADYEN_HMAC_KEY},${ADYEN_SECOND_HMAC_KEY}`,
      ADYEN_API_URL: `${url.replace(/\/+$/, "")}/v71`,
    };
  }

  pay(transactionId: string): void {
    const link = this.linkOf(transactionId);
    if (this.#statusOf(link) !== "active") {
      throw new Error(`the page of ${transactionId} is ${this.#statusOf(link)}`);
    }
    this.payLate(transactionId);
  }

  payLate(transactionId: string): void {
    const link = this.linkOf(transactionId);
    const payment = { pspReference: this.#newPspReference(), link, refunded: 0 };
    this.payments.set(payment.pspReference, payment);
    link.status = "completed";
    this.tell(this.itemOf(payment));
  }

  /** An attempt is refused; the page stays open. */
  decline(transactionId: string): void {
    const payment = {
      pspReference: this.#newPspReference(),
      link: this.linkOf(transactionId),
      refunded: 0,
    };
    this.tell({ ...this.itemOf(payment), success: "false", reason: "Refused" });
  }

  settle(transactionId: string, status: LinkStatus): void {
    this.linkOf(transactionId).status = status;
  }

  isOpen(transactionId: string): boolean {
    return this.#statusOf(this.linkOf(transactionId)) === "active";
  }

  refunded(transactionId: string): number {
    const { currency } = this.linkOf(transactionId).amount;
    return (this.paymentOf(transactionId)?.refunded ?? 0) / 10 ** (MORE_DIGITS[currency] ?? 0);
  }

  /** Somebody gives money back in the Customer Area, in Adyen's minor units; by default under the payment's reference. */
  refundByHand(transactionId: string, value: number, reference = transactionId): void {
    const payment = this.paymentOf(transactionId);
    if (payment) {
      this.#refund(payment, { value, currency: payment.link.amount.currency }, reference);
    }
  }

  tell(item: AdyenItem): void {
    this.#news.push(item);
  }

  async takeWebhooks(callbackUrl: string): Promise<SentWebhook[]> {
    const news = this.#news;
    this.#news = [];
    const headers = { "content-type": "application/json; charset=utf-8" };
    const bodies = news.map(async (item) => toWebhook([await signItem(item)]));
    return (await Promise.all(bodies)).map((body) => ({ url: callbackUrl, headers, body }));
  }

  linkOf(transactionId: string): Link {
    const link = [...this.links.values()].find(({ reference }) => reference === transactionId);
    if (!link) {
      throw new Error(`there is no link of ${transactionId}`);
    }
    return link;
  }

  paymentOf(transactionId: string): Payment | undefined {
    return [...this.payments.values()].find(({ link }) => link.reference === transactionId);
  }

  /** What AUTHORISATION says of a payment. */
  itemOf({ pspReference, link }: Payment): AdyenItem {
    return {
      additionalData: { paymentLinkId: link.id, expiryDate: "03/2030", authCode: "012345" },
      amount: link.amount,
      eventCode: "AUTHORISATION",
      eventDate: "2026-11-22T12:00:00+01:00",
      merchantAccountCode: ADYEN_MERCHANT_ACCOUNT,
      merchantReference: link.reference,
      paymentMethod: "visa",
      pspReference,
      reason: "012345:1111:03/2030",
      success: "true",
    };
  }

  async #route(request: Request): Promise<Response> {
    const { method } = request;
    const path = /\/v71(\/.*)$/.exec(new URL(request.url).pathname)?.[1] ?? "";
    const [, linkId] = /^\/paymentLinks\/([^/]+)$/.exec(path) ?? [];
    const [, pspReference] = /^\/payments\/([^/]+)\/refunds$/.exec(path) ?? [];
    const body = method === "GET" ? {} : await readJson(request);
    if (body === null) {
      return refusal(400, "702", 'Unexpected input: ", expected: }');
    }
    if (method === "POST" && path === "/paymentLinks") {
      return this.#create(body);
    }
    if (method === "POST" && pspReference !== undefined) {
      return this.#takeRefund(pspReference, body);
    }
    const link = linkId === undefined ? undefined : this.links.get(linkId);
    if (!link || (method !== "GET" && method !== "PATCH")) {
      return refusal(404, "904", "Not Found");
    }
    return method === "GET" ? Response.json(this.#show(link)) : this.#update(link, body);
  }

  #create(body: Record<string, unknown>): Response {
    const refused = checkForm(body, LINK_FIELDS) ?? checkLink(body);
    if (refused) {
      return refused;
    }
    const id = `PL${this.#next().toString(16).toUpperCase().padStart(16, "0")}`;
    const expiresAt = Date.parse(String(body.expiresAt ?? new Date(Date.now() + DAY_MS).toISOString()));
    const link: Link = {
      ...{ id, request: body, reference: String(body.reference), amount: toAmount(body.amount) },
      ...{ expiresAt, status: "active" },
    };
    this.links.set(id, link);
    return Response.json(this.#show(link), { status: 201 });
  }

  #update(link: Link, body: Record<string, unknown>): Response {
    if (body.status !== "expired" || Object.keys(body).length !== 1) {
      return refusal(422, "200", "Field 'status' is not valid.");
    }
    const status = this.#statusOf(link);
    if (status !== "active" && status !== "expired") {
      return refusal(422, "14_019", `A link that is ${status} cannot be expired.`);
    }
    link.status = "expired";
    return Response.json(this.#show(link));
  }

  #takeRefund(pspReference: string, body: Record<string, unknown>): Response {
    const refused = checkForm(body, REFUND_FIELDS);
    if (refused) {
      return refused;
    }
    const payment = this.payments.get(pspReference);
    const amount = toAmount(body.amount);
    if (!payment) {
      return refusal(422, "167", "Original pspReference required for this operation");
    }
    if (payment.link.amount.currency !== amount.currency) {
      return refusal(422, "139", "Currency does not match the original currency");
    }
    this.refundRequests.push(body);
    const reference = typeof body.reference === "string" ? body.reference : payment.link.reference;
    const answer = {
      ...{ merchantAccount: ADYEN_MERCHANT_ACCOUNT, paymentPspReference: pspReference, reference, amount },
      ...{ pspReference: this.#refund(payment, amount, reference), status: "received" },
    };
    return Response.json(answer, { status: 201 });
  }

  /** Whether there is so much left shows later, by webhook. @returns the refund's own pspReference */
  #refund(payment: Payment, amount: Amount, merchantReference: string): string {
    const fits = payment.refunded + amount.value <= payment.link.amount.value;
    payment.refunded += fits ? amount.value : 0;
    const pspReference = this.#newPspReference();
    this.tell({
      ...this.itemOf(payment),
      ...{ amount, eventCode: "REFUND", merchantReference, originalReference: payment.pspReference },
      ...{ pspReference, success: String(fits), reason: fits ? "" : "Insufficient balance on payment" },
    });
    return pspReference;
  }

  #show(link: Link) {
    const { id, request, expiresAt } = link;
    return {
      ...request,
      expiresAt: new Date(expiresAt).toISOString().replace(/\.\d+/, ""),
      id,
      status: this.#statusOf(link),
      url: `https://test.adyen.link/${id}`,
    };
  }

  #statusOf({ status, expiresAt }: Link): LinkStatus {
    return status === "active" && Date.now() >= expiresAt ? "expired" : status;
  }

  #newPspReference(): string {
    return `QF${this.#next().toString(36).toUpperCase().padStart(14, "0")}`;
  }

  #next(): number {
    this.#count += 1;
    return this.#count;
  }
}

/** Puts the signature in; what is signed is joined without escaping. */
export async function signItem<T extends Partial<AdyenItem>>(item: T, key = ADYEN_HMAC_KEY): Promise<T> {
  const { pspReference, originalReference, merchantAccountCode, merchantReference, amount } = item;
  const fields: unknown[] = [pspReference, originalReference, merchantAccountCode, merchantReference];
  fields.push(amount?.value, amount?.currency, item.eventCode, item.success);
  const mac = await hmac("SHA-256", Uint8Array.fromHex(key), fields.map((field) => field ?? "").join(":"));
  return { ...item, additionalData: { ...item.additionalData, hmacSignature: mac.toBase64() } };
}

export function toWebhook(items: readonly unknown[], live = "false"): string {
  return JSON.stringify({
    live,
    notificationItems: items.map((item) => ({ NotificationRequestItem: item })),
  });
}

/** The service's error, as each of its calls gives it. */
export function refusal(status: number, errorCode: string, message: string, errorType = "validation") {
  return Response.json({ status, errorCode, message, errorType }, { status });
}

async function readJson(request: Request): Promise<Record<string, unknown> | null> {
  const body: unknown = await request.json().catch(() => null);
  return typeof body === "object" && body !== null && !Array.isArray(body) ? { ...body } : null;
}

function checkForm(body: Record<string, unknown>, fields: ReadonlySet<string>): Response | null {
  const unknown = Object.keys(body).filter((field) => !fields.has(field));
  if (unknown.length > 0) {
    return refusal(400, "702", `The request contains the following unknown fields: [${unknown.join()}]`);
  }
  if (body.merchantAccount !== ADYEN_MERCHANT_ACCOUNT) {
    return refusal(403, "901", "Invalid Merchant Account", "security");
  }
  const { value, currency } = toAmount(body.amount);
  if (!Number.isSafeInteger(value) || value <= 0) {
    return refusal(422, "137", "Invalid amount specified");
  }
  if (!/^[A-Z]{3}$/.test(currency)) {
    return refusal(422, "138", "Unsupported currency specified");
  }
  const { reference = "" } = body;
  return typeof reference === "string" && reference.length <= 80
    ? null
    : refusal(422, "131", "The reference is too long");
}

function checkLink(body: Record<string, unknown>): Response | null {
  const { reference, returnUrl, expiresAt, countryCode, description, shopperLocale } = body;
  if (typeof reference !== "string" || reference === "") {
    return refusal(422, "130", "Required field 'reference' is not provided.");
  }
  if (returnUrl !== undefined && (typeof returnUrl !== "string" || !URL.canParse(returnUrl))) {
    return refusal(422, "14_030", "Return URL is missing.");
  }
  if (expiresAt !== undefined) {
    const ahead = isTime(expiresAt) ? Date.parse(expiresAt) - Date.now() : 0;
    if (ahead <= 0 || ahead > 70 * DAY_MS) {
      return refusal(422, "14_020", "Field 'expiresAt' is not valid.");
    }
  }
  const long = typeof description === "string" && description.length > 280;
  const country = countryCode === undefined || /^[A-Z]{2}$/.test(String(countryCode));
  const locale = shopperLocale === undefined || /^[a-z]{2}-[A-Z]{2}$/.test(String(shopperLocale));
  return long || !country || !locale ? refusal(422, "200", "A field is not valid.") : null;
}

const isTime = (value: unknown): value is string =>
  typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/.test(value);

function toAmount(amount: unknown): Amount {
  const { value, currency } = { value: undefined, currency: undefined, ...Object(amount) };
  return { value: typeof value === "number" ? value : Number.NaN, currency: String(currency) };
}
