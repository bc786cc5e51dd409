/** Every page of the console over a seeded month: each filter, each outcome, each status, and pages far down the lists. */
import { env } from "cloudflare:workers";
import { encodeKey } from "../../src/http/webhook-key.ts";
import { eventId } from "../../src/operations/send-delivery.ts";
import { STATUSES } from "../../src/transactions/transaction.ts";
import type { SeededConsole } from "./console-system.ts";

export interface Page {
  readonly name: string;
  readonly path: string;
  /** 303: what is looked for is one payment. */
  readonly answer: 200 | 303;
}

type Row = Readonly<Record<string, string>>;

export async function consolePages({ busy, now }: SeededConsole): Promise<Page[]> {
  return [
    ...["24h", "7d", "30d"].map((period) => page(`overview ${period}`, `?period=${period}`)),
    ...(await lists(now)),
    ...(await searches()),
    ...(await payments(busy)),
    ...(await webhooks()),
    ...(await deliveries()),
    page("gateways", "/gateways"),
    page("gateways: try", "/gateways/stripe/test"),
    page("activity", "/activity"),
    page("activity, deep", `/activity?cursor=${await middle("operator_actions", "id")}`),
    page("sign-in", "/sign-in", 303),
  ];
}

function page(name: string, path: string, answer: Page["answer"] = 200): Page {
  return { name, path: `/console${path}`, answer };
}

/** By the name in the row: a query of SQL for something to look at. */
async function first(query: string): Promise<Row> {
  const row = await env.DB.prepare(`${query} LIMIT 1`).first<Row>();
  if (!row) {
    throw new Error(`nothing was seeded for ${query}`);
  }
  return row;
}

/** A place halfway down a list. */
async function middle(table: string, key: string, condition = "true"): Promise<string> {
  const half = `(SELECT count(*) / 2 FROM ${table} WHERE ${condition})`;
  const row = await env.DB.prepare(
    `SELECT ${key} AS place FROM ${table} WHERE ${condition} ORDER BY ${key} DESC LIMIT 1 OFFSET ${half}`,
  ).first<Row>();
  return String(row?.place);
}

async function lists(now: number): Promise<Page[]> {
  const list = (name: string, query: Row) =>
    page(`payments ${name}`, `/payments?${new URLSearchParams(query)}`);
  const { amount = "" } = await first(
    "SELECT printf('%.2f', amount / 100.0) AS amount FROM transactions WHERE currency = 'EUR'",
  );
  const at = (daysAgo: number) => new Date(now - daysAgo * 24 * 60 * 60_000).toISOString().slice(0, 16);
  const day = { from: at(20), until: at(19) };
  const place = await middle("transactions", "id");
  return [
    list("newest", {}),
    list("deep", { cursor: place }),
    ...STATUSES.map((status) => list(status, { status })),
    list("failed, deep", {
      status: "failed",
      cursor: await middle("transactions", "id", "status = 'failed'"),
    }),
    list("of a gateway", { gateway: "generic" }),
    list("of a rare gateway", { gateway: "stripe" }),
    list("of no gateway", { gateway: "paypal" }),
    list("of an amount", { amount }),
    list("of a currency", { currency: "JPY" }),
    list("of no currency", { currency: "CHF" }),
    list("of a day", day),
    list("since", { from: day.from }),
    list("until", { until: day.until }),
    list("failed, of all filters", { status: "failed", gateway: "adyen", amount, currency: "EUR", ...day }),
    list("failed, of a gateway", { status: "failed", gateway: "stripe" }),
    list("succeeded, of all filters", {
      status: "succeeded",
      gateway: "stripe",
      amount,
      currency: "EUR",
      ...day,
    }),
    list("pending, long ago", { status: "pending", ...day }),
    list("of all filters, deep", { status: "succeeded", gateway: "generic", currency: "EUR", cursor: place }),
  ];
}

