/** Requests that nobody sane would send, of any shape that the platform lets through; by a seed. */
import fc from "fast-check";
import { app } from "../../src/http/app.ts";

/** What they may refer to, and show for a proof. */
export interface Known {
  readonly id: string;
  readonly event: string;
  readonly clientSecret: string;
  readonly apiKey: string;
  /** Of a signed-in operator. */
  readonly cookie: string;
}

export interface Fuzzed {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "QUERY", "PROPFIND", "get", "X"];
const ROUTES = app.routes.map(({ method, path }) => ({ method: method === "ALL" ? "POST" : method, path }));
const GATEWAYS = [
  "generic",
  "sandbox",
  "stripe",
  "paypal",
  "adyen",
  "mollie",
  "razorpay",
  "paystack",
  "square",
];
const NAMES =
  `q status gateway amount currency from until cursor limit after order_id created_after created_before outcome
  period done replayed changed to client_secret returned locale id __proto__ constructor toString`.split(
    /\s+/,
  );
const SIGNATURES =
  `webhook-signature stripe-signature x-razorpay-signature x-paystack-signature x-mollie-signature
  x-square-hmacsha256-signature paypal-transmission-sig paypal-transmission-id paypal-transmission-time paypal-cert-url
  webhook-id webhook-timestamp hmacsignature`.split(/\s+/);

/** Text that has broken something somewhere. */
const WORDS =
  `% %00 %zz %E0%A4%A .. ../.. ..%2f..%2fetc%2fpasswd . / \\ ' {{7*7}} #{7*7} <script> \u202e \ud83d\ude00 \ufeff -1 0
  1e309 NaN 9007199254740993 0x10 null undefined true __proto__ constructor hasOwnProperty 2026-13-45T99:99:99Z
  -271821-04-20T00:00:00Z +275760-09-13T00:00:00Z 9999-12-31T23:59:59Z 0000-01-01T00:00:00Z txn_ txn_00000000000000000000000000
  txn_zzzzzzzzzzzzzzzzzzzzzzzzzz evt_00000000000000000000000000_1 W10 WyIiLCIiLCIiXQ WyJhIl0 WzEsbnVsbCx7fV0 eyJhIjoxfQ *
  ar-u-nu-arab x-klingon en-US-u-ca-😀`.split(/[ \n]+/);
const PHRASES =
  `' OR 1=1 --|"; DROP TABLE transactions; --|%' ESCAPE '|[object Object]|1.00 EUR|1,5|Bearer x`.split("|");
const NASTY = [...WORDS, ...PHRASES, "", " ", "\0", "\r\nset-cookie: a=b", "a".repeat(5000)];

