/** GET /console/payments: found by what a person knows of them; and the same as CSV or JSON lines, streamed. */
import { type Context, Hono } from "hono";
import { TransactionsPage } from "../../console/transactions-page.tsx";
import type { TransactionsView } from "../../console/views.ts";
import { describeError } from "../../lib/log.ts";
import { recordAction } from "../../operations/operator-action.ts";
import { parseEventId } from "../../operations/send-delivery.ts";
import { toEventData, toTimestamp } from "../../operations/views.ts";
import type { Services } from "../../services.ts";
import { toDecimal } from "../../transactions/money.ts";
import type { Transaction } from "../../transactions/transaction.ts";
import type { AppEnv } from "../app-env.ts";
import { consolePage } from "../console-page.ts";
import { toRow } from "../console-rows.ts";
import { shellOf } from "../console-shell.ts";
import { toCsvLine } from "../csv.ts";
import { HttpProblem } from "../problem.ts";
import { readFields, type SearchFilter, toFilter, toQuery } from "../search-query.ts";

export const consolePaymentsRoutes = new Hono<AppEnv>();

const PAGE = 25;
/** Rows that an export reads at once. */
const SCANNED = 2000;
const TRANSACTION_ID = /^txn_[0-9a-z]{26}$/;
const REFUND_ID = /^rfd_[0-9a-z]{26}$/;

consolePaymentsRoutes.get("/payments", async (c) => {
  const { services } = c.env;
  const query = c.req.query();
  const fields = readFields(query);
  const direct = fields.q === "" ? null : await findDirectly(c, fields.q);
  if (direct !== null) {
    return c.redirect(`/console/payments/${direct}`, 303);
  }
  const cursor = TRANSACTION_ID.test(query.cursor ?? "") ? (query.cursor ?? null) : null;
  const { filter, errors } = toFilter(fields, cursor);
  const found =
    fields.q === ""
      ? await services.store.search(filter, PAGE)
      : await findByText(services, fields.q, filter);
  const view: TransactionsView = {
    ...{ fields, errors, gateways: namesOfGateways(services, fields.gateway) },
    rows: found.transactions.map(toRow),
    next: found.next === null ? null : toQuery(fields, { cursor: found.next }),
    lookedBackTo: found.lookedBackTo?.createdAt ?? null,
    // What would be refused is not offered.
    exportQuery: fields.q === "" && Object.keys(errors).length === 0 ? toQuery(fields) : null,
    isFirstPage: cursor === null,
  };
  return consolePage(c, <TransactionsPage shell={shellOf(c)} view={view} />);
});

consolePaymentsRoutes.get("/payments.csv", (c) =>
  exportAs(c, "csv", "text/csv; charset=utf-8", toCsvLine(COLUMNS.map(([name]) => name)), toCsvRow),
);

consolePaymentsRoutes.get("/payments.jsonl", (c) =>
  exportAs(
    c,
    "jsonl",
    "application/jsonl",
    "",
    (transaction) => `${JSON.stringify(toEventData(transaction))}\n`,
  ),
);

/** The payment that an id of ours names; null when the text is none. */
async function findDirectly({ env: { services } }: Context<AppEnv>, text: string): Promise<string | null> {
  if (TRANSACTION_ID.test(text)) {
    return text;
  }
  if (REFUND_ID.test(text)) {
    return services.store.findRefundOwner(text);
  }
  return parseEventId(text)?.transactionId ?? null;
}

/** All that carry the text, as far as the filters let them through. */
async function findByText({ store }: Services, text: string, filter: SearchFilter) {
  const { status, gateway, amount, currency, from, before } = filter;
  const transactions = (await store.findByText(text)).filter(
    (found) =>
      (status === null || found.status === status) &&
      (gateway === null || found.gateway === gateway) &&
      (amount === null || found.amount === amount) &&
      (currency === null || found.currency === currency) &&
      (from === null || found.id >= from) &&
      (before === null || found.id < before),
  );
  return { transactions, next: null, lookedBackTo: null };
}

