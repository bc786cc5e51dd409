/**
 * Mollie Payments v2. https://docs.mollie.com/reference/create-payment, …/get-payment, …/create-refund,
 * …/create-capture, …/webhooks, …/webhooks-new, …/api-idempotency
 * Quirks: idempotency keys are forgotten after an hour, so a capture, or an older refund, is looked up first. Classic
 * webhooks are not signed: their address, which we make, carries a proof, and all they do is to make us look. Next-gen
 * ones are signed over the body, without a time. There is no list of events, so no `missedEvents`, and none of payments
 * by our id: without Mollie's own a payment is `missing`. A page's life is its method's and cannot be set; what
 * `isCancelable` denies stays payable until then. amountRefunded counts refunds that are only queued, so the refunds
 * themselves are asked for. Two refunds of one sum within an hour: 409, which is "later". No chargeback is called lost.
 * Some methods capture in parts and hold the rest: it is let go where a capture is done at once, and lapses otherwise.
 */
import * as z from "zod/mini";
import { baseUrl, isLoopback, listOf, secret } from "../lib/variables.ts";
import type { Observation } from "../transactions/observation.ts";
import {
  type CreateRequest,
  defineGateway,
  GatewayError,
  type GatewayReference,
  type Notice,
  silence,
} from "./gateway.ts";
import { type ApiAnswer, createApiClient, keyed, refuse } from "./http.ts";
import {
  capture,
  fingerprint,
  isCaptured,
  isMissing,
  listed,
  ownerOf,
  type Payment,
  type Refund,
  readPayment,
  refund,
  toObservation,
  toRefund,
  writeAmount,
} from "./mollie-payment.ts";
import { EVENTS, type Hint, proven, readHint, signProbe } from "./mollie-webhook.ts";

/** Of the hour that a key is remembered for: the rest is for clocks and the way. */
const KEY_LIFE_MS = 50 * 60_000;
const ADVICE =
  "Nothing must be set up, for each payment tells Mollie the address; a webhook for these events, added in Mollie's " +
  "Dashboard, tells the same signed, and its secret is MOLLIE_WEBHOOK_SECRET.";
const LOCALES =
  "ca_ES cs_CZ da_DK de_AT de_CH de_DE de_LU en_BE en_GB en_NL en_US es_ES fi_FI fr_BE fr_FR fr_LU hu_HU is_IS " +
  "it_IT lt_LT lv_LV nb_NO nl_BE nl_NL pl_PL pt_PT sk_SK sv_SE";

