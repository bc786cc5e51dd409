/**
 * The generic gateway: a small protocol that any payment service can be put behind, and that the built-in sandbox
 * speaks. docs/gateways.md, "The generic gateway's protocol". Callbacks are signed by Standard Webhooks.
 * Quirks: 404, 405 or 501 on expire means "cannot"; `refunded` is a success of which the money went back.
 */
import * as z from "zod/mini";
import { signWebhook, verifyWebhook } from "../lib/standard-webhooks.ts";
import { baseUrl, listOf, secret, webhookSecret } from "../lib/variables.ts";
import type { Observation } from "../transactions/observation.ts";
import type { Mode } from "../transactions/transaction.ts";
import {
  type CreateRequest,
  defineGateway,
  type Gateway,
  GatewayError,
  type GatewayReference,
  silence,
  TEST_ID,
  type Tools,
} from "./gateway.ts";
import { type ApiAnswer, createApiClient, keyed, parseBytes, refuse } from "./http.ts";
import { time } from "./receipt.ts";

export interface GenericConfig {
  readonly id: string;
  readonly title: string;
  /** Null where nobody but its answers tells. */
  readonly mode: Mode | null;
  readonly url: string;
  readonly apiKey: string;
  readonly webhookSecrets: readonly string[];
}

const amount = z.int().check(z.nonnegative());
const state = z.object({
  transaction_id: z.string().check(z.minLength(1), z.maxLength(255)),
  status: z.enum([
    "pending",
    "processing",
    "authorized",
    "success",
    "failure",
    "cancelled",
    "expired",
    "refunded",
  ]),
  amount,
  currency: z.string().check(z.maxLength(3)),
  amount_captured: z.optional(amount),
  amount_refunded: z.optional(amount),
  dispute: z.optional(z.enum(["open", "won", "lost"])),
  livemode: z.optional(z.boolean()),
  failure_code: z.catch(z.optional(z.string().check(z.regex(/^[a-z0-9_]{1,64}$/))), undefined),
});
type State = z.output<typeof state>;
const session = z.lazy(() =>
  z.object({
    payment_url: z.url({ protocol: /^https?$/ }),
    session_id: z.optional(z.string().check(z.maxLength(255))),
    livemode: z.optional(z.boolean()),
  }),
);
const refundState = z.lazy(() =>
  z.object({ refund_id: z.string(), status: z.enum(["pending", "success", "failure"]) }),
);
const callback = z.extend(state, {
  event_id: z.string().check(z.minLength(1), z.maxLength(255)),
  occurred_at: time,
});

/** Connects to a service that speaks the protocol. */
export function connectGeneric(config: GenericConfig, { fetch, now }: Tools): Gateway {
  const api = createApiClient(config.url, { authorization: `Bearer ${config.apiKey}` }, fetch);

  const retrieve = async ({ transactionId, reference }: GatewayReference): Promise<Observation> => {
    const answer = await api.get(`/status/${transactionId}`);
    return answer.status === 404
      ? silence("missing", reference)
      : readState(answer, transactionId, reference);
  };

  return {
    id: config.id,
    title: config.title,
    mode: config.mode,
    webhook: { events: [], advice: "Nothing to set up: each session tells it the callback_url." },
    retrieve,

    async create(request) {
      const answer = await api.post(
        "/create-session",
        toSessionRequest(request),
        keyed(request.transactionId),
      );
      refuse(answer);
      const parsed = session.safeParse(answer.body);
      if (!parsed.success) {
        throw new GatewayError("unknown", "the gateway's answer holds no payment_url");
      }
      const { payment_url: paymentUrl, session_id: reference = null } = parsed.data;
      const { amount: asked, currency } = request;
      const mode = toMode(parsed.data.livemode);
      return {
        paymentUrl,
        observation: { ...silence("missing", reference), status: "pending", amount: asked, currency, mode },
      };
    },

    async expire(reference) {
      const answer = await api.post(`/expire/${reference.transactionId}`, undefined);
      return [404, 405, 501].includes(answer.status)
        ? retrieve(reference)
        : readState(answer, reference.transactionId, reference.reference, 409);
    },

    async capture({ transactionId, reference }, request) {
      const answer = await api.post(
        `/capture/${transactionId}`,
        { amount: request.amount },
        keyed(request.key),
      );
      return readState(answer, transactionId, reference, 409);
    },

    async refund({ transactionId }, { refundId, amount: sum, currency }) {
      const body = { refund_id: refundId, amount: sum, currency };
      const answer = await api.post(`/refund/${transactionId}`, body, keyed(refundId));
      refuse(answer);
      const parsed = refundState.safeParse(answer.body);
      if (!parsed.success || parsed.data.refund_id !== refundId) {
        throw new GatewayError("unknown", "the gateway's answer is not this refund's state");
      }
      return { status: REFUND_STATUS[parsed.data.status], reference: refundId, failureCode: null };
    },

    async readWebhook({ headers, body }) {
      const proof = await verifyWebhook(config.webhookSecrets, headers, body, now());
      if (!proof) {
        throw new GatewayError("unverified", "the callback's signature does not verify");
      }
      const parsed = callback.safeParse(parseBytes(body));
      if (!parsed.success) {
        throw new GatewayError("malformed", "the callback is not of the protocol's form");
      }
      const { event_id: eventId, transaction_id: transactionId, occurred_at: occurredAt } = parsed.data;
      const observation = toObservation(parsed.data, null);
      return [{ eventId, transactionId, observation, receipt: { occurredAt, ...proof } }];
    },

    async probe() {
      const [id, at] = [`${TEST_ID}probe`, now()];
      const said = { event_id: id, transaction_id: id, status: "pending", amount: 0, currency: "XXX" };
      const body = JSON.stringify({ ...said, occurred_at: new Date(at).toISOString() });
      return { headers: { ...(await signWebhook(config.webhookSecrets.slice(0, 1), id, body, at)) }, body };
    },
  };
}

