/**
 * Paystack, as far as transactions and their refunds go, with its books. It shares nothing with src/. A reference serves
 * once; nothing closes an unpaid page; refunds have no idempotency key. Whenever its webhooks are taken, the processors
 * have done their work: a refund that was pending is processed.
 */
import { hmac, type SentWebhook, type Vendor } from "./vendor.ts";

export const PAYSTACK_SECRET_KEY = "sk_test_fake_0123456789abcdef0123456789abcdef";
/** Rolled lately: webhooks of that time are still signed with it. */
export const PAYSTACK_OLD_SECRET_KEY = "sk_test_fake_fedcba9876543210fedcba9876543210";
/** When every dispute here began, and when it ended. */
export const DISPUTED_AT = "2026-11-24T13:46:57.000Z";
export const RESOLVED_AT = "2026-11-25T14:00:02.000Z";

export interface PaystackTransaction {
  readonly id: number;
  readonly reference: string;
  readonly email: string;
  readonly amount: number;
  readonly currency: string;
  readonly callbackUrl: string | null;
  readonly metadata: unknown;
  readonly accessCode: string;
  readonly createdAt: string;
  status: string;
  gatewayResponse: string;
  fees: number | null;
}

export interface PaystackRefund {
  readonly id: number;
  readonly transaction: PaystackTransaction;
  readonly amount: number;
  readonly merchantNote: string;
  readonly createdAt: string;
  status: string;
}

const CURRENCIES = ["GHS", "KES", "NGN", "USD", "XOF", "ZAR"];
/** The least that can be collected, in hundredths. */
const MINIMUMS: Readonly<Record<string, number>> = {
  GHS: 10,
  KES: 300,
  NGN: 5000,
  USD: 200,
  XOF: 100,
  ZAR: 100,
};
const PAGE = 50;

export class FakePaystack implements Vendor {
  readonly id = "paystack";
  /** By their references, in the order in which they were opened. */
  readonly transactions = new Map<string, PaystackTransaction>();
  readonly refunds: PaystackRefund[] = [];
  /** What status and text it gives for a reference that it does not know. */
  notFoundStatus = 404;
  #events: string[] = [];
  #count = 4_099_260_516;

  readonly fetch = async (request: Request): Promise<Response> => {
    if (request.headers.get("authorization") !== `Bearer ${PAYSTACK_SECRET_KEY}`) {
      return refusal(401, "Invalid key", "invalid_Key");
    }
    const { pathname, searchParams } = new URL(request.url);
    const [, place = pathname, name = ""] =
      /^(\/transaction\/verify|\/refund)\/([^/]+)$/.exec(pathname) ?? [];
    switch (`${request.method} ${place}${name && "/:name"}`) {
      case "GET /transaction/verify/:name":
        return this.#verify(decodeURIComponent(name));
      case "GET /refund/:name":
        return this.#fetchRefund(name);
      case "POST /transaction/initialize":
        return this.#initialize(await readBody(request));
      case "POST /refund":
        return this.#refund(await readBody(request));
      case "GET /refund":
        return this.#listRefunds(searchParams);
      default:
        return refusal(404, "Cannot find this route", "not_found");
    }
  };

  variables(url: string) {
    return {
      PAYSTACK_SECRET_KEY: `${PAYSTACK_SECRET_KEY},${PAYSTACK_OLD_SECRET_KEY}`,
      PAYSTACK_API_URL: url,
    };
  }

  pay(transactionId: string): void {
    if (!this.isOpen(transactionId)) {
      throw new Error(`the page of ${transactionId} is over`);
    }
    this.payPage(this.transactionOf(transactionId));
  }

  payLate(transactionId: string): void {
    this.payPage(this.transactionOf(transactionId));
  }

  /** The buyer pays on this very page. */
  payPage(transaction: PaystackTransaction): void {
    transaction.status = "success";
    transaction.gatewayResponse = "Approved";
    transaction.fees = Math.round(transaction.amount * 0.015);
    this.tell("charge.success", toWire(transaction));
  }

  /** No webhook tells of an attempt that fails; the page stays. */
  decline(transactionId: string, words = "Insufficient Funds"): void {
    Object.assign(this.transactionOf(transactionId), { status: "failed", gatewayResponse: words });
  }

  isOpen(transactionId: string): boolean {
    return ["abandoned", "failed", "ongoing"].includes(this.transactionOf(transactionId).status);
  }

  refunded(transactionId: string): number {
    const { currency } = this.transactionOf(transactionId);
    const sum = this.#givenBack(this.transactionOf(transactionId));
    return currency === "XOF" ? sum / 100 : sum;
  }