const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NASTY) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 60 }) },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 60 }) },
);
/** As it may stand in a header. */
const headerText = text.map((value) =>
  value
    .replace(/[^\x20-\x7e]/gu, "")
    .trim()
    .slice(0, 2000),
);
const segment = fc.oneof(
  { weight: 3, arbitrary: text.map((value) => encodeURIComponent(value.toWellFormed())) },
  // As it is, as far as an address can hold it.
  { weight: 1, arbitrary: text.map((value) => value.replace(/[\s#?]/g, "")) },
);
const query = fc
  .array(fc.tuple(fc.constantFrom(...NAMES), segment), { maxLength: 4 })
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join("&"));

/** An order, of which something is wrong. */
const spoiltOrder = fc
  .tuple(
    fc.constantFrom(
      "order_id",
      "amount",
      "currency",
      "unknown",
      "metadata",
      "customer",
      "expires_in",
      "return_url",
    ),
    fc.constantFrom(
      null,
      -1,
      1.5,
      {},
      [],
      [[]],
      "x".repeat(3000),
      true,
      { __proto__: null, a: { b: 1 } },
      "https://evil.example/",
    ),
  )
  .filter(([name, value]) => !(name === "order_id" && typeof value === "string" && value.length < 256))
  .filter(([name, value]) => !(name === "metadata" && JSON.stringify(value) === "{}"))
  .filter(([name, value]) => !(name === "customer" && JSON.stringify(value) === "{}"))
  .map(([name, value]) => JSON.stringify({ order_id: "o", amount: 1, currency: "EUR", [name]: value }));
const body = fc.oneof(
  spoiltOrder,
  fc.json({ maxDepth: 4 }),
  fc.constantFrom(
    "[".repeat(20_000),
    '{"a":'.repeat(5000),
    '{"__proto__":{"amount":1}}',
    '{"amount":1,"amount":2}',
  ),
  fc.constantFrom(
    '{"amount":1e400}',
    '{"amount":9007199254740993}',
    '{"status":"x","limit":1e9}',
    "\ufeff{}",
    "null",
    "",
  ),
  fc.uint8Array({ maxLength: 300 }),
  query,
  text,
);

const WEBSOCKET = {
  upgrade: "websocket",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-version": "13",
};
const HEADERS =
  `content-type content-length content-encoding transfer-encoding accept accept-language origin if-none-match
  range expect host x-forwarded-for x-forwarded-host x-http-method-override idempotency-key cf-connecting-ip
  cf-access-jwt-assertion sec-fetch-site sec-websocket-protocol`.split(/\s+/);
const oddHeaders = fc.dictionary(
  fc.constantFrom(...HEADERS, ...SIGNATURES),
  fc.oneof(
    headerText,
    fc.constantFrom("http://localhost:8787", "same-origin", "application/x-www-form-urlencoded"),
  ),
  { maxKeys: 4 },
);

/** Who they say they are. With a good proof nothing is named that exists, so that nothing is rightly done. */
function proofs({ clientSecret, apiKey, cookie }: Known) {
  const bad = [
    {},
    { authorization: "Bearer unknown" },
    { authorization: "Basic Og==" },
    { authorization: `Bearer ${clientSecret}` },
    { authorization: `Bearer ${clientSecret}x` },
    { cookie: `console=${"A".repeat(43)}.${"A".repeat(43)}; console=; =;;` },
  ];
  return fc.oneof(
    fc.constantFrom<Record<string, string>>(...bad).map((headers) => ({ headers, isGood: false })),
    fc.constant({ headers: { authorization: `Bearer ${apiKey}` }, isGood: true }),
    fc.constant({ headers: { cookie }, isGood: true }),
  );
}

/** Mostly what a route takes; an export is left out, for even that somebody has looked is rightly written down. */
function targets(names: readonly string[]) {
  const name = fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...names) },
    { weight: 3, arbitrary: segment },
  );
  const ofRoute = fc
    .tuple(fc.constantFrom(...ROUTES), fc.array(name, { minLength: 2, maxLength: 2 }))
    .map(([{ method, path }, fillings]) => {
      const filled = [...fillings];
      return { method, path: path.replace(/:\w+|\*/g, () => filled.shift() ?? "x") };
    });
  const odd = fc.tuple(fc.constantFrom(...METHODS), ofRoute).map(([method, { path }]) => ({ method, path }));
  const wild = fc
    .tuple(fc.constantFrom(...METHODS), fc.array(segment, { maxLength: 5 }))
    .map(([method, parts]) => ({ method, path: `/${parts.join("/")}` }));
  return fc
    .oneof({ weight: 6, arbitrary: ofRoute }, { weight: 2, arbitrary: odd }, { weight: 1, arbitrary: wild })
    .map(({ method, path }) => ({
      method,
      path: /payments\.(csv|jsonl)/.test(path) ? "/console/payments" : path,
    }));
}

export function fuzzedRequests(known: Known): fc.Arbitrary<Fuzzed> {
  return proofs(known).chain(({ headers: proof, isGood }) =>
    fc
      .record({
        target: targets(isGood ? GATEWAYS : [known.id, known.event, ...GATEWAYS]),
        query,
        odd: oddHeaders,
        isSocket: fc.boolean(),
        body,
      })
      .map(({ target: { method, path }, query: asked, odd, isSocket, body: sent }) => ({
        method,
        path: asked === "" ? path : `${path}?${asked}`,
        headers: { ...odd, ...(isSocket && path.endsWith("socket") ? WEBSOCKET : {}), ...proof },
        body: ["GET", "HEAD", "get"].includes(method) ? null : sent,
      })),
  );
}
