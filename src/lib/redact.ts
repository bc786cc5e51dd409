/**
 * What a gateway sent, with nothing left that could be somebody's: names of fields stay, values only where they can be
 * none but a status, an id, a time, a sum. Whoever looks for a webhook's meaning finds it, and no buyer.
 */

const HIDDEN = "…";
const MAX_CHARACTERS = 4096;
const MAX_ITEMS = 20;
/** What is tried until it is short enough: whole, then without what is hidden or empty, then less and less deep. */
const VIEWS = [
  { depth: 10, terse: false },
  ...[10, 6, 5, 4, 3, 2, 1].map((depth) => ({ depth, terse: true })),
];

/** Fields whose values are words of the gateway's own, and its ids. */
const TOLD = new Set(
  `id object entity resource type event event_id event_type event_version eventcode event_code resource_type
  resource_version product_type source_type sequencetype status state statusreason success live livemode
  live_mode mode version payment_status refund_status payment_id payment_intent
  payment_link_id latest_charge charge refund refund_id order_id transaction_id entityid capture_id
  authorization_id dispute_id dispute_state dispute_status dispute_outcome merchant_id location_id account_id
  profileid pspreference originalreference merchantreference merchantaccountcode reference api_version
  failure_code failure_reason error_code error_reason decline_code reason_code dispute domain channel method
  paymentmethod intent capture_method final_capture final_payment merchant_reference operation operations`
    .split(/\s+/)
    .filter(Boolean),
);
/** A field of this name is shown where it holds a moment: a birthday is none. */
const TIMES = /^(?!.*birth)(.*(_at|_time|_date|[a-z](At|Time|Date))|created|expire_by)$/;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d[\d:.]{0,20}(Z|[+-]\d\d:?\d\d)?$/;
/** Epoch seconds, or milliseconds, of this century. */
const isEpoch = (value: unknown) =>
  typeof value === "number" && ((value > 9e8 && value < 5e9) || (value > 9e11 && value < 5e12));
/** An id that was given here, wherever a gateway repeats it. */
const OURS = /^(txn|rfd|tst)_[0-9a-z]{26}$/;
const CURRENCY = /^currency(_?code)?$/i;
const CODE = /^[A-Za-z]{3}$/;
/** Sums of money, where a currency stands beside them. */
const SUMS = /^(amount|value|total|price|fee|fees|tax|net|gross|paid|.*_amount|amount_.*|.*_money)$/;
/** Whatever is in there may name a person, or what a person pays with. */
const PRIVATE =
  /payer|payee|customer|shopper|buyer|consumer|holder|owner|user|person|recipient|sender|debtor|creditor|account|billing|shipping|card|bank|contact|e_?mail|name|address|phone|(?<!re)source|payment_?method|^authorization$|wallet|vpa|upi|iban|tax_?id|(^|_)ip$|device|browser|notes|metadata|custom|additional|details|receipt|description|links|href|url/;
/** One word: no blank, no @. */
const WORD = /^[A-Za-z0-9][\w.:+/-]{0,99}$/;
const NUMBER = /^-?\d{1,16}(\.\d{1,8})?$/;
const FIELD = /^[A-Za-z_][\w-]{0,59}$/;

/**
 * @param body JSON or a form in UTF-8
 * @returns JSON of at most 4,096 characters, of which parts are left out where it would be longer; null for anything else
 */
export function redactPayload(body: Uint8Array): string | null {
  const payload = parse(body);
  if (payload === undefined) {
    return null;
  }
  for (const { depth, terse } of VIEWS) {
    const text = JSON.stringify(redact(payload, depth, terse));
    if (text.length <= MAX_CHARACTERS) {
      return text;
    }
  }
  return JSON.stringify(HIDDEN);
}

function parse(body: Uint8Array): object | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body).trimStart();
    const value: unknown = /^[{[]/.test(text) ? JSON.parse(text) : fromForm(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function fromForm(text: string): object | undefined {
  return /^[\w.[\]%-]{1,60}=/.test(text) ? Object.fromEntries(new URLSearchParams(text)) : undefined;
}

function redact(value: object, depth: number, terse: boolean): unknown {
  if (depth === 0) {
    return HIDDEN;
  }
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_ITEMS).map((item) => redactItem(item, depth, terse));
    return value.length > MAX_ITEMS ? [...items, HIDDEN] : items;
  }
  const hasCurrency = Object.entries(value).some(([key, part]) => isCurrency(key, part));
  const fields = Object.entries(value).map(([key, part]) => {
    const name = FIELD.test(key) ? key : HIDDEN;
    return [name, redactField(key, part, { hasCurrency, depth, terse })] as const;
  });
  const said = fields.filter(([, part]) => !terse || (part !== HIDDEN && part !== null));
  return Object.fromEntries(said.length < fields.length ? [...said, [HIDDEN, HIDDEN]] : said);
}

function redactItem(item: unknown, depth: number, terse: boolean): unknown {
  return typeof item === "object" && item !== null
    ? redact(item, depth - 1, terse)
    : redactScalar("", item, false);
}

function isCurrency(key: string, value: unknown): boolean {
  return CURRENCY.test(key) && CODE.test(String(value));
}

interface Within {
  readonly hasCurrency: boolean;
  readonly depth: number;
  readonly terse: boolean;
}

function redactField(key: string, value: unknown, { hasCurrency, depth, terse }: Within): unknown {
  if (typeof value === "object" && value !== null) {
    return PRIVATE.test(key.toLowerCase()) ? HIDDEN : redact(value, depth - 1, terse);
  }
  return redactScalar(key, value, hasCurrency);
}

function redactScalar(key: string, value: unknown, hasCurrency: boolean): unknown {
  if (value === null || typeof value === "boolean") {
    return value;
  }
  const [name, text] = [key.toLowerCase(), String(value)];
  const isTold = TOLD.has(name) && WORD.test(text);
  const isTime = TIMES.test(key) && (isEpoch(value) || MOMENT.test(text));
  const isSum = hasCurrency && SUMS.test(name) && NUMBER.test(text);
  return isTold || isTime || isSum || isCurrency(key, value) || OURS.test(text) ? value : HIDDEN;
}
