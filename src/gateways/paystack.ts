/**
 * Paystack transactions, paid on its hosted checkout. https://paystack.com/docs/api/transaction, …/api/refund,
 * …/docs/payments/verify-payments, …/docs/payments/webhooks, …/docs/payments/refunds
 * Quirks: a reference serves once, and its page's address is told once: after a lost answer another page is opened under
 * "reference.2". Nobody has the first one's address; should money come there all the same, its charge.success names us.
 * Nothing closes a page but the account's own session timeout. Verify tells no sum of refunds: their list does. Refunds
 * take no idempotency key: ours is the merchant's note, looked up first. Webhooks are signed with the API key itself, and
 * carry neither an id nor a time. `failed` is the last attempt's end; a second try on the page may still succeed. A
 * buyer who bears the fees pays them on top of `requested_amount`. XOF is written in hundredths that it does not have.
 */
import * as z from "zod";
import { baseUrl, listOf, secret } from "../lib/variables.ts";
import type { Observation } from "../transactions/observation.ts";
import {
  type CreateRequest,
  defineGateway,
  GatewayError,
  type GatewayReference,
  type Notice,
} from "./gateway.ts";
import { type ApiAnswer, type ApiClient, createApiClient, parseBytes } from "./http.ts";
import {
  failure,
  initialized,
  isFailure,
  type Refund,
  read,
  refunded,
  refunds,
  SILENT,
  type Transaction,
  text,
  toMode,
  toObservation,
  toRefund,
  toStatus,
  toVerdict,
  transaction,
  verified,
  writeAmount,
} from "./paystack-state.ts";
import { decodeHex, verifyHmac } from "./signature.ts";

/** How many pages one transaction may open: each but the last was one lost answer. */
const MAX_PAGES = 9;
const REFUNDS_A_PAGE = 100;
const MAX_REFUND_PAGES = 20;
/** Ours in Paystack's alphabet, of whichever page. */
const OUR_REFERENCE = /^txn-([0-9a-z]{26})(?:\.[2-9])?$/;

const event = z.object({ event: z.string().regex(/^[a-z][a-z0-9_.-]{0,63}$/), data: z.unknown() });
/** Where an event may name what it is about. */
const subject = z.object({
  id: z.union([z.int(), z.string()]).nullish().catch(null),
  status: text,
  reference: text,
  transaction_reference: text,
  transaction: z.object({ reference: text }).nullish().catch(null),
  refund_reference: text,
  amount: z.union([z.int(), z.string()]).nullish().catch(null),
  resolution: text,
});

export const paystack = defineGateway({
  id: "paystack",
  config: z.object({
    PAYSTACK_SECRET_KEY: listOf(secret),
    PAYSTACK_API_URL: baseUrl.default("https://api.paystack.co"),
  }),

  connect({ PAYSTACK_SECRET_KEY: keys, PAYSTACK_API_URL: url }, { fetch }) {
    const [key = ""] = keys;
    const api = createApiClient(url, { authorization: `Bearer ${key}` }, fetch);

    const observe = async (seen: Transaction): Promise<Observation> =>
      toObservation(seen, toStatus(seen) === "succeeded" ? await listRefunds(api, seen) : []);

    const retrieve = async (reference: GatewayReference): Promise<Observation> => {
      const seen = await find(api, reference);
      return seen ? observe(seen) : { ...SILENT, status: "missing", reference: reference.reference };
    };

    return {
      id: "paystack",
      title: "Paystack",
      needs: ["/customer/email"],
      retrieve,

      async create(request) {
        const { transactionId, amount, currency } = request;
        const body = toInitialize(request);
        for (let page = 1; page <= MAX_PAGES; page += 1) {
          const reference = toReference(transactionId, page);
          const answer = await api.post("/transaction/initialize", { ...body, reference });
          if (!isFailure(answer, 400, "duplicate_reference", "Duplicate Transaction Reference")) {
            const observation = { ...SILENT, status: "pending", reference, amount, currency } as const;
            return {
              paymentUrl: readPaymentUrl(answer, reference),
              observation: { ...observation, mode: toMode(key.split("_")[1]) },
            };
          }
          const seen = await find(api, { transactionId, reference });
          if (seen && !["pending", "failed"].includes(toStatus(seen))) {
            return { observation: await observe(seen), paymentUrl: request.returnUrl };
          }
        }
        throw new GatewayError("rejected", "too many pages were opened for this transaction");
      },

      async refund(reference, { refundId, amount, currency }) {
        const seen = await find(api, reference);
        if (!seen) {
          throw new GatewayError("rejected", "Paystack does not know this transaction");
        }
        const known = (await listRefunds(api, seen)).find((one) => one.merchant_note === refundId);
        if (known) {
          return toRefund(known);
        }
        const money = { amount: writeAmount(amount, currency), currency };
        const body = { transaction: seen.reference, ...money, merchant_note: refundId };
        const { data } = read(refunded, await api.post("/refund", body));
        if (data.merchant_note !== refundId || data.transaction !== seen.id) {
          throw new GatewayError("unknown", "Paystack's answer is about another refund");
        }
        return toRefund(data);
      },

      async readWebhook({ headers, body }) {
        const signature = decodeHex(headers.get("x-paystack-signature"));
        if (!(await verifyHmac("SHA-512", keys, body, [signature]))) {
          throw new GatewayError("unverified", "the webhook's signature does not verify");
        }
        const parsed = event.safeParse(parseBytes(body));
        if (!parsed.success) {
          throw malformed();
        }
        const notice = await toNotice(parsed.data.event, parsed.data.data, retrieve);
        return notice ? [notice] : [];
      },
    };
  },
});

