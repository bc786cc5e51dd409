/**
 * The items of Adyen's webhooks: verified one by one, and what their signed fields say. There is no time among those,
 * and they have to be parsed to be verified. https://docs.adyen.com/api-explorer/Webhooks/1
 */
import * as z from "zod/mini";
import type { Observation, ObservedRefund } from "../transactions/observation.ts";
import { money, readAmount } from "./adyen-money.ts";
import { GatewayError, type Probe, silence, TEST_ID } from "./gateway.ts";
import { parseBytes } from "./http.ts";
import { time } from "./receipt.ts";
import { decodeBase64, signHmac, utf8, verifyHmac } from "./signature.ts";

export const linkId = z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/));
export const pspReference = z.string().check(z.regex(/^[A-Za-z0-9]{1,64}$/));

/** Before anything of it is believed. */
const item = z.lazy(() =>
  z.looseObject({
    amount: z.looseObject({}),
    additionalData: z.object({
      hmacSignature: z.string(),
      paymentLinkId: z.catch(z.optional(linkId), undefined),
    }),
    /** Not signed either: to be shown, and for nothing else. */
    eventDate: time,
  }),
);
export type Item = z.output<typeof item>;
type Bytes = Uint8Array<ArrayBuffer>;
type Fields = Readonly<Record<string, unknown>>;
const envelope = z.lazy(() =>
  z.object({
    live: z.unknown(),
    notificationItems: z.array(z.object({ NotificationRequestItem: item })).check(z.minLength(1)),
  }),
);
/** No field may hold a colon, so what was joined for the signature comes apart in one way only. */
const event = z.lazy(() =>
  z.object({
    pspReference,
    originalReference: z.nullish(z.union([z.literal(""), pspReference])),
    amount: money,
    eventCode: z.string().check(z.regex(/^[A-Z][A-Z0-9_]{0,63}$/)),
    success: z.enum(["true", "false"]),
  }),
);
type Event = z.output<typeof event>;

/**
 * @returns each item, with the position of the key that has signed it
 * @throws GatewayError "unverified" unless one of the keys has signed every item
 */
export async function readSigned(
  keys: readonly Bytes[],
  mode: Observation["mode"],
  body: Bytes,
): Promise<{ readonly item: Item; readonly secret: number | null }[]> {
  const { data } = envelope.safeParse(parseBytes(body));
  const items = data?.notificationItems.map((each) => each.NotificationRequestItem) ?? [];
  const signed = await Promise.all(
    items.map(async (each) => ({ item: each, secret: await findSigner(keys, each) })),
  );
  if (!data || signed.some(({ secret }) => secret === null)) {
    throw new GatewayError("unverified", "not every item of the webhook is signed by a known key");
  }
  // Not signed, so nothing follows from it but this: news of the other environment is refused.
  if (mode !== null && String(data.live) !== String(mode === "live")) {
    throw new GatewayError("unverified", "the webhook is of Adyen's other environment");
  }
  return signed;
}

function findSigner(keys: readonly Bytes[], signed: Item): Promise<number | null> {
  return verifyHmac("SHA-256", keys, textOf(signed), [decodeBase64(signed.additionalData.hmacSignature)]);
}

/** What is signed of an item. */
function textOf(signed: Fields & { readonly amount: Fields }): Bytes {
  const { pspReference: id, originalReference, merchantAccountCode, merchantReference } = signed;
  const { amount, eventCode, success } = signed;
  const references = [id, originalReference, merchantAccountCode, merchantReference];
  const fields = [...references, amount.value, amount.currency, eventCode, success];
  return utf8(fields.map((field) => String(field ?? "")).join(":"));
}

/** An item of nobody's, signed; it names no payment, so that its signature serves for none. */
export async function signProbe(
  [key = utf8("")]: readonly Bytes[],
  merchantAccountCode: string,
  mode: Observation["mode"],
): Promise<Probe> {
  const references = { pspReference: "", originalReference: "", merchantReference: `${TEST_ID}probe` };
  const said = { amount: { value: 0, currency: "XXX" }, eventCode: "PROBE", success: "false" };
  const signed = { ...references, merchantAccountCode, ...said };
  const mac = await signHmac("SHA-256", key, textOf(signed));
  const NotificationRequestItem = { ...signed, additionalData: { hmacSignature: mac.toBase64() } };
  const live = String(mode === "live");
  return { headers: {}, body: JSON.stringify({ live, notificationItems: [{ NotificationRequestItem }] }) };
}

