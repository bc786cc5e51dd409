/**
 * Paystack transactions, paid on its hosted checkout. https://paystack.com/docs/api/transaction, …/api/refund
 * Quirks: a reference serves once, and its page's address is told once: after a lost answer another page is opened under
 * "reference.2". Nobody has the first one's address; should money come there all the same, its charge.success names us,
 * and only Paystack's dashboard gives it back. Nothing closes a page but the account's own session timeout. A second try
 * on it may succeed after `failed`. Verify tells no sum of refunds: their list does. Refunds take no idempotency key:
 * ours is the merchant's note, looked up first. Two senders at once would still both send: what keeps them apart is the
 * lease of the refund's row. Webhooks are signed with the API key itself.
 */
import * as z from "zod/mini";
import { baseUrl, listOf, secret } from "../lib/variables.ts";
import type { Observation } from "../transactions/observation.ts";
import {
  type CreateRequest,
  defineGateway,
  GatewayError,
  type GatewayReference,
  type RefundObservation,
  silence,
} from "./gateway.ts";
import { type ApiAnswer, type ApiClient, createApiClient, parseBytes } from "./http.ts";
import { readEvent, signProbe } from "./paystack-event.ts";
import {
  initialized,
  isDuplicate,
  isMissing,
  type Refund,
  read,
  refunded,
  refunds,
  type Transaction,
  toMode,
  toObservation,
  toReference,
  toRefund,
  toStatus,
  verified,
  writeAmount,
} from "./paystack-state.ts";
import { decodeHex, verifyHmac } from "./signature.ts";

const ADVICE =
  "In Paystack's Dashboard, under Settings, API Keys & Webhooks, enter the address as the Webhook URL: it is told all " +
  "events.";
const DAY_MS = 24 * 60 * 60_000;
/** How many pages one transaction may open: each but the last was one lost answer. */
const MAX_PAGES = 9;
const REFUNDS_A_PAGE = 100;
const MAX_REFUND_PAGES = 20;

export const paystack = defineGateway({
  id: "paystack",
  config: z.object({
    PAYSTACK_SECRET_KEY: listOf(secret),
    PAYSTACK_API_URL: z._default(baseUrl, "https://api.paystack.co"),
  }),

  connect({ PAYSTACK_SECRET_KEY: keys, PAYSTACK_API_URL: url }, { fetch }) {
    const [key = ""] = keys;
    const mode = toMode(key.split("_")[1]);
    const api = createApiClient(url, { authorization: `Bearer ${key}` }, fetch);

    const observe = async (seen: Transaction): Promise<Observation> =>
      toObservation(seen, toStatus(seen) === "succeeded" ? await listRefunds(api, seen) : []);

    const retrieve = async (reference: GatewayReference): Promise<Observation> => {
      const seen = await find(api, reference);
      return seen ? observe(seen) : silence("missing", reference.reference);
    };

    return {
      id: "paystack",
      title: "Paystack",
      mode,
      webhook: { events: [], advice: ADVICE },
      needs: ["/customer/email"],
      retrieve,

      async create(request) {
        const { transactionId, amount, currency } = request;
        const body = toInitialize(request);
        for (let page = 1; page <= MAX_PAGES; page += 1) {
          const reference = toReference(transactionId, page);
          const answer = await api.post("/transaction/initialize", { ...body, reference });
          if (!isDuplicate(answer)) {
            const observation = {
              ...silence("unsaid", reference),
              status: "pending",
              amount,
              currency,
            } as const;
            return {
              paymentUrl: readPaymentUrl(answer, reference),
              observation: { ...observation, mode },
            };
          }
          const seen = await find(api, { transactionId, reference });
          if (seen && !["pending", "failed"].includes(toStatus(seen))) {
            return { observation: await observe(seen), paymentUrl: request.returnUrl };
          }
        }
        throw new GatewayError("rejected", "too many pages were opened for this transaction");
      },

      async refund(reference, { refundId, amount, currency, reference: known }) {
        if (known !== null) {
          const answer = await api.get(`/refund/${encodeURIComponent(known)}`);
          if (answer.status >= 400) {
            // It was there: another account's key, perhaps. No word of what became of it.
            throw new GatewayError("unavailable", "Paystack does not show this refund");
          }
          return readRefund(answer, refundId);
        }
        const seen = await find(api, reference);
        if (!seen) {
          throw new GatewayError("rejected", "Paystack does not know this transaction");
        }
        const earlier = (await listRefunds(api, seen)).find((one) => one.merchant_note === refundId);
        if (earlier) {
          return toRefund(earlier);
        }
        const money = { amount: writeAmount(amount, currency), currency };
        const body = { transaction: seen.reference, ...money, merchant_note: refundId };
        return readRefund(await api.post("/refund", body), refundId);
      },

      async readWebhook({ headers, body }) {
        const signature = decodeHex(headers.get("x-paystack-signature"));
        const secret = await verifyHmac("SHA-512", keys, body, [signature]);
        if (secret === null) {
          throw new GatewayError("unverified", "the webhook's signature does not verify");
        }
        const told = await readEvent(parseBytes(body), retrieve);
        if (!told) {
          return [];
        }
        const { occurredAt, ...notice } = told;
        return [{ ...notice, receipt: { occurredAt, signedAt: null, secret } }];
      },

      probe: () => signProbe(keys),
    };
  },
});

/** @returns null for a transaction that Paystack has never heard of */
async function find(api: ApiClient, { transactionId, reference }: GatewayReference) {
  const own = reference ?? toReference(transactionId, 1);
  const answer = await api.get(`/transaction/verify/${encodeURIComponent(own)}`);
  if (isMissing(answer)) {
    return null;
  }
  const { data } = read(verified, answer);
  if (data.reference !== own || data.metadata !== transactionId) {
    throw new GatewayError("unknown", "Paystack's answer is about another transaction");
  }
  return data;
}

/** Its own alone, also where the filter does not count: the documentation names it, Paystack's specification does not. */
async function listRefunds(api: ApiClient, { id, created_at }: Transaction): Promise<Refund[]> {
  const query = new URLSearchParams({ transaction: `${id}`, perPage: `${REFUNDS_A_PAGE}` });
  if (created_at) {
    query.set("from", new Date(Date.parse(created_at) - DAY_MS).toISOString());
  }
  // By their ids: what is new moves the others to the next page.
  const found = new Map<number, Refund>();
  for (let page = 1; page <= MAX_REFUND_PAGES; page += 1) {
    query.set("page", `${page}`);
    const { data, meta } = read(refunds, await api.get(`/refund?${query}`));
    for (const one of data.filter(({ transaction }) => transaction === id)) {
      found.set(one.id, one);
    }
    // A page may hold fewer than were asked for, and is not the last for that.
    if (data.length === 0 || (meta && page >= meta.pageCount)) {
      return [...found.values()];
    }
  }
  throw new GatewayError("unknown", "Paystack's list of refunds has no end");
}

function readRefund(answer: ApiAnswer, refundId: string): RefundObservation {
  const { data } = read(refunded, answer);
  if (data.merchant_note !== refundId) {
    throw new GatewayError("unknown", "Paystack's answer is about another refund");
  }
  return toRefund(data);
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

function readPaymentUrl(answer: ApiAnswer, reference: string): string {
  const { data } = read(initialized, answer);
  if (data.reference !== reference) {
    throw new GatewayError("unknown", "Paystack's answer is about another transaction");
  }
  return data.authorization_url;
}
