/** The list of payments: search, filters, export, newest first. */
import { PaymentBadges } from "./badge.tsx";
import { ConsoleDocument } from "./document.tsx";
import { Icon } from "./icons.tsx";
import { Moment, ShortMoment } from "./moment.tsx";
import { Money } from "./money.tsx";
import { Code, Empty, PageHead, Pager } from "./parts.tsx";
import { SearchForm } from "./search-form.tsx";
import { type Column, Table } from "./table.tsx";
import type { Shell, TransactionRow, TransactionsView } from "./views.ts";
import { REVIEW_WORDS, wordsOfFailure } from "./words.ts";

export function TransactionsPage({ shell, view }: { shell: Shell; view: TransactionsView }) {
  return (
    <ConsoleDocument title="Payments" shell={shell} here="payments">
      <PageHead title="Payments">
        <Exports query={view.exportQuery} />
      </PageHead>
      <SearchForm view={view} />
      {view.rows.length === 0 ? (
        <NoRows view={view} />
      ) : (
        <Table
          caption="Payments, newest first"
          kind="payments"
          columns={columnsFor(shell.now)}
          rows={view.rows}
        />
      )}
      <Further view={view} />
    </ConsoleDocument>
  );
}

function columnsFor(now: number): readonly Column<TransactionRow>[] {
  return [
    { head: "Order", cell: (row) => <OrderCell row={row} /> },
    { head: "Amount", numeric: true, cell: (row) => <AmountCell row={row} /> },
    { head: "Status", cell: (row) => <StatusCell row={row} /> },
    { head: "Gateway", cell: (row) => <GatewayCell row={row} /> },
    {
      head: "Created (UTC)",
      numeric: true,
      cell: ({ createdAt }) => <ShortMoment at={createdAt} now={now} />,
    },
  ];
}

/** The link reaches over the whole row. */
function OrderCell({ row }: { row: TransactionRow }) {
  return (
    <span class="lines">
      <a class="row-link" href={`/console/payments/${row.id}`}>
        <bdi class="clip">{row.orderId}</bdi>
      </a>
      <span class="soft">
        <Code>{row.id}</Code>
      </span>
    </span>
  );
}

function AmountCell({ row }: { row: TransactionRow }) {
  const { amount, amountCaptured, amountRefunded, currency } = row;
  return (
    <span class="lines">
      <strong>
        <Money amount={amount} currency={currency} />
      </strong>
      {amountCaptured > 0 && amountCaptured !== amount ? (
        <span class="soft">
          <Money amount={amountCaptured} currency={currency} /> captured
        </span>
      ) : null}
      {amountRefunded > 0 ? (
        <span class="soft">
          <Money amount={amountRefunded} currency={currency} /> back
        </span>
      ) : null}
    </span>
  );
}

function StatusCell({ row }: { row: TransactionRow }) {
  const why =
    row.reviewReason === null
      ? row.failureCode && wordsOfFailure(row.failureCode)
      : REVIEW_WORDS[row.reviewReason];
  return (
    <span class="lines">
      <PaymentBadges row={row} />
      {why ? <span class="soft">{why}</span> : null}
    </span>
  );
}

function GatewayCell({ row: { gateway, gatewayReference } }: { row: TransactionRow }) {
  return (
    <span class="lines">
      <span>{gateway}</span>
      {gatewayReference === null ? null : (
        <span class="soft reference" title={gatewayReference}>
          <Code>{gatewayReference}</Code>
        </span>
      )}
    </span>
  );
}

function NoRows({ view }: { view: TransactionsView }) {
  const isFiltered = Object.values(view.fields).some((value) => value !== "");
  if (!isFiltered) {
    return view.isFirstPage ? (
      <Empty title="There are no payments yet.">
        <p>The first one appears here as soon as the shop creates it.</p>
      </Empty>
    ) : (
      <Empty title="There are no older payments." />
    );
  }
  return (
    <Empty title={view.lookedBackTo === null ? "No payment matches." : "No payment matches so far."}>
      <p>
        Search takes whole words: a payment’s id, an order, the gateway’s reference, or the value of one of
        the payment’s metadata. Try fewer filters, a longer time, or the amount with its currency alone.
      </p>
      <p>
        <a href="/console/payments">Show all payments</a>
      </p>
    </Empty>
  );
}

/** Where the list goes on: it may have looked through many payments and found few. */
function Further({ view: { lookedBackTo, next, isFirstPage } }: { view: TransactionsView }) {
  return (
    <div class="further">
      {lookedBackTo === null ? null : (
        <p>
          Looked back to <Moment at={lookedBackTo} />.{" "}
          {next === null ? null : <a href={`/console/payments?${next}`}>Look further</a>}
        </p>
      )}
      {isFirstPage ? null : <a href="/console/payments">Newest</a>}
      {lookedBackTo === null ? <Pager path="/console/payments" next={next} /> : null}
    </div>
  );
}

function Exports({ query }: { query: string | null }) {
  if (query === null) {
    return null;
  }
  const search = query === "" ? "" : `?${query}`;
  return (
    <p class="exports">
      <Icon name="webhooks" />
      Export as <a href={`/console/payments.csv${search}`}>CSV</a> or{" "}
      <a href={`/console/payments.jsonl${search}`}>JSON lines</a>
    </p>
  );
}
