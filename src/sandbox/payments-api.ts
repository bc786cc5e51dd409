/** The demo shop's way to payment-edge: the few calls that a shop's backend needs, over plain HTTP. */
import * as z from "zod/mini";
import type { Order } from "./demo-order.ts";

const transactionSchema = z.object({
  id: z.string(),
  status: z.string(),
  version: z.int(),
  amount: z.int(),
  amount_captured: z.int(),
  amount_refunded: z.int(),
  currency: z.string(),
  payment_url: z.nullable(z.string()),
  status_url: z.string(),
  client_secret: z.string(),
  late: z.boolean(),
  review_reason: z.nullable(z.string()),
  expires_at: z.string(),
});
const problemSchema = z.object({
  title: z.string(),
  detail: z.optional(z.string()),
  code: z.optional(z.string()),
});

export type Transaction = z.infer<typeof transactionSchema>;

/** Why a call did not work: RFC 9457, as the API answers it. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly code: string;
}

export type PaymentsResult =
  | { readonly transaction: Transaction; readonly problem: null }
  | { readonly transaction: null; readonly problem: Problem };

/** What the shop's people do with a payment. */
export type Deed =
  | { readonly kind: "capture" | "cancel" | "accept" | "reject" }
  | {
      readonly kind: "refund";
      /** Minor units. */
      readonly amount: number;
      /** The same key is the same refund. */
      readonly key: string;
    };

export interface PaymentsApi {
  /** @param attempt counted from 1; the same attempt may be repeated */
  create(order: Order, attempt: number, description: string): Promise<PaymentsResult>;
  read(id: string): Promise<PaymentsResult>;
  /** @returns null when it has worked */
  perform(id: string, deed: Deed): Promise<Problem | null>;
}

export interface PaymentsApiOptions {
  readonly publicUrl: string;
  readonly shopApiKey: string;
  readonly fetch: (request: Request) => Promise<Response>;
}

interface Answer {
  readonly status: number;
  readonly json: unknown;
}

/** A double click: the first call is still under way, and its answer is worth waiting for. */
const UNDER_WAY = "idempotency_in_progress";
const UNDER_WAY_TRIES = 10;
const UNDER_WAY_PAUSE_MS = 300;

export function createPaymentsApi({ publicUrl, shopApiKey, fetch }: PaymentsApiOptions): PaymentsApi {
  const call = async (path: string, init: RequestInit = {}): Promise<Answer | null> => {
    const request = new Request(`${publicUrl}/transactions${path}`, init);
    request.headers.set("authorization", `Bearer ${shopApiKey}`);
    try {
      const response = await fetch(request);
      return { status: response.status, json: await response.json().catch(() => undefined) };
    } catch {
      return null;
    }
  };
  const post = (path: string, body: unknown, key?: string) =>
    call(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...(key !== undefined && { "idempotency-key": key }) },
      body: JSON.stringify(body),
    });
  return {
    async create(order, attempt, description) {
      for (let tries = 1; ; tries += 1) {
        const body = creation(order, attempt, description, publicUrl);
        const result = toResult(await post("", body, `${order.id}:${attempt}`));
        if (result.problem?.code !== UNDER_WAY || tries === UNDER_WAY_TRIES) {
          return result;
        }
        await new Promise((resolve) => setTimeout(resolve, UNDER_WAY_PAUSE_MS));
      }
    },
    read: async (id) => toResult(await call(`/${encodeURIComponent(id)}`)),
    async perform(id, deed) {
      const path = `/${encodeURIComponent(id)}`;
      const answer =
        deed.kind === "refund"
          ? await post(`${path}/refunds`, { amount: deed.amount }, deed.key)
          : await post(`${path}/${deed.kind}`, {});
      return isGood(answer) ? null : toProblem(answer);
    },
  };
}

function creation(order: Order, attempt: number, description: string, publicUrl: string) {
  return {
    gateway: "sandbox",
    order_id: order.id,
    amount: order.amount,
    currency: order.currency,
    description,
    return_url: `${publicUrl}/demo/orders/${order.id}`,
    metadata: { product: order.product_id },
    // Who has let a short time pass gets the usual time for the next attempt.
    ...(attempt === 1 && order.expires_in !== null && { expires_in: order.expires_in }),
  };
}

function isGood(answer: Answer | null): answer is Answer {
  return answer !== null && answer.status >= 200 && answer.status < 300;
}

function toResult(answer: Answer | null): PaymentsResult {
  const transaction = isGood(answer) ? transactionSchema.safeParse(answer.json) : null;
  return transaction?.success
    ? { transaction: transaction.data, problem: null }
    : { transaction: null, problem: toProblem(answer) };
}

function toProblem(answer: Answer | null): Problem {
  if (answer === null) {
    return fail(503, "Payments cannot be reached", "Please try again in a moment.");
  }
  const problem = problemSchema.safeParse(answer.json);
  return problem.success
    ? fail(answer.status, problem.data.title, problem.data.detail ?? "", problem.data.code)
    : fail(502, "Payments gave an answer that the shop cannot read", `It was a ${answer.status}.`);
}

function fail(status: number, title: string, detail: string, code = ""): Problem {
  return { status, title, detail, code };
}
