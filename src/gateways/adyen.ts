/**
 * Adyen payment links, Checkout API v71. https://docs.adyen.com/unified-commerce/pay-by-link/payment-links/api,
 * …/api-explorer/Checkout/71, …/api-explorer/Webhooks/1, …/development-resources/webhooks/secure-webhooks
 * Quirks: live hosts carry the merchant's own prefix, so ADYEN_API_URL has no default: none would be right, and play
 * money must not pass for real by an omission. A webhook's items are signed one by one, over eight fields joined with
 * colons, with no time among them; they have to be parsed to be verified, and all else in them is a hint. The payment's
 * pspReference, which refunds need, comes only so: a link's reference becomes "link/payment" then. A link tells of no
 * refund; a refund's end and disputes are news by webhook alone. It has one return address, for paid and unpaid.
 * No `capture`: its end comes by webhook alone, and a link that is "completed" does not tell held money from taken.
 * CAPTURE_FAILED, of money that was a success already, has no place in our states: it stays "unsaid".
 */
import * as z from "zod";
import { baseUrl, identifier, listOf, secret } from "../lib/variables.ts";
import type { Observation, ObservedStatus } from "../transactions/observation.ts";
import { type Item, linkId, pspReference, readEvent, readSigned, SILENT, toNews } from "./adyen-item.ts";
import { isSame, money, readAmount, writeAmount } from "./adyen-money.ts";
import {
  type CreateRequest,
  defineGateway,
  GatewayError,
  type GatewayReference,
  type Notice,
} from "./gateway.ts";
import { type ApiAnswer, createApiClient, refuse } from "./http.ts";
import { decodeHex } from "./signature.ts";

const DAY_MS = 24 * 60 * 60_000;
/** Keys are kept for 7 days at the least; https://docs.adyen.com/development-resources/api-idempotency */
const KEY_LIFE_MS = 6 * DAY_MS;
/** Ours: of a payment, or of a refund of it. */
const OURS = /^(txn_[0-9a-z]{26})(?:\.(rfd_[0-9a-z]{26}))?$/;

const linkStatus = z.enum(["active", "paymentPending", "completed", "paid", "expired"]);
const link = z.object({
  ...{ id: linkId, reference: z.string(), merchantAccount: z.string(), amount: money },
  status: linkStatus.or(z.string().transform(() => "undocumented" as const)),
  url: z.url({ protocol: /^https?$/ }),
});
type Link = z.output<typeof link>;
const received = z.object({ paymentPspReference: z.string(), pspReference, amount: money });
const serviceError = z.object({ status: z.int(), errorCode: z.string() });

const hmacKey = secret.refine((key) => (decodeHex(key)?.length ?? 0) >= 24, {
  error: "must be hexadecimal digits, at least 48, as the Customer Area shows an HMAC key",
});

