/** How things at Razorpay are found: links, the payments of a link, and their refunds. */
import { GatewayError, type GatewayReference } from "./gateway.ts";
import type { ApiClient } from "./http.ts";
import {
  type Link,
  link,
  links,
  type Payment,
  payment,
  payments,
  type Refund,
  read,
  refunds,
  says,
} from "./razorpay-link.ts";

const REFUNDS_A_PAGE = 100;
const MAX_REFUND_PAGES = 20;

/** @returns null for a link that Razorpay has never heard of */
export async function find(
  api: ApiClient,
  { transactionId, reference }: GatewayReference,
): Promise<Link | null> {
  if (reference === null) {
    return search(api, transactionId);
  }
  const answer = await api.get(`/v1/payment_links/${encodeURIComponent(reference)}`);
  if (says(answer, "does not exist")) {
    return null;
  }
  const seen = read(link, answer);
  if (seen.id !== reference || seen.reference_id !== transactionId) {
    throw new GatewayError("unknown", "Razorpay's answer is about another transaction");
  }
  return seen;
}

/** By our id, which is unique there. */
export async function search(api: ApiClient, transactionId: string): Promise<Link | null> {
  const { payment_links: found } = read(
    links,
    await api.get(`/v1/payment_links?reference_id=${transactionId}`),
  );
  return found?.find((one) => one.reference_id === transactionId) ?? null;
}

export async function findByPayment(
  api: ApiClient,
  { id, order_id: order }: { readonly id: string; readonly order_id?: string | null | undefined },
): Promise<Link | null> {
  const answer = await api.get(`/v1/payment_links?payment_id=${encodeURIComponent(id)}`);
  const isIts = (one: Link) =>
    (order && one.order_id === order) || one.payments?.some((own) => own.payment_id === id);
  return read(links, answer).payment_links?.find(isIts) ?? null;
}

/** All that were tried, where the link has an order yet; else those that it lists itself. */
export async function listPayments(api: ApiClient, seen: Link): Promise<Payment[]> {
  if (seen.order_id) {
    const path = `/v1/orders/${encodeURIComponent(seen.order_id)}/payments`;
    return read(payments, await api.get(path)).items;
  }
  const found: Payment[] = [];
  for (const { payment_id: id } of seen.payments ?? []) {
    const one = read(payment, await api.get(`/v1/payments/${encodeURIComponent(id)}`));
    if (one.id !== id) {
      throw new GatewayError("unknown", "Razorpay's answer is about another payment");
    }
    found.push(one);
  }
  return found;
}

export async function listRefunds(api: ApiClient, of: readonly Payment[]): Promise<Refund[]> {
  const lists = await Promise.all(of.map(({ id }) => listRefundsOf(api, id)));
  return lists.flat();
}

async function listRefundsOf(api: ApiClient, id: string): Promise<Refund[]> {
  const path = `/v1/payments/${encodeURIComponent(id)}/refunds?count=${REFUNDS_A_PAGE}`;
  const found: Refund[] = [];
  for (let page = 0; page < MAX_REFUND_PAGES; page += 1) {
    const { items } = read(refunds, await api.get(`${path}&skip=${page * REFUNDS_A_PAGE}`));
    found.push(...items.filter((one) => one.payment_id === id));
    if (items.length < REFUNDS_A_PAGE) {
      return found;
    }
  }
  throw new GatewayError("unknown", "Razorpay's list of refunds has no end");
}