export const mollie = defineGateway({
  id: "mollie",
  config: z.object({
    MOLLIE_API_KEY: secret.check(
      z.refine((key) => /^(live|test)_/.test(key), {
        error: "must be an API key: live_… or test_…",
      }),
    ),
    MOLLIE_WEBHOOK_SECRET: listOf(secret),
    MOLLIE_API_URL: z._default(baseUrl, "https://api.mollie.com/v2"),
  }),

  connect(config, { fetch, now }) {
    const { MOLLIE_API_URL: url, MOLLIE_API_KEY: apiKey, MOLLIE_WEBHOOK_SECRET: secrets } = config;
    const api = createApiClient(url, { authorization: `Bearer ${apiKey}` }, fetch);

    /** With all that became of it. */
    const ask = (id: string) => api.get(`/payments/${id}?embed=captures,refunds,chargebacks`);

    const find = async ({ transactionId, reference }: GatewayReference): Promise<Payment | null> => {
      const answer = reference === null ? null : await ask(reference);
      if (answer === null || isMissing(answer)) {
        return null;
      }
      if (ownerOf(answer) !== transactionId) {
        throw new GatewayError("unknown", "Mollie's answer is about another transaction");
      }
      return readPayment(answer, reference);
    };

    const retrieve = async (reference: GatewayReference): Promise<Observation> => {
      const seen = await find(reference);
      return seen ? toObservation(seen) : silence("missing", reference.reference);
    };

    /** There is one capture, so what it leaves is let go. Mollie promises nothing of it, and the capture is done anyway. */
    const letGo = async (seen: Payment, key: string): Promise<Observation> => {
      const observation = toObservation(seen);
      if (seen.status === "authorized" && observation.status === "succeeded" && isCaptured(seen, key)) {
        await api.post(`/payments/${seen.id}/release-authorization`, undefined).catch(() => null);
      }
      return observation;
    };

    const toNotices = async ({ paymentId, ...hint }: Hint): Promise<Notice[]> => {
      const answer = await ask(paymentId);
      const transactionId = isMissing(answer) ? null : ownerOf(answer);
      // Of others' payments nothing is read: the account may serve more than us.
      if (transactionId === null || (hint.transactionId !== null && hint.transactionId !== transactionId)) {
        return [];
      }
      const seen = readPayment(answer, paymentId);
      const eventId = hint.eventId ?? (await fingerprint(seen));
      return [{ eventId, transactionId, observation: toObservation(seen), receipt: hint.receipt }];
    };

    return {
      id: "mollie",
      title: "Mollie",
      mode: apiKey.startsWith("live_") ? "live" : "test",
      webhook: { events: EVENTS, advice: ADVICE },
      unknownReference: "tr_TST0000000",
      retrieve,

      async create(request) {
        const { transactionId, callbackUrl } = request;
        // Mollie refuses an address on this machine: the buyer's return and the cron do without.
        const webhookUrl = isLoopback(new URL(callbackUrl))
          ? {}
          : { webhookUrl: await proven(callbackUrl, transactionId, secrets) };
        const body = { ...toPaymentRequest(request), ...webhookUrl };
        const seen = readPayment(await api.post("/payments", body, keyed(transactionId)), null);
        const { amount, currency } = seen.amount;
        const paymentUrl = seen._links.checkout?.href;
        const isIt = seen.metadata?.transaction_id === transactionId;
        if (!isIt || amount !== request.amount || currency !== request.currency || !paymentUrl) {
          throw new GatewayError("unknown", "Mollie's answer is not this transaction's open payment");
        }
        return { paymentUrl, observation: toObservation(seen) };
      },

      async expire(reference) {
        const seen = await find(reference);
        // Held money and what is on its way are cancelable too: neither is a page.
        if (seen?.status !== "open" || seen.isCancelable !== true) {
          return seen ? toObservation(seen) : silence("missing", reference.reference);
        }
        const answer = await api.call("DELETE", `/payments/${seen.id}`);
        // Refused: somebody was first.
        return answer.status === 404 || answer.status === 422
          ? retrieve(reference)
          : toObservation(readPayment(answer, seen.id));
      },

      async capture(reference, { amount, currency, key }) {
        const before = await find(reference);
        if (!before) {
          throw new GatewayError("rejected", "there is no payment to capture");
        }
        if (before.status !== "authorized" || isCaptured(before, key)) {
          return letGo(before, key);
        }
        const body = {
          amount: writeAmount(amount, currency),
          metadata: { transaction_id: reference.transactionId, capture_key: key },
        };
        const answer = await api.post(`/payments/${before.id}/captures`, body, keyed(key));
        refuse(answer);
        const { data } = capture.safeParse(answer.body);
        if (data?.paymentId !== before.id || data.metadata?.capture_key !== key) {
          throw new GatewayError("unknown", "Mollie's answer is not about this capture");
        }
        const after = await find(reference);
        return after ? letGo(after, key) : silence("missing", reference.reference);
      },

      async refund(reference, { refundId, amount, currency, reference: known, createdAt }) {
        const { reference: id, transactionId } = reference;
        if (id === null) {
          throw new GatewayError("rejected", "there is no payment to refund");
        }
        const isIt = (each: Refund) => each.paymentId === id && each.metadata?.refund_id === refundId;
        const read = (answer: ApiAnswer): Refund => {
          refuse(answer);
          const { data } = refund.safeParse(answer.body);
          if (!data || !isIt(data) || data.amount.amount !== amount || data.amount.currency !== currency) {
            throw new GatewayError("unknown", "Mollie's answer is not about this refund");
          }
          return data;
        };
        if (known !== null) {
          const answer = await api.get(`/payments/${id}/refunds/${known}`);
          // What was called off in the dashboard may be gone altogether.
          return isMissing(answer)
            ? { status: "failed", reference: known, failureCode: "canceled" }
            : toRefund(read(answer));
        }
        if (now() - createdAt > KEY_LIFE_MS) {
          const seen = await find(reference);
          const found = listed(seen?._embedded.refunds, seen?.amountRefunded).find(isIt);
          if (found) {
            return toRefund(found);
          }
        }
        const body = {
          amount: writeAmount(amount, currency),
          description: `Refund ${refundId}`,
          metadata: { transaction_id: transactionId, refund_id: refundId },
        };
        return toRefund(read(await api.post(`/payments/${id}/refunds`, body, keyed(refundId))));
      },

      async readWebhook(webhook) {
        const hint = await readHint(webhook, secrets);
        return hint ? toNotices(hint) : [];
      },

      probe: () => signProbe(secrets),
    };
  },
});

function toPaymentRequest(request: CreateRequest) {
  const locale = request.customer?.locale?.replace("-", "_");
  return {
    amount: writeAmount(request.amount, request.currency),
    description: [...(request.description?.trim() || `Order ${request.orderId}`)].slice(0, 255).join(""),
    redirectUrl: request.returnUrl,
    cancelUrl: request.cancelUrl,
    metadata: { transaction_id: request.transactionId },
    ...(request.capture === "manual" ? { captureMode: "manual" } : {}),
    ...(locale && LOCALES.split(" ").includes(locale) ? { locale } : {}),
  };
}