export const adyen = defineGateway({
  id: "adyen",
  config: z.object({
    ADYEN_API_KEY: secret,
    ADYEN_MERCHANT_ACCOUNT: identifier,
    ADYEN_HMAC_KEY: listOf(hmacKey),
    ADYEN_API_URL: baseUrl.refine((url) => url.endsWith("/v71"), {
      error:
        "must end in /v71: https://checkout-test.adyen.com/v71, or for real money " +
        "https://PREFIX-checkout-live.adyenpayments.com/checkout/v71 with the prefix of your account",
    }),
  }),

  connect(config, { fetch, now }) {
    const { ADYEN_API_URL: url, ADYEN_MERCHANT_ACCOUNT: merchantAccount } = config;
    const api = createApiClient(url, { "x-api-key": config.ADYEN_API_KEY }, fetch);
    const keys = config.ADYEN_HMAC_KEY.map((key) => Uint8Array.fromHex(key));
    const mode = modeOf(url);

    const readLink = (answer: ApiAnswer): Link => {
      deny(answer);
      const parsed = link.safeParse(answer.body);
      if (!parsed.success || parsed.data.merchantAccount !== merchantAccount) {
        throw new GatewayError("unknown", "Adyen's answer is not a payment link of this account");
      }
      return parsed.data;
    };

    const find = async (id: string): Promise<Link | null> => {
      const answer = await api.get(`/paymentLinks/${id}`);
      return isMissing(answer) ? null : readLink(answer);
    };

    const toObservation = (seen: Link, { transactionId, reference }: GatewayReference): Observation => {
      if (seen.reference !== transactionId) {
        throw new GatewayError("unknown", "Adyen's answer is about another transaction");
      }
      const { status, amount } = seen;
      const sum = { amount: readAmount(amount), currency: amount.currency };
      return { ...SILENT, ...sum, status: LINK_STATUS[status], reference: reference ?? seen.id, mode };
    };

    const retrieve = async (reference: GatewayReference): Promise<Observation> => {
      const [id] = split(reference);
      const seen = id === null ? null : await find(id);
      return seen ? toObservation(seen, reference) : { ...SILENT, status: "missing" };
    };

    /** The link id of a webhook is not signed: what counts is whether that link is this transaction's. */
    const toReference = async (id: string, transactionId: string, payment: string) => {
      const seen = await find(id).catch((error: unknown) => {
        if (!(error instanceof GatewayError) || error.kind !== "rejected") {
          throw error;
        }
      });
      return seen?.reference === transactionId ? `${seen.id}/${payment}` : null;
    };

    const toNotice = async (signed: Item): Promise<Notice | null> => {
      const [, transactionId, refundId = null] = OURS.exec(String(signed.merchantReference)) ?? [];
      if (transactionId === undefined || signed.merchantAccountCode !== merchantAccount) {
        return null;
      }
      const said = readEvent(signed);
      const seen = toNews(said, refundId);
      const hint = seen.status === "succeeded" ? signed.additionalData.paymentLinkId : undefined;
      const reference = hint ? await toReference(hint, transactionId, said.pspReference) : null;
      const eventId = `${said.pspReference}_${said.eventCode}_${said.success}`;
      return { eventId, transactionId, observation: { ...seen, reference } };
    };

    return {
      id: "adyen",
      title: "Adyen",
      // Adyen names no least: a minute for the two clocks and the way.
      lifetime: { minMs: 60_000, maxMs: 70 * DAY_MS },
      retrieve,

      async create(request) {
        const { transactionId } = request;
        const body = { merchantAccount, ...toLinkRequest(request) };
        const seen = readLink(await api.post("/paymentLinks", body, { "idempotency-key": transactionId }));
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
        return refused ? retrieve(reference) : toObservation(readLink(answer), reference);
      },

      async refund(reference, { refundId, amount, currency, reference: taken, createdAt }) {
        if (taken !== null) {
          // Adyen has it, and tells its end by webhook alone.
          return { status: "pending", reference: taken, failureCode: null };
        }
        const [, payment] = split(reference);
        if (payment === null) {
          throw whyNoPayment(await retrieve(reference));
        }
        if (now() - createdAt > KEY_LIFE_MS) {
          throw new GatewayError("unknown", "Adyen may have forgotten this refund's key: look there first");
        }
        const sum = writeAmount(amount, currency);
        const body = { merchantAccount, amount: sum, reference: `${reference.transactionId}.${refundId}` };
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
        for (const signed of await readSigned(keys, mode, body)) {
          const notice = await toNotice(signed);
          notices.push(...(notice ? [notice] : []));
        }
        return notices;
      },
    };
  },
});

/** "link", or "link/payment" once a webhook has told the payment. */
function split({ reference }: GatewayReference): [link: string | null, payment: string | null] {
  const [id = null, payment = null] = reference?.split("/") ?? [];
  return [id, payment];
}

function toLinkRequest(request: CreateRequest) {
  const { country, locale } = request.customer ?? {};
  return {
    reference: request.transactionId,
    amount: writeAmount(request.amount, request.currency),
    returnUrl: request.returnUrl,
    expiresAt: `${new Date(request.expiresAt).toISOString().slice(0, 19)}Z`,
    reusable: false,
    // Whatever the account's own setting is: an authorisation is a success then.
    captureDelayHours: 0,
    ...(request.description === null ? {} : { description: request.description.slice(0, 280) }),
    ...(country === undefined ? {} : { countryCode: country }),
    ...(locale && /^[a-z]{2}-[A-Z]{2}$/.test(locale) ? { shopperLocale: locale } : {}),
  };
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

function whyNoPayment({ status }: Observation): GatewayError {
  return status === "missing" || status === "pending" || status === "expired"
    ? new GatewayError("rejected", "there is no payment to refund")
    : new GatewayError("unavailable", "Adyen has not told by webhook which payment this is");
}

const LINK_STATUS = {
  active: "pending",
  paymentPending: "processing",
  completed: "succeeded",
  paid: "succeeded",
  expired: "expired",
  undocumented: "unsaid",
} as const satisfies Record<Link["status"], ObservedStatus>;
