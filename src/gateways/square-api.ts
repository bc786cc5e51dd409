/** How Square's answers are read, and an order with all that belongs to it. */
import * as z from "zod/mini";
import { GatewayError } from "./gateway.ts";
import { type ApiAnswer, type ApiClient, refuse } from "./http.ts";
import {
  type Order,
  order,
  type Payment,
  payment,
  paymentIds,
  type Refund,
  refund,
  type Seen,
} from "./square-order.ts";

const errors = z.lazy(() => z.object({ errors: z.array(z.object({ code: z.string() })) }));

/** @throws GatewayError for a refusal, or "unknown" for another form */
export function read<T extends z.ZodMiniType>(answer: ApiAnswer, form: T): z.output<T> {
  refuse(answer);
  const parsed = form.safeParse(answer.body);
  if (!parsed.success) {
    throw new GatewayError("unknown", "Square's answer is not of its form");
  }
  return parsed.data;
}

/** @returns null where Square has never heard of it */
export async function find<T extends z.ZodMiniType>(
  api: ApiClient,
  path: string,
  form: T,
): Promise<z.output<T> | null> {
  const answer = await api.get(path);
  return isUnheard(answer) ? null : read(answer, form);
}

/** Square's words for why not. */
export const codesOf = ({ body }: ApiAnswer) =>
  errors.safeParse(body).data?.errors.map(({ code }) => code) ?? [];

/** A 404 of Square's own, and not of something on the way. */
export const isUnheard = (answer: ApiAnswer) =>
  answer.status === 404 && codesOf(answer).includes("NOT_FOUND");

/** @returns null when there is no such order */
export async function findOrder(api: ApiClient, orderId: string): Promise<Order | null> {
  const found = await find(api, `/v2/orders/${orderId}`, z.object({ order }));
  if (found && found.order.id !== orderId) {
    throw new GatewayError("unknown", "Square's answer is about another order");
  }
  return found?.order ?? null;
}

/** How an order stands that is known to be ours: another's tenders may be of any kind. */
export async function see(api: ApiClient, found: Order): Promise<Seen> {
  const payments = await Promise.all(paymentIds(found).map((id) => pay(api, id, found.id)));
  const refunds = payments.flatMap(({ refund_ids = [] }) => refund_ids).map((id) => give(api, id));
  return { order: found, payments, refunds: await Promise.all(refunds) };
}

async function pay(api: ApiClient, id: string, orderId: string): Promise<Payment> {
  const found = await find(api, `/v2/payments/${id}`, z.object({ payment }));
  if (found?.payment.order_id !== orderId) {
    throw new GatewayError("unknown", "Square's payment is not this order's");
  }
  return found.payment;
}

async function give(api: ApiClient, id: string): Promise<Refund> {
  const found = await find(api, `/v2/refunds/${id}`, z.object({ refund }));
  if (!found) {
    throw new GatewayError("unknown", "Square does not know a refund that it named");
  }
  return found.refund;
}
