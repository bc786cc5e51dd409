/**
 * Adyen payment links, Checkout API v71. https://docs.adyen.com/unified-commerce/pay-by-link/payment-links/api,
 * …/api-explorer/Checkout/71, …/api-explorer/Webhooks/1, …/development-resources/webhooks/secure-webhooks
 * Quirks: live hosts carry the merchant's own prefix, so ADYEN_API_URL has no default: none would be right, and play
 * money must not pass for real by an omission. A webhook's items are signed one by one, over eight fields joined with
 * colons, with no time among them; they have to be parsed to be verified, and all else in them is a hint. The payment's
 * pspReference, which refunds need, comes only so: a link's reference becomes "link/payment" then. A link tells of no
 * refund; a refund's end and disputes are news by webhook alone. It has one return address, for paid and unpaid.
 * No `capture`: its end comes by webhook alone, and a link that is "completed" does not tell held money from taken.
 */
import * as z from "zod/mini";
import { baseUrl, identifier, listOf, secret } from "../lib/variables.ts";
import type { Observation } from "../transactions/observation.ts";
import { EVENTS, type Item, pspReference, readEvent, readSigned, signProbe, toNews } from "./adyen-item.ts";
import { LINK_STATUS, type Link, link, toLinkRequest } from "./adyen-link.ts";
import { isSame, money, readAmount, writeAmount } from "./adyen-money.ts";
import { defineGateway, GatewayError, type GatewayReference, type Notice, silence } from "./gateway.ts";
import { type ApiAnswer, createApiClient, refuse } from "./http.ts";
import { decodeHex } from "./signature.ts";

const DAY_MS = 24 * 60 * 60_000;
/** Keys are kept for 7 days at the least; https://docs.adyen.com/development-resources/api-idempotency */
const KEY_LIFE_MS = 6 * DAY_MS;
/** Ours: of a payment, or of a refund of it. */
const OURS = /^(txn_[0-9a-z]{26})(?:\.(rfd_[0-9a-z]{26}))?$/;

const ADVICE =
  "In Adyen's Customer Area, under Developers, Webhooks, create a Standard webhook in JSON that calls the address, with " +
  "these events and an HMAC key, which is ADYEN_HMAC_KEY.";
const received = z.lazy(() => z.object({ paymentPspReference: z.string(), pspReference, amount: money }));
const serviceError = z.object({ status: z.int(), errorCode: z.string() });

const hmacKey = secret.check(
  z.refine((key) => (decodeHex(key)?.length ?? 0) >= 24, {
    error: "must be hexadecimal digits, at least 48, as the Customer Area shows an HMAC key",
  }),
);