/** @returns null for a transaction that Paystack has never heard of */
async function find(api: ApiClient, { transactionId, reference }: GatewayReference) {
  const own = reference ?? toReference(transactionId, 1);
  const answer = await api.get(`/transaction/verify/${encodeURIComponent(own)}`);
  // Documented as 404; in use it has been 400.
  const { status } = answer;
  if (
    (status === 404 && failure.safeParse(answer.body).success) ||
    isFailure(answer, 400, "transaction_not_found", "Transaction reference not found")
  ) {
    return null;
  }
  const { data } = read(verified, answer);
  if (data.reference !== own || data.metadata !== transactionId) {
    throw new GatewayError("unknown", "Paystack's answer is about another transaction");
  }
  return data;
}

async function listRefunds(api: ApiClient, { id }: Transaction): Promise<Refund[]> {
  const found: Refund[] = [];
  for (let page = 1; page <= MAX_REFUND_PAGES; page += 1) {
    const { data } = read(
      refunds,
      await api.get(`/refund?transaction=${id}&perPage=${REFUNDS_A_PAGE}&page=${page}`),
    );
    found.push(...data.filter((one) => one.transaction === id));
    if (data.length < REFUNDS_A_PAGE) {
      return found;
    }
  }
  throw new GatewayError("unknown", "Paystack's list of refunds has no end");
}

async function toNotice(
  type: string,
  data: unknown,
  retrieve: (reference: GatewayReference) => Promise<Observation>,
): Promise<Notice | null> {
  const { data: about } = subject.safeParse(data);
  const reference = about?.transaction_reference ?? about?.transaction?.reference ?? about?.reference ?? "";
  const [, suffix] = OUR_REFERENCE.exec(reference) ?? [];
  if (type === "charge.success") {
    return readCharge(data, retrieve);
  }
  if (!about || suffix === undefined) {
    return null;
  }
  const transactionId = `txn_${suffix}`;
  const name = [type, about.id ?? reference, about.status].join(":");
  switch (type) {
    case "refund.pending":
    case "refund.processing":
    case "refund.needs-attention":
    case "refund.processed":
    case "refund.failed": {
      const observation = await retrieve({ transactionId, reference });
      // Of two refunds of one sum, only what has come of them tells apart.
      const which = about.refund_reference ?? `${about.amount}:${observation.amountRefunded}`;
      return { eventId: `${name}:${which}`, transactionId, observation };
    }
    case "charge.dispute.create":
    case "charge.dispute.remind":
    case "charge.dispute.resolve": {
      const dispute = type === "charge.dispute.resolve" ? toVerdict(about.resolution) : "open";
      const seen = await retrieve({ transactionId, reference });
      return { eventId: name, transactionId, observation: { ...seen, dispute } };
    }
    default:
      return { eventId: name, transactionId, observation: { ...SILENT, reference } };
  }
}

/** Payments of others in the same account come here too. */
async function readCharge(
  data: unknown,
  retrieve: (reference: GatewayReference) => Promise<Observation>,
): Promise<Notice | null> {
  const { data: seen } = transaction.safeParse(data);
  if (!seen) {
    throw malformed();
  }
  const { reference, metadata: transactionId } = seen;
  if (transactionId === null || `txn_${OUR_REFERENCE.exec(reference)?.[1]}` !== transactionId) {
    return null;
  }
  const isWhole = seen.status === "success";
  const observation = isWhole ? toObservation(seen, []) : await retrieve({ transactionId, reference });
  return { eventId: `charge.success:${seen.id}:${seen.status}`, transactionId, observation };
}

function malformed(): GatewayError {
  return new GatewayError("malformed", "the webhook is not of the documented form");
}

function toInitialize(request: CreateRequest) {
  const email = request.customer?.email;
  if (email === undefined) {
    throw new GatewayError("rejected", "Paystack needs the buyer's e-mail address");
  }
  const { transactionId: transaction_id, orderId: order_id, currency } = request;
  return {
    email,
    amount: writeAmount(request.amount, currency),
    currency,
    callback_url: request.returnUrl,
    metadata: JSON.stringify({ transaction_id, order_id, cancel_action: request.cancelUrl }),
  };
}

/** Only letters, digits, "-", "." and "=" may be in it. */
function toReference(transactionId: string, page: number): string {
  const own = transactionId.replace("_", "-");
  return page === 1 ? own : `${own}.${page}`;
}

function readPaymentUrl(answer: ApiAnswer, reference: string): string {
  const { data } = read(initialized, answer);
  if (data.reference !== reference) {
    throw new GatewayError("unknown", "Paystack's answer is about another transaction");
  }
  return data.authorization_url;
}
