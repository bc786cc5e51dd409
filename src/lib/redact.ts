/**
 * What a gateway sent, with nothing left that could be somebody's: names of fields stay, values only where they can be
 * none but a status, an id, a time, a sum. Whoever looks for a webhook's meaning finds it, and no buyer.
 */

const HIDDEN = "…";
const MAX_CHARACTERS = 4096;
const MAX_ITEMS = 20;
const DEPTHS = [10, 6, 5, 4, 3, 2, 1];

/** Fields whose values are words of the gateway's own, its ids and times. */
const TOLD = new Set(
  `id object entity type event event_id event_type eventcode event_code resource_type resource_version status state
  success live livemode live_mode mode currency currency_code created created_at create_time update_time updated_at
  occurred_at occurredat eventdate paid_at version payment_status payment_id payment_link_id refund_id order_id
  transaction_id merchant_id location_id pspreference originalreference merchantreference merchantaccountcode
  reference api_version failure_code error_code dispute domain channel method paymentmethod intent final_capture
  final_payment merchant_reference operation operations`
    .split(/\s+/)
    .filter(Boolean),
);
/** Sums of money, where a currency stands beside them. */
const SUMS = /^(amount|value|total|price|fee|fees|tax|net|gross|paid|.*_amount|amount_.*|.*_money)$/;
/** Whatever is in there may name a person, or what a person pays with. */
const PRIVATE =
  /payer|customer|shopper|buyer|billing|shipping|card|bank|contact|e_?mail|name|address|phone|source|payment_method|authorization|wallet|vpa|upi|iban|tax_id|ip$|notes|metadata|custom|additional|details|receipt|description|links|href|url/;
/** One word: no blank, no @. */
const WORD = /^[A-Za-z0-9][\w.:+/-]{0,99}$/;
const NUMBER = /^-?\d{1,16}(\.\d{1,8})?$/;
const FIELD = /^[\w.-]{1,60}$/;

/**
 * @param body JSON or a form in UTF-8
 * @returns JSON of at most 4,096 characters, deep parts cut where it would be longer; null for anything else
 */
export function redactPayload(body: Uint8Array): string | null {
  const payload = parse(body);
  if (payload === undefined) {
    return null;
  }
  for (const depth of DEPTHS) {
    const text = JSON.stringify(redact(payload, depth));
    if (text.length <= MAX_CHARACTERS) {
      return text;
    }
  }
  return null;
}

function parse(body: Uint8Array): object | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body);
    const value: unknown = text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : fromForm(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function fromForm(text: string): object | undefined {
  return /^[\w.[\]%-]{1,60}=/.test(text) ? Object.fromEntries(new URLSearchParams(text)) : undefined;
}

function redact(value: object, depth: number): unknown {
  if (depth === 0) {
    return HIDDEN;
  }
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_ITEMS).map((item) => redactItem(item, depth));
    return value.length > MAX_ITEMS ? [...items, HIDDEN] : items;
  }
  const hasCurrency = Object.keys(value).some((key) => /currency/i.test(key));
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => {
      const name = FIELD.test(key) ? key : HIDDEN;
      return [name, redactField(key.toLowerCase(), part, hasCurrency, depth)];
    }),
  );
}

function redactItem(item: unknown, depth: number): unknown {
  return typeof item === "object" && item !== null ? redact(item, depth - 1) : HIDDEN;
}

function redactField(key: string, value: unknown, hasCurrency: boolean, depth: number): unknown {
  if (value === null || typeof value === "boolean") {
    return value;
  }
  if (typeof value === "object") {
    return PRIVATE.test(key) ? HIDDEN : redact(value, depth - 1);
  }
  const text = String(value);
  const isTold = TOLD.has(key) && WORD.test(text);
  const isSum = hasCurrency && SUMS.test(key) && NUMBER.test(text);
  return isTold || isSum ? value : HIDDEN;
}