export const adyen = defineGateway({
  id: "adyen",
  config: z.object({
    ADYEN_API_KEY: secret,
    ADYEN_MERCHANT_ACCOUNT: identifier,
    ADYEN_HMAC_KEY: listOf(hmacKey),
    ADYEN_API_URL: baseUrl.check(
      z.refine((url) => url.endsWith("/v71"), {
        error:
          "must end in /v71: https://checkout-test.adyen.com/v71, or for real money " +
          "https://PREFIX-checkout-live.adyenpayments.com/checkout/v71 with the prefix of your account",
      }),
    ),
  }),

  connect(config, { fetch, now }) {
    const { ADYEN_API_URL: url, ADYEN_MERCHANT_ACCOUNT: merchantAccount } = config;
    const api = createApiClient(url, { "x-api-key": config.ADYEN_API_KEY }, fetch);
    const keys = config.ADYEN_HMAC_KEY.map((key) => Uint8Array.fromHex(key));
    const mode = modeOf(url);

    const readLink = (answer: ApiAnswer, id: string | null): Link => {
      deny(answer);
      const { data } = link.safeParse(answer.body);
      if (data?.merchantAccount !== merchantAccount || (id !== null && data.id !== id)) {
        throw new GatewayError("unknown", "Adyen's answer is not this payment link of this account");
      }
      return data;
    };

    const find = async (id: string): Promise<Link | null> => {
      const answer = await api.get(`/paymentLinks/${id}`);
      return isMissing(answer) ? null : readLink(answer, id);
    };

    const toObservation = (seen: Link, { transactionId, reference }: GatewayReference): Observation => {
      if (seen.reference !== transactionId) {
        throw new GatewayError("unknown", "Adyen's answer is about another transaction");
      }
      const { status, amount } = seen;
      const sum = { amount: readAmount(amount), currency: amount.currency };
      return { ...silence("unsaid", reference ?? seen.id), ...sum, status: LINK_STATUS[status], mode };
    };

    const retrieve = async (reference: GatewayReference): Promise<Observation> => {
      const [id] = split(reference);
      const seen = id === null ? null : await find(id);
      return seen ? toObservation(seen, reference) : silence("missing", null);
    };

    /**
     * The link of a payment that a person did something to under a reference of their own, if that link is ours. Its id
     * is not signed: it counts only together with the payment's, which is.
     */
    const ownLinkOf = async ({ originalReference, additionalData }: Item): Promise<string | null> => {
      const { paymentLinkId: id } = additionalData;
      const seen = id && originalReference ? await find(id).catch(passOverRefusal) : null;
      return seen && OURS.test(seen.reference) ? seen.id : null;
    };

    const toNotice = async (signed: Item, secret: number | null): Promise<Notice | null> => {
      if (signed.merchantAccountCode !== merchantAccount) {
        return null;
      }
      const [, transactionId = null, refundId = null] = OURS.exec(String(signed.merchantReference)) ?? [];
      const linked = transactionId === null ? await ownLinkOf(signed) : "";
      if (linked === null) {
        return null;
      }
      const said = readEvent(signed);
      const eventId = `${said.pspReference}_${said.eventCode}_${said.success}`;
      const receipt = { occurredAt: signed.eventDate, signedAt: null, secret };
      return { eventId, transactionId, observation: toNews(said, refundId, linked), receipt };
    };

    return {
      id: "adyen",
      title: "Adyen",
      mode,
      webhook: { events: EVENTS, advice: ADVICE },
      // Adyen names no least: a minute for the two clocks and the way.
      lifetime: { minMs: 60_000, maxMs: 70 * DAY_MS },
      unknownReference: "PLTST00000000000",
      retrieve,

      async create(request) {
        const { transactionId } = request;
        const body = { merchantAccount, ...toLinkRequest(request) };
        const answer = await api.post("/paymentLinks", body, { "idempotency-key": transactionId });
        const seen = readLink(answer, null);
        if (!isSame(seen.amount, body.amount)) {
          throw new GatewayError("unknown", "Adyen's link is for another sum");
        }
        const observation = toObservation(seen, { transactionId, reference: null });
        return { paymentUrl: seen.url, observation };
      },

      async expire(reference) {
        const [id] = split(reference);
        if (id === null) {
          return retrieve(reference);
        }
        const answer = await api.call("PATCH", `/paymentLinks/${id}`, { status: "expired" });
        // Refused: it is paid, or over already.
        const refused = answer.status === 400 || answer.status === 404 || answer.status === 422;
        return refused ? retrieve(reference) : toObservation(readLink(answer, id), reference);
      },

      async refund(reference, { refundId, amount, currency, reference: taken, createdAt }) {
        if (taken !== null) {
          // Adyen has it, and tells its end by webhook alone.
          return { status: "pending", reference: taken, failureCode: null };
        }
        const name = `${reference.transactionId}.${refundId}`;
        const [, payment] = split(reference);
        if (payment === null) {
          throw whyNoPayment(await retrieve(reference), name);
        }
        if (now() - createdAt > KEY_LIFE_MS) {
          throw new GatewayError("unknown", `Adyen may have forgotten this refund's key: ${byHand(name)}`);
        }
        const sum = writeAmount(amount, currency);
        const body = { merchantAccount, amount: sum, reference: name };
        const answer = await api.post(`/payments/${payment}/refunds`, body, { "idempotency-key": refundId });
        deny(answer);
        const { data } = received.safeParse(answer.body);
        if (data?.paymentPspReference !== payment || !isSame(data.amount, sum)) {
          throw new GatewayError("unknown", "Adyen's answer is not about this refund");
        }
        return { status: "pending", reference: data.pspReference, failureCode: null };
      },

      async readWebhook({ body }) {
        const notices: Notice[] = [];
        for (const { item, secret } of await readSigned(keys, mode, body)) {
          const notice = await toNotice(item, secret);
          notices.push(...(notice ? [notice] : []));
        }
        return notices;
      },

      probe: () => signProbe(keys, merchantAccount, mode),
    };
  },
});

/** "link", or "link/payment" once a webhook has told the payment. */
function split({ reference }: GatewayReference): [link: string | null, payment: string | null] {
  const [id = null, payment = null] = reference?.split("/") ?? [];
  return [id, payment];
}

/** @throws GatewayError for a refusal, or "unavailable" while the same key is under way */
function deny(answer: ApiAnswer): void {
  const { data } = serviceError.safeParse(answer.body);
  if (answer.status >= 400 && data?.errorCode === "704") {
    throw new GatewayError("unavailable", "Adyen is still at the same call");
  }
  refuse(answer);
}

/** Adyen's own word, not that of some other server at a wrong address. */
function isMissing({ status, body }: ApiAnswer): boolean {
  return status === 404 && serviceError.safeParse(body).data?.status === 404;
}

/** What the API's address says: keys of one environment do not work in the other. */
function modeOf(url: string): Observation["mode"] {
  const [, mode] = /-(live|test)\.adyen(?:payments)?\.com$/.exec(new URL(url).hostname) ?? [];
  return mode === "live" || mode === "test" ? mode : null;
}

function whyNoPayment({ status }: Observation, name: string): GatewayError {
  return status === "missing" || status === "pending" || status === "expired"
    ? new GatewayError("rejected", "there is no payment to refund")
    : new GatewayError(
        "unavailable",
        `no webhook of Adyen's has named the payment: wait, or ${byHand(name)}`,
      );
}

/** What an operator can do. @param name the refund's own reference, by which its news is known for ours */
const byHand = (name: string) => `look in the Customer Area; a refund made there under ${name} ends this one`;

/** @throws anything else than a refusal */
function passOverRefusal(error: unknown): null {
  if (error instanceof GatewayError && error.kind === "rejected") {
    return null;
  }
  throw error;
}
