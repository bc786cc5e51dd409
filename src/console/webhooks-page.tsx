/** The webhooks that came, newest first; how they fare by gateway; and their replay in bulk. */
import { WebhookBadge } from "./badge.tsx";
import { ConsoleDocument } from "./document.tsx";
import { HealthBadge, HealthFacts } from "./gateway-health.tsx";
import { ShortMoment } from "./moment.tsx";
import { Code, Empty, PageHead, Pager, PaymentLink, Tabs } from "./parts.tsx";
import type { Shell, WebhookRow, WebhooksView } from "./views.ts";
import { WebhookDetails, WebhookReason, WebhookSays } from "./webhook-parts.tsx";
import { WEBHOOK_WORDS } from "./words.ts";

type Outcome = WebhooksView["outcome"];

const NAMES: Readonly<Record<Outcome, string>> = { all: "All", ...WEBHOOK_WORDS };

const MEANINGS: Readonly<Record<Outcome, string>> = {
  all: "Whatever was verified. Refused ones leave no trace but the gateway’s health.",
  applied: "They changed a payment.",
  ignored: "They changed nothing, for the reason that stands with each.",
  parked: "No payment of ours is known for them. They are applied as soon as one appears.",
};

export function WebhooksPage({ shell, view }: { shell: Shell; view: WebhooksView }) {
  const { outcome, rows, next, health, flash } = view;
  return (
    <ConsoleDocument title="Webhooks" shell={shell} here="webhooks" flash={flash}>
      <PageHead title="Webhooks" />
      <Health list={health} now={shell.now} />
      <div class="section-head">
        <Tabs
          label="Outcome"
          tabs={(Object.keys(NAMES) as Outcome[]).map((name) => ({
            name: NAMES[name],
            href: name === "all" ? "/console/webhooks" : `/console/webhooks?outcome=${name}`,
            isCurrent: name === outcome,
          }))}
        />
        {rows.length > 0 && (outcome === "parked" || outcome === "ignored") ? (
          <a class="button small" href={`/console/webhooks/replay?outcome=${outcome}`}>
            Replay all {outcome} ones
          </a>
        ) : null}
      </div>
      <p class="soft">{MEANINGS[outcome]}</p>
      {rows.length === 0 ? (
        <Empty title={outcome === "all" ? "No webhook has come yet." : `No webhook is ${outcome}.`} />
      ) : (
        <ol class="log">
          {rows.map((row) => (
            <Row row={row} now={shell.now} />
          ))}
        </ol>
      )}
      <Pager path="/console/webhooks" next={next} />
    </ConsoleDocument>
  );
}

function Row({ row, now }: { row: WebhookRow; now: number }) {
  return (
    <li class="log-entry">
      <p class="log-head">
        <WebhookBadge outcome={row.outcome} />
        <span>
          <Code>{row.gateway}</Code> <WebhookSays says={row.says} />
        </span>
        <span class="log-time">
          <ShortMoment at={row.receivedAt} now={now} /> UTC
        </span>
      </p>
      <WebhookReason reason={row.reason} />
      <p>
        {row.outcome === "parked" ? <Code>{row.transactionId}</Code> : <PaymentLink id={row.transactionId} />}
      </p>
      <WebhookDetails webhook={row} />
    </li>
  );
}

function Health({ list, now }: { list: WebhooksView["health"]; now: number }) {
  return list.length === 0 ? null : (
    <section class="cards" aria-label="Health by gateway">
      {list.map((health) => (
        <article class="card">
          <h2>
            <Code>{health.gateway}</Code>
            <HealthBadge health={health} />
          </h2>
          <HealthFacts health={health} now={now} />
        </article>
      ))}
    </section>
  );
}