/** One that is asked for and not configured any more is among them: its payments are still here. */
function namesOfGateways({ gateways }: Services, asked: string): string[] {
  return [...new Set([...gateways.keys(), ...(asked === "" ? [] : [asked])])];
}

const COLUMNS: readonly (readonly [
  string,
  (transaction: Transaction) => string | number | boolean | null,
])[] = [
  ["id", ({ id }) => id],
  ["created_at", ({ createdAt }) => toTimestamp(createdAt)],
  ["order_id", ({ orderId }) => orderId],
  ["status", ({ status }) => status],
  ["gateway", ({ gateway }) => gateway],
  ["gateway_reference", ({ gatewayReference }) => gatewayReference],
  ["currency", ({ currency }) => currency],
  ["amount", ({ amount }) => amount],
  ["amount_captured", ({ amountCaptured }) => amountCaptured],
  ["amount_refunded", ({ amountRefunded }) => amountRefunded],
  ["amount_decimal", ({ amount, currency }) => toDecimal(amount, currency)],
  ["late", ({ late }) => late],
  ["failure_code", ({ failure }) => failure?.code ?? null],
  ["review_reason", ({ reviewReason }) => reviewReason],
  ["dispute", ({ dispute }) => dispute],
  ["description", ({ description }) => description],
  ["metadata", ({ metadata }) => JSON.stringify(metadata)],
  ["updated_at", ({ updatedAt }) => toTimestamp(updatedAt)],
  ["expires_at", ({ expiresAt }) => toTimestamp(expiresAt)],
];

function toCsvRow(transaction: Transaction): string {
  return toCsvLine(COLUMNS.map(([, read]) => read(transaction)));
}

/** Streams all that match, newest first, as fast as it is taken. @throws HttpProblem 400 for a filter that says nothing */
async function exportAs(
  c: Context<AppEnv>,
  extension: string,
  type: string,
  head: string,
  toText: (transaction: Transaction) => string,
): Promise<Response> {
  const { services } = c.env;
  const fields = readFields(c.req.query());
  const { filter, errors } = toFilter(fields, null);
  const [fault] = Object.entries(errors);
  if (fault || fields.q !== "") {
    throw new HttpProblem(
      "invalid_request",
      fault ? `${fault[0]}: ${fault[1]}` : "A search is not exported.",
    );
  }
  const { actor } = c.get("operator");
  const note = toQuery(fields) || null;
  await recordAction(services, { action: "export", actor, note, transactionId: null }, async () => extension);
  const scan: Scan = (at) =>
    services.store.scan(at, SCANNED).catch((error: unknown) => {
      services.log.error("export.broken", { error: describeError(error) });
      throw error;
    });
  const body = streamOf(head, filter, scan, toText);
  const name = `payments-${toTimestamp(services.now()).slice(0, 16).replace(":", "")}Z.${extension}`;
  return new Response(body, {
    headers: {
      "content-type": type,
      "content-disposition": `attachment; filename="${name}"`,
      "cache-control": "no-store",
    },
  });
}

type Scan = (
  filter: SearchFilter,
) => Promise<{ readonly transactions: readonly Transaction[]; readonly next: string | null }>;

/** A fault on the way breaks the download off: a file that ends too early must not look whole. */
function streamOf(
  head: string,
  filter: SearchFilter,
  scan: Scan,
  toText: (transaction: Transaction) => string,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let place: string | null = filter.before;
  let isDone = false;
  return new ReadableStream({
    start: (controller) => {
      if (head !== "") {
        controller.enqueue(encoder.encode(head));
      }
    },
    pull: async (controller) => {
      // An empty chunk would wake nobody who reads: on until something matches.
      for (let text = ""; text === "" && !isDone; ) {
        const { transactions, next } = await scan({ ...filter, before: place });
        text = transactions.map(toText).join("");
        place = next;
        isDone = next === null;
        if (text !== "") {
          controller.enqueue(encoder.encode(text));
        }
      }
      if (isDone) {
        controller.close();
      }
    },
  });
}