async function searches(): Promise<Page[]> {
  const search = (name: string, q: string, answer: Page["answer"] = 200) =>
    page(`search by ${name}`, `/payments?${new URLSearchParams({ q })}`, answer);
  const paid = await first(
    "SELECT id, gateway_reference AS named, order_id FROM transactions WHERE status = 'succeeded' AND gateway = 'adyen'",
  );
  const other = await first("SELECT gateway_reference AS named FROM transactions WHERE gateway = 'generic'");
  const refund = await first("SELECT id FROM refunds");
  const words = await first("SELECT value FROM metadata_values WHERE value LIKE 'customer%'");
  const [session = "", payment = ""] = (paid.named ?? "").split("/");
  return [
    search("id", paid.id ?? "", 303),
    search("refund", refund.id ?? "", 303),
    search("event", eventId({ transactionId: paid.id ?? "", position: 1 }), 303),
    search("order", paid.order_id ?? ""),
    search("reference", other.named ?? ""),
    search("session/payment", paid.named ?? ""),
    search("session", session),
    search("payment", payment),
    search("metadata", words.value ?? ""),
    search("metadata that most have", "web"),
    search("nothing that exists", "nothing that exists"),
  ];
}

/** Payments of each kind, and the question before each deed. */
async function payments(busy: string): Promise<Page[]> {
  const of = async (status: string) =>
    (await first(`SELECT id FROM transactions WHERE status = '${status}'`)).id ?? "";
  const [paid, pending, held, review, expired] = await Promise.all(
    ["succeeded", "pending", "authorized", "review", "expired"].map(of),
  );
  return [
    page("payment, paid", `/payments/${paid}`),
    page("payment, much happened to", `/payments/${busy}`),
    page("payment, pending", `/payments/${pending}`),
    page("payment, in review", `/payments/${review}`),
    page("payment, expired", `/payments/${expired}`),
    page("confirm check", `/payments/${paid}/check`),
    page("confirm cancel", `/payments/${pending}/cancel`),
    page("confirm capture", `/payments/${held}/capture`),
    page("confirm refund", `/payments/${paid}/refund`),
    page("confirm refund, much happened to", `/payments/${busy}/refund`),
    page("confirm accept", `/payments/${review}/accept`),
    page("confirm reject", `/payments/${review}/reject`),
  ];
}

async function webhooks(): Promise<Page[]> {
  const deep = async (outcome: string) => {
    const id = await middle("inbox", "transaction_id", outcome ? `outcome = '${outcome}'` : "true");
    const row = await first(`SELECT gateway, event_id FROM inbox WHERE transaction_id = '${id}'`);
    return encodeKey({ transactionId: id, gateway: row.gateway ?? "", eventId: row.event_id ?? "" });
  };
  const some = await deep("ignored");
  const lists = ["", "applied", "ignored", "parked"].map(async (outcome) => {
    const name = `webhooks ${outcome || "all"}`;
    const query = outcome ? `outcome=${outcome}&` : "";
    return [
      page(name, `/webhooks?${query}`),
      page(`${name}, deep`, `/webhooks?${query}cursor=${await deep(outcome)}`),
    ];
  });
  return [
    ...(await Promise.all(lists)).flat(),
    page("confirm replay of a webhook", `/webhooks/${some}/replay`),
    page("confirm replay of webhooks", "/webhooks/replay?outcome=parked"),
  ];
}

/** What is due soonest comes first there. */
async function middleOfOwed(): Promise<string> {
  const half = "(SELECT count(*) / 2 FROM deliveries WHERE next_attempt_at IS NOT NULL)";
  const row = await env.DB.prepare(
    `SELECT next_attempt_at || '-' || position AS place FROM deliveries WHERE next_attempt_at IS NOT NULL
    ORDER BY next_attempt_at, position LIMIT 1 OFFSET ${half}`,
  ).first<Row>();
  return row?.place ?? "";
}

const DELIVERIES = {
  "": "true",
  owed: "next_attempt_at IS NOT NULL",
  delivered: "delivered_at IS NOT NULL",
  dead: "next_attempt_at IS NULL AND delivered_at IS NULL AND attempts > 0",
};

async function deliveries(): Promise<Page[]> {
  const some = await first("SELECT transaction_id AS id, position FROM deliveries");
  const id = eventId({ transactionId: some.id ?? "", position: Number(some.position) });
  const lists = Object.entries(DELIVERIES).map(async ([status, condition]) => {
    const name = `deliveries ${status || "all"}`;
    const query = status ? `status=${status}&` : "";
    const place =
      status === "owed" ? await middleOfOwed() : await middle("deliveries", "position", condition);
    return [page(name, `/deliveries?${query}`), page(`${name}, deep`, `/deliveries?${query}cursor=${place}`)];
  });
  return [
    ...(await Promise.all(lists)).flat(),
    page("confirm sending an event again", `/deliveries/${id}/replay`),
    page("confirm sending dead letters again", "/deliveries/replay"),
  ];
}