  /** @param word after "charge.dispute." */
  dispute(transactionId: string, word: "create" | "remind" | "resolve", resolution: string | null = null) {
    const transaction = this.transactionOf(transactionId);
    const status = word === "resolve" ? "resolved" : "awaiting-merchant-feedback";
    const { amount: refund_amount, currency, id } = transaction;
    this.tell(`charge.dispute.${word}`, {
      ...{ id: id + 1, refund_amount, currency, status, resolution, domain: "test" },
      ...{ transaction: { ...toWire(transaction), metadata: "" }, transaction_reference: null },
      ...{ category: "chargeback", resolvedAt: word === "resolve" ? RESOLVED_AT : null, evidence: null },
      ...{ created_at: DISPUTED_AT, updated_at: RESOLVED_AT },
    });
  }

  /** The processors are done with a refund. */
  settle(refund: PaystackRefund, status: "processing" | "processed" | "failed" | "needs-attention"): void {
    const { transaction } = refund;
    refund.status = status;
    if (status === "processed" && this.#givenBack(transaction) >= transaction.amount) {
      transaction.status = "reversed";
    }
    this.tell(`refund.${status}`, toRefundNews(refund));
  }

  async takeWebhooks(callbackUrl: string): Promise<SentWebhook[]> {
    for (const refund of this.refunds.filter(({ status }) => status === "pending")) {
      this.settle(refund, "processed");
    }
    const bodies = this.#events;
    this.#events = [];
    return Promise.all(
      bodies.map(async (body) => ({
        url: callbackUrl,
        headers: { "content-type": "application/json", ...(await signPaystack(body)) },
        body,
      })),
    );
  }

  /** The page that was opened last: of one before it the address was lost. */
  transactionOf(transactionId: string): PaystackTransaction {
    const reference = transactionId.replace("_", "-");
    const pages = [...this.transactions.values()].filter((one) => one.reference.startsWith(reference));
    const last = pages.at(-1);
    if (!last) {
      throw new Error(`nothing was opened for ${transactionId}`);
    }
    return last;
  }

  tell(event: string, data: unknown): void {
    this.#events.push(JSON.stringify({ event, data }));
  }

  #initialize(body: Record<string, unknown> | null): Response {
    const { email, amount, currency = "NGN", reference, callback_url = null, metadata = null } = body ?? {};
    if (typeof email !== "string" || !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(email)) {
      return refusal(400, "Invalid Email Address Passed", "invalid_email_address");
    }
    const sum = Number(amount);
    if (!Number.isSafeInteger(sum) || sum <= 0) {
      return refusal(400, "Invalid Amount Sent", "invalid_amount");
    }
    if (typeof currency !== "string" || !CURRENCIES.includes(currency)) {
      return refusal(400, "Currency not supported by merchant", "unsupported_currency");
    }
    if (sum < (MINIMUMS[currency] ?? 0)) {
      return refusal(400, "Amount is below the minimum", "invalid_amount");
    }
    if (typeof reference !== "string" || !/^[A-Za-z0-9.=-]+$/.test(reference)) {
      return refusal(400, "Invalid characters in the transaction reference", "invalid_reference");
    }
    if (callback_url !== null && (typeof callback_url !== "string" || !URL.canParse(callback_url))) {
      return refusal(400, "Invalid callback URL", "invalid_params");
    }
    if (this.transactions.has(reference)) {
      return refusal(400, "Duplicate Transaction Reference", "duplicate_reference");
    }
    this.#count += 2;
    const accessCode = `ac${this.#count.toString(36)}`;
    this.transactions.set(reference, {
      ...{ id: this.#count, reference, email, amount: sum, currency, callbackUrl: callback_url, accessCode },
      ...{ metadata: readMetadata(metadata), status: "abandoned", fees: null },
      createdAt: new Date().toISOString(),
      gatewayResponse: "The transaction was not completed",
    });
    const authorization_url = `https://checkout.paystack.com/${accessCode}`;
    return success("Authorization URL created", { authorization_url, access_code: accessCode, reference });
  }

