/**
 * The events that the shop is owed or has got, newest first (owed ones the longest due first), and their sending again
 * in bulk.
 */
import { DeliveryBadge } from "./badge.tsx";
import { DeliveryDetails } from "./delivery-parts.tsx";
import { ConsoleDocument } from "./document.tsx";
import { Moment, ShortMoment, showDuration } from "./moment.tsx";
import { Code, Empty, PageHead, Pager, PaymentLink, showCount, Tabs } from "./parts.tsx";
import type { DeliveriesView, DeliveryRow, Shell } from "./views.ts";
import { DELIVERY_WORDS, EVENT_WORDS } from "./words.ts";

type Filter = DeliveriesView["status"];

const FILTERS = ["all", "owed", "delivered", "dead"] as const satisfies readonly Filter[];

const MEANINGS: Readonly<Record<Filter, string>> = {
  all: "Each change of a payment is an event for the shop.",
  owed: "On their way, or waiting for the next attempt. The longest due stand first.",
  delivered: "The shop has answered with a success.",
  dead: "The shop has not taken them, and nobody tries again.",
};

export function DeliveriesPage({ shell, view }: { shell: Shell; view: DeliveriesView }) {
  const { status, rows, next, dead, flash } = view;
  return (
    <ConsoleDocument title="Deliveries" shell={shell} here="deliveries" flash={flash}>
      <PageHead title="Deliveries" />
      <Recipient shop={view.shop} />
      <div class="section-head">
        <Tabs
          label="Status"
          tabs={FILTERS.map((name) => ({
            name: nameOf(name, view),
            href: name === "all" ? "/console/deliveries" : `/console/deliveries?status=${name}`,
            isCurrent: name === status,
          }))}
        />
        {dead.value > 0 ? (
          <a class="button small" href="/console/deliveries/replay">
            Send all dead ones again
          </a>
        ) : null}
      </div>
      <p class="soft">{MEANINGS[status]}</p>
      {rows.length === 0 ? (
        <Empty title={status === "all" ? "The shop is owed nothing yet." : `No delivery is ${status}.`} />
      ) : (
        <ol class="log">
          {rows.map((row) => (
            <Row row={row} now={shell.now} />
          ))}
        </ol>
      )}
      <Pager path="/console/deliveries" next={next} label={status === "owed" ? "Due later" : "Older"} />
    </ConsoleDocument>
  );
}

function nameOf(filter: Filter, { dead }: DeliveriesView): string {
  if (filter === "all") {
    return "All";
  }
  return filter === "dead" && dead.value > 0
    ? `${DELIVERY_WORDS.dead} (${showCount(dead)})`
    : DELIVERY_WORDS[filter];
}

function Recipient({ shop }: { shop: string | null }) {
  return shop === null ? (
    <p class="soft">
      Nobody is told: neither FULFILMENT_URL nor the binding FULFILMENT is set. Events can be pulled from{" "}
      <Code>GET /events</Code>.
    </p>
  ) : (
    <p class="soft">
      They go to <Code>{shop}</Code>.
    </p>
  );
}

function Row({ row, now }: { row: DeliveryRow; now: number }) {
  return (
    <li class="log-entry">
      <p class="log-head">
        <DeliveryBadge status={row.status} />
        <span>
          {EVENT_WORDS[row.type]} <span class="soft">· version {row.version}</span>
        </span>
        <span class="log-time">
          <ShortMoment at={row.createdAt} now={now} /> UTC
        </span>
      </p>
      <p>
        <PaymentLink id={row.transactionId} />
      </p>
      {row.deliveredAt === null ? null : (
        <p class="soft">
          Delivered <Moment at={row.deliveredAt} />, after {showDuration(row.deliveredAt - row.createdAt)}
        </p>
      )}
      {row.lastError === null || row.status === "delivered" ? null : (
        <p class="reason">
          <bdi>{row.lastError}</bdi>
        </p>
      )}
      <p class="soft">
        Event <Code>{row.eventId}</Code> · <Code>{row.type}</Code>
      </p>
      <DeliveryDetails delivery={row} now={now} />
    </li>
  );
}