/** @throws GatewayError "malformed" */
export function readEvent(signed: Item): Event {
  const parsed = event.safeParse(signed);
  if (!parsed.success) {
    throw new GatewayError("malformed", "an item of the webhook is not of the documented form");
  }
  return parsed.data;
}

/**
 * What the signed fields of an item say. Its `reason` is not among them.
 * @param refundId of a refund of ours, whose name says whose it is
 * @param link "" where it need not be known: the payment is named as "/payment" then
 */
export function toNews(
  { pspReference: id, originalReference, amount, eventCode, success }: Event,
  refundId: string | null,
  link: string,
): Observation {
  const isTrue = success === "true";
  const sum = readAmount(amount);
  const payment = eventCode === "AUTHORISATION" && isTrue ? id : originalReference;
  const reference = payment && refundId === null ? `${link}/${payment}` : null;
  const unsaid: Observation = { ...silence("unsaid", reference), currency: amount.currency };
  const refunded = (status: ObservedRefund["status"], failureCode: string | null): Observation =>
    sum === null || sum === 0
      ? unsaid
      : { ...unsaid, refund: { id: refundId, reference: id, amount: sum, status, failureCode } };
  switch (eventCode) {
    case "AUTHORISATION":
      // A failed attempt leaves the page open.
      return { ...unsaid, status: isTrue ? "succeeded" : "pending", amount: sum };
    case "OFFER_CLOSED":
      return { ...unsaid, status: "pending", amount: sum };
    case "PENDING":
      return isTrue ? { ...unsaid, status: "processing", amount: sum } : unsaid;
    case "REFUND":
      return isTrue ? refunded("succeeded", null) : refunded("failed", "refund_refused");
    case "REFUND_FAILED":
    case "REFUNDED_REVERSED":
      return isTrue ? refunded("failed", eventCode.toLowerCase()) : unsaid;
    case "CANCELLATION":
    case "CANCEL_OR_REFUND":
    case "TECHNICAL_CANCEL":
      // Called off by a person at Adyen: what was authorised goes back.
      return isTrue ? refunded("succeeded", null) : unsaid;
    default:
      return { ...unsaid, dispute: isTrue ? toDispute(eventCode) : null };
  }
}

/** https://docs.adyen.com/risk-management/disputes-api/dispute-notifications */
const DISPUTES = {
  // A failed capture is no dispute, but it too takes money that passed for ours; Adyen may yet repeat it.
  open:
    "REQUEST_FOR_INFORMATION NOTIFICATION_OF_CHARGEBACK CHARGEBACK PREARBITRATION_OPEN SCHEME_ARBITRATION " +
    "CAPTURE_FAILED",
  won:
    "CHARGEBACK_REVERSED ISSUER_RESPONSE_TIMEFRAME_EXPIRED PREARBITRATION_WON PREARBITRATION_ISSUER_WITHDRAWN " +
    "SCHEME_ARBITRATION_WON",
  lost: "DISPUTE_DEFENSE_PERIOD_ENDED SECOND_CHARGEBACK PREARBITRATION_LOST SCHEME_ARBITRATION_LOST",
};

/** What means something here, and so what a webhook subscribes to. */
export const EVENTS = [
  ...["AUTHORISATION", "OFFER_CLOSED", "PENDING", "REFUND", "REFUND_FAILED", "REFUNDED_REVERSED"],
  ...["CANCELLATION", "CANCEL_OR_REFUND", "TECHNICAL_CANCEL"],
  ...Object.values(DISPUTES).flatMap((codes) => codes.split(" ")),
];

function toDispute(eventCode: string): Observation["dispute"] {
  const is = (stage: keyof typeof DISPUTES) => DISPUTES[stage].split(" ").includes(eventCode);
  return (["open", "won", "lost"] as const).find(is) ?? null;
}