function toSessionRequest(request: CreateRequest) {
  return {
    transaction_id: request.transactionId,
    order_id: request.orderId,
    amount: request.amount,
    currency: request.currency,
    ...(request.description === null ? {} : { description: request.description }),
    callback_url: request.callbackUrl,
    return_url: request.returnUrl,
    cancel_url: request.cancelUrl,
    expires_at: new Date(request.expiresAt).toISOString(),
    capture: request.capture,
  };
}

/** @throws GatewayError for a refusal, or for an answer that is not this transaction's state */
function readState(
  answer: ApiAnswer,
  transactionId: string,
  reference: string | null,
  also?: number,
): Observation {
  if (answer.status !== also) {
    refuse(answer);
  }
  const parsed = state.safeParse(answer.body);
  if (!parsed.success || parsed.data.transaction_id !== transactionId) {
    throw new GatewayError("unknown", "the gateway's answer is not this transaction's state");
  }
  return toObservation(parsed.data, reference);
}

const REFUND_STATUS = { pending: "pending", success: "succeeded", failure: "failed" } as const;

function toMode(livemode: boolean | undefined): Observation["mode"] {
  if (livemode === undefined) {
    return null;
  }
  return livemode ? "live" : "test";
}

function toObservation(seen: State, reference: string | null): Observation {
  const rest = {
    reference,
    amount: seen.amount,
    currency: seen.currency,
    failureCode: seen.failure_code ?? null,
    amountCaptured: seen.amount_captured ?? null,
    dispute: seen.dispute ?? null,
    mode: toMode(seen.livemode),
  };
  const refunded = seen.amount_refunded ?? 0;
  switch (seen.status) {
    case "pending":
    case "processing":
    case "authorized":
    case "expired":
      return { ...rest, status: seen.status, amountRefunded: refunded };
    case "success":
      return { ...rest, status: "succeeded", amountRefunded: refunded };
    case "refunded":
      return {
        ...rest,
        status: "succeeded",
        amountRefunded: seen.amount_refunded ?? rest.amountCaptured ?? seen.amount,
      };
    case "failure":
      return { ...rest, status: "failed", amountRefunded: refunded };
    case "cancelled":
      return { ...rest, status: "canceled", amountRefunded: refunded };
  }
}

export const generic = defineGateway({
  id: "generic",
  config: z.object({
    GENERIC_GATEWAY_URL: baseUrl,
    GENERIC_GATEWAY_API_KEY: secret,
    GENERIC_GATEWAY_WEBHOOK_SECRET: listOf(webhookSecret),
  }),
  connect: (config, tools) =>
    connectGeneric(
      {
        id: "generic",
        title: "Generic gateway",
        mode: null,
        url: config.GENERIC_GATEWAY_URL,
        apiKey: config.GENERIC_GATEWAY_API_KEY,
        webhookSecrets: config.GENERIC_GATEWAY_WEBHOOK_SECRET,
      },
      tools,
    ),
});
