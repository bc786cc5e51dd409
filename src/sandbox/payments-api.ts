/** The demo shop's way to payment-edge: the few calls that a shop's backend needs, over plain HTTP. */
import * as z from "zod";
import type { Order } from "./demo-order.ts";

const transactionSchema = z.object({
  id: z.string(),
  status: z.string(),
  version: z.int(),
  amount: z.int(),
  amount_refunded: z.int(),
  currency: z.string(),
  payment_url: z.string().nullable(),
  status_url: z.string(),
  client_secret: z.string(),
  expires_at: z.string(),
});
const problemSchema = z.object({
  title: z.string(),
  detail: z.string().optional(),
  code: z.string().optional(),
});

export type Transaction = z.infer<typeof transactionSchema>;

/** Why a call gave no transaction: RFC 9457, as the API answers it. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly code: string;
}

export type PaymentsResult =
  | { readonly transaction: Transaction; readonly problem: null }
  | { readonly transaction: null; readonly problem: Problem };

export interface PaymentsApi {
  /** @param attempt counted from 1; the same attempt may be repeated */
  create(order: Order, attempt: number, description: string): Promise<PaymentsResult>;
  read(id: string): Promise<PaymentsResult>;
}

export interface PaymentsApiOptions {
  readonly publicUrl: string;
  readonly shopApiKey: string;
  readonly fetch: (request: Request) => Promise<Response>;
}

export function createPaymentsApi({ publicUrl, shopApiKey, fetch }: PaymentsApiOptions): PaymentsApi {
  const call = async (path: string, init: RequestInit & { headers?: Record<string, string> }) => {
    const headers = { authorization: `Bearer ${shopApiKey}`, ...init.headers };
    try {
      return await readAnswer(await fetch(new Request(`${publicUrl}${path}`, { ...init, headers })));
    } catch {
      return fail(503, "Payments cannot be reached", "Please try again in a moment.");
    }
  };
  return {
    create: (order, attempt, description) =>
      call("/transactions", {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": `${order.id}:${attempt}` },
        body: JSON.stringify({
          gateway: "sandbox",
          order_id: order.id,
          amount: order.amount,
          currency: order.currency,
          description,
          return_url: `${publicUrl}/demo/orders/${order.id}`,
          metadata: { product: order.product_id },
        }),
      }),
    read: (id) => call(`/transactions/${encodeURIComponent(id)}`, {}),
  };
}

async function readAnswer(response: Response): Promise<PaymentsResult> {
  const json: unknown = await response.json().catch(() => undefined);
  const transaction = transactionSchema.safeParse(json);
  if (response.ok && transaction.success) {
    return { transaction: transaction.data, problem: null };
  }
  const problem = problemSchema.safeParse(json);
  return problem.success
    ? fail(response.status, problem.data.title, problem.data.detail ?? "", problem.data.code)
    : fail(502, "Payments gave an answer that the shop cannot read", `It was a ${response.status}.`);
}

function fail(status: number, title: string, detail: string, code = ""): PaymentsResult {
  return { transaction: null, problem: { status, title, detail, code } };
}
