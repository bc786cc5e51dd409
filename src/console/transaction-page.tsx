/**
 * One payment: how it stands and why, what can be done, its facts, and all that happened. The script renews what is
 * inside each data-part while the page is looked at; the ids let it keep the focus and what is open.
 */
import type { ActionName } from "../operations/read-payment.ts";
import { PaymentBadges } from "./badge.tsx";
import { ConsoleDocument } from "./document.tsx";
import { Icon } from "./icons.tsx";
import { Money } from "./money.tsx";
import { Timeline } from "./timeline.tsx";
import { TransactionFacts } from "./transaction-facts.tsx";
import type { Shell, TransactionView } from "./views.ts";
import { ACTION_WORDS, STATUS_WORDS } from "./words.ts";

/** What cannot be taken back. */
const DANGEROUS: ReadonlySet<ActionName> = new Set(["cancel", "refund", "reject"]);

export function TransactionPage({ shell, view }: { shell: Shell; view: TransactionView }) {
  const { row, clientSecret, entries, olderCallsForgotten, isArchived } = view;
  const title = `${STATUS_WORDS[row.status]}: ${row.orderId}`;
  const live = { id: row.id, clientSecret, version: row.version };
  return (
    <ConsoleDocument title={title} shell={shell} here="payments" flash={view.flash} live={live}>
      <div class="payment-top">
        <a class="back" href="/console/payments">
          <Icon name="back" />
          Payments
        </a>
        {/* The script says here how it fares. */}
        <p class="live" role="status" data-live data-on="Live" data-off="Not live: reload the page" />
      </div>
      <Head view={view} />
      <Actions view={view} />
      <nav class="jumps" aria-label="On this page">
        <a href="#money">Facts</a>
        <a href="#timeline">What happened</a>
      </nav>
      <div class="columns">
        <TransactionFacts view={view} now={shell.now} />
        <Timeline {...{ entries, olderCallsForgotten, isArchived, currency: row.currency, now: shell.now }} />
      </div>
    </ConsoleDocument>
  );
}

function Head({ view: { row, why, isArchived } }: { view: TransactionView }) {
  return (
    <div data-part="head" class="payment-head">
      <h1 id="state" tabindex={-1}>
        <Money amount={row.amount} currency={row.currency} />
        <PaymentBadges row={row} />
      </h1>
      <p class="order">
        Order <bdi>{row.orderId}</bdi>
      </p>
      <p class="why">{why}</p>
      {isArchived ? (
        <p class="soft">
          It is archived, for nothing has happened to it for long: it can be read here, and no more. What is
          still to be done with its money is done at the gateway.
        </p>
      ) : null}
    </div>
  );
}

function Actions({ view: { row, actions } }: { view: TransactionView }) {
  return (
    <div data-part="actions" class="buttons">
      {actions.map((action, index) => (
        <a
          id={`action-${action}`}
          class={classOf(action, index === 0)}
          href={`/console/payments/${row.id}/${action}`}
        >
          {ACTION_WORDS[action]}
        </a>
      ))}
    </div>
  );
}

/** The weightiest stands out; what cannot be taken back never looks inviting. */
function classOf(action: ActionName, isFirst: boolean): string {
  if (DANGEROUS.has(action)) {
    return "button careful";
  }
  return isFirst ? "button primary" : "button";
}