  #verify(reference: string): Response {
    const transaction = this.transactions.get(reference);
    return transaction
      ? success("Verification successful", toWire(transaction))
      : refusal(this.notFoundStatus, "Transaction reference not found", "transaction_not_found");
  }

  #refund(body: Record<string, unknown> | null): Response {
    const { transaction: name, merchant_note, currency } = body ?? {};
    const all = [...this.transactions.values()];
    const transaction = all.find((one) => one.reference === name || one.id === Number(name));
    if (!transaction) {
      return refusal(404, "Transaction not found", "transaction_not_found");
    }
    const { status, reference } = transaction;
    if (status === "reversed") {
      return refusal(400, "Transaction has been fully reversed", "transaction_reversed");
    }
    const amount = Number(body?.amount ?? transaction.amount);
    const rest = transaction.amount - this.#givenBack(transaction);
    const isSum = Number.isSafeInteger(amount) && amount > 0 && amount <= rest;
    if (status !== "success" || !isSum || (currency ?? transaction.currency) !== transaction.currency) {
      return refusal(400, "This transaction cannot be refunded so", "invalid_params");
    }
    this.#count += 1;
    const merchantNote =
      typeof merchant_note === "string" ? merchant_note : `Refund for transaction ${reference}`;
    const createdAt = new Date().toISOString();
    const refund = { id: this.#count, transaction, amount, merchantNote, createdAt, status: "pending" };
    this.refunds.push(refund);
    this.tell("refund.pending", toRefundNews(refund));
    const { id, domain, currency: unit } = toWire(transaction);
    const data = { ...toRefundWire(refund), transaction: { id, domain, reference, amount, currency: unit } };
    return success("Refund has been queued for processing", data);
  }

  #fetchRefund(id: string): Response {
    const refund = this.refunds.find((one) => String(one.id) === id);
    return refund
      ? success("Refund retrieved", toRefundWire(refund))
      : refusal(404, "Refund not found", "not_found");
  }

  #listRefunds(query: URLSearchParams): Response {
    const of = query.get("transaction");
    const from = Date.parse(query.get("from") ?? "1970-01-01T00:00:00Z");
    const perPage = Number(query.get("perPage") ?? PAGE);
    const page = Number(query.get("page") ?? 1);
    const found = this.refunds.filter(
      ({ transaction, createdAt }) =>
        (of === null || String(transaction.id) === of) && Date.parse(createdAt) >= from,
    );
    const shown = found.toReversed().slice((page - 1) * perPage, page * perPage);
    return success("Refunds retrieved", shown.map(toRefundWire), {
      ...{ total: found.length, skipped: (page - 1) * perPage, perPage: String(perPage), page },
      ...{ pageCount: Math.ceil(found.length / perPage), failedRefundCount: 0 },
    });
  }

  #givenBack(transaction: PaystackTransaction): number {
    return this.refunds
      .filter((one) => one.transaction === transaction && one.status !== "failed")
      .reduce((sum, { amount }) => sum + amount, 0);
  }
}

/** The header by which a webhook proves its origin. */
export async function signPaystack(body: string | Uint8Array<ArrayBuffer>, key = PAYSTACK_SECRET_KEY) {
  return { "x-paystack-signature": (await hmac("SHA-512", key, body)).toHex() };
}

/** A transaction as verify and `charge.success` tell it. */
export function toWire(transaction: PaystackTransaction) {
  const { id, status, reference, currency, metadata, fees, email } = transaction;
  const isPaid = status === "success" || status === "reversed";
  return {
    ...{ id, domain: "test", status, reference, receipt_number: null, message: null },
    ...{ amount: transaction.amount, gateway_response: transaction.gatewayResponse },
    paid_at: isPaid ? "2026-11-22T12:00:00.000Z" : null,
    created_at: transaction.createdAt,
    ...{ channel: "card", currency, ip_address: null, metadata, fees, fees_split: null, plan: null },
    ...{ log: null, authorization: {}, customer: { id: 181_873_746, email, phone: null, metadata: null } },
    requested_amount: transaction.amount,
  };
}

function toRefundWire({ id, transaction, amount, merchantNote, createdAt, status }: PaystackRefund) {
  return {
    ...{ id, integration: 412_829, domain: "test", transaction: transaction.id, dispute: null, amount },
    ...{ deducted_amount: 0, currency: transaction.currency, channel: "card", fully_deducted: 0, status },
    ...{ refunded_by: "merchant@example.com", refunded_at: null, settlement: null, customer_note: "" },
    ...{ merchant_note: merchantNote, transaction_reference: transaction.reference, createdAt },
  };
}

/** Refund events write their sums as text, and name no refund until the processor has. */
function toRefundNews({ id, transaction, amount, status }: PaystackRefund) {
  const isNamed = status === "processed" || status === "failed";
  return {
    ...{ status, transaction_reference: transaction.reference },
    refund_reference: isNamed ? `TRF_${id}` : null,
    ...{ amount: String(amount), currency: transaction.currency, processor: "instant-transfer" },
    ...{ customer: { email: transaction.email }, integration: 412_829, domain: "test" },
  };
}

function success(message: string, data: unknown, meta?: unknown): Response {
  return Response.json({ status: true, message, data, ...(meta === undefined ? {} : { meta }) });
}

function refusal(status: number, message: string, code: string): Response {
  const meta = { nextStep: "Ensure that the value(s) you're passing are valid." };
  return Response.json({ status: false, message, meta, type: "validation_error", code }, { status });
}

async function readBody(request: Request): Promise<Record<string, unknown> | null> {
  const body = parse(await request.text());
  return typeof body === "object" ? (body as Record<string, unknown> | null) : null;
}

/** Text that is JSON is kept as what it says. */
function readMetadata(metadata: unknown): unknown {
  return typeof metadata === "string" ? (parse(metadata) ?? metadata) : (metadata ?? "");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
