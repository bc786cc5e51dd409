/**
 * Mollie's two kinds of webhook: https://docs.mollie.com/reference/webhooks (classic: a bare id, not signed) and
 * https://docs.mollie.com/reference/webhooks-new (an event, signed over the body). Both only name a payment to look at.
 */
import * as z from "zod/mini";
import { isLoopback } from "../lib/variables.ts";
import { GatewayError, type Probe, type RawWebhook, type Receipt, TEST_ID } from "./gateway.ts";
import { parseBytes } from "./http.ts";
import { PAYMENT_ID } from "./mollie-payment.ts";
import { time } from "./receipt.ts";
import { decodeHex, signHmac, utf8, verifyHmac } from "./signature.ts";

/** What a next-gen webhook subscribes to. */
export const EVENTS = [
  ...["payment.paid", "payment.authorized", "payment.failed", "payment.canceled", "payment.expired"],
  ...["payment.pending", "refund.queued", "refund.pending", "refund.processing", "refund.refunded"],
  ...["refund.failed", "refund.canceled", "chargeback.received", "chargeback.reversed"],
  ...["capture.succeeded", "capture.failed"],
];

const event = z.lazy(() =>
  z.object({
    resource: z.literal("event"),
    id: z.string().check(z.minLength(1), z.maxLength(255)),
    type: z.string().check(z.minLength(1)),
    entityId: z.string(),
    createdAt: time,
    _embedded: z.nullish(z.object({ entity: z.nullish(z.object({ paymentId: z.optional(z.string()) })) })),
    _links: z.nullish(z.object({ entity: z.nullish(z.object({ href: z.string() })) })),
  }),
);

const proofOf = (transactionId: string) => utf8(`payment-edge classic webhook ${transactionId}`);

/** The address for classic webhooks: it names the transaction, and proves that we made it. The first secret signs. */
export async function proven(callbackUrl: string, transactionId: string, [secret = ""]: readonly string[]) {
  const proof = await signHmac("SHA-256", secret, proofOf(transactionId));
  const url = new URL(callbackUrl);
  url.searchParams.set("transaction", transactionId);
  url.searchParams.set("proof", proof.toHex());
  return url.href;
}

/** An event of nobody's, signed. */
export async function signProbe([secret = ""]: readonly string[]): Promise<Probe> {
  const id = `event_${TEST_ID}probe`;
  const body = JSON.stringify({ resource: "event", id, type: "probe", entityId: id });
  const mac = await signHmac("SHA-256", secret, utf8(body));
  return { headers: { "x-mollie-signature": `sha256=${mac.toHex()}` }, body };
}

/** A payment that is worth a look. */
export interface Hint {
  readonly paymentId: string;
  /** Of next-gen webhooks. */
  readonly eventId: string | null;
  /** The transaction that the address of a classic one names. */
  readonly transactionId: string | null;
  readonly receipt: Receipt;
}

/**
 * @returns null for what is of no concern here
 * @throws GatewayError "unverified" or "malformed"
 */
export async function readHint(webhook: RawWebhook, secrets: readonly string[]): Promise<Hint | null> {
  const signature = webhook.headers.get("x-mollie-signature");
  return signature === null ? readClassic(webhook, secrets) : readEvent(webhook, signature, secrets);
}

/** @param signature several, with a comma between them, for a day after Mollie's secret was rotated */
async function readEvent({ body }: RawWebhook, signature: string, secrets: readonly string[]) {
  const signatures = signature.split(",").map((each) => decodeHex(each.trim().replace(/^sha256=/, "")));
  const secret = await verifyHmac("SHA-256", secrets, body, signatures);
  if (secret === null) {
    throw new GatewayError("unverified", "the webhook's signature does not verify");
  }
  const { data } = event.safeParse(parseBytes(body));
  if (!data) {
    throw new GatewayError("malformed", "the webhook is not of the documented form");
  }
  const paymentId = paymentOf(data);
  const receipt = { occurredAt: data.createdAt, signedAt: null, secret };
  return paymentId === null ? null : { paymentId, eventId: data.id, transactionId: null, receipt };
}

/**
 * `id=tr_…`, and nothing else. A wrong proof is refused. Without one it is a stranger's, and no reason to call Mollie;
 * but in development, where Mollie was told no address, it is a hint like any other.
 */
async function readClassic({ url, body }: RawWebhook, secrets: readonly string[]) {
  const called = new URL(url);
  const paymentId = new URLSearchParams(new TextDecoder().decode(body)).get("id");
  const transactionId = called.searchParams.get("transaction");
  const proof = called.searchParams.get("proof");
  const isBare = transactionId === null && proof === null;
  const signed = proofOf(transactionId ?? "");
  const secret = isBare ? null : await verifyHmac("SHA-256", secrets, signed, [decodeHex(proof)]);
  if (paymentId === null || (secret === null && !isBare)) {
    throw new GatewayError("unverified", "the webhook is not signed, nor proven by its address");
  }
  const isStrange = isBare && !isLoopback(called);
  const receipt = { occurredAt: null, signedAt: null, secret };
  return isStrange || !PAYMENT_ID.test(paymentId)
    ? null
    : { paymentId, eventId: null, transactionId, receipt };
}

/** The payment that an event is about; null where it is of no concern here, such as a payout or a payment link. */
function paymentOf({ type, entityId, _embedded, _links }: z.output<typeof event>): string | null {
  if (!/^(payment|refund|chargeback|capture)\./.test(type)) {
    return null;
  }
  const [, linked] = /\/payments\/(tr_[0-9A-Za-z]+)/.exec(_links?.entity?.href ?? "") ?? [];
  const told = [entityId, _embedded?.entity?.paymentId, linked];
  return told.find((id) => id !== undefined && PAYMENT_ID.test(id)) ?? null;
}
