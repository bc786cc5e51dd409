/** What a payment is: its facts, the shop's own words for it, and the other attempts of its order. */
import { StatusBadge } from "./badge.tsx";
import { Ago, Moment } from "./moment.tsx";
import { Money } from "./money.tsx";
import { Code, Fact } from "./parts.tsx";
import type { TransactionView } from "./views.ts";
import { MODE_WORDS } from "./words.ts";

interface FactsProps {
  readonly view: TransactionView;
  readonly now: number;
}

export function TransactionFacts({ view, now }: FactsProps) {
  return (
    <div data-part="facts" class="facts">
      <section aria-labelledby="money">
        <h2 id="money">Money</h2>
        <MoneyFacts view={view} />
      </section>
      <section aria-labelledby="facts">
        <h2 id="facts">Facts</h2>
        <PaymentFacts view={view} />
      </section>
      <section aria-labelledby="times">
        <h2 id="times">Times</h2>
        <TimeFacts view={view} now={now} />
      </section>
      <Metadata metadata={view.row.metadata} />
      <Siblings view={view} now={now} />
    </div>
  );
}

function MoneyFacts({ view: { row, refundable } }: { view: TransactionView }) {
  const { amount, amountCaptured, amountRefunded, currency, capture, capturing } = row;
  return (
    <dl>
      <Fact name="Asked for">
        <Money amount={amount} currency={currency} />
      </Fact>
      <Fact name="Captured">
        <Money amount={amountCaptured} currency={currency} />
      </Fact>
      <Fact name="Given back">
        <Money amount={amountRefunded} currency={currency} />
      </Fact>
      {refundable === null ? null : (
        <Fact name="Left to refund">
          <Money amount={refundable.rest} currency={currency} />
          {refundable.pending > 0 ? (
            <span class="soft">
              {" "}
              (<Money amount={refundable.pending} currency={currency} /> on its way back)
            </span>
          ) : null}
        </Fact>
      )}
      <Fact name="Capture">
        {capture === "manual" ? "By hand" : "At once"}
        {capturing === null ? null : (
          <>
            {": "}
            <Money amount={capturing} currency={currency} /> asked for
          </>
        )}
      </Fact>
    </dl>
  );
}

function PaymentFacts({ view: { row, gatewayTitle, statusUrl } }: { view: TransactionView }) {
  return (
    <dl>
      <Fact name="Id">
        <Code>{row.id}</Code>
      </Fact>
      <Fact name="Order">
        <bdi>{row.orderId}</bdi>
      </Fact>
      {row.description === null || row.description === "" ? null : (
        <Fact name="Description">
          <bdi>{row.description}</bdi>
        </Fact>
      )}
      <Fact name="Gateway">
        {gatewayTitle}
        {row.mode === null ? null : `, ${MODE_WORDS[row.mode].toLowerCase()} mode`}
      </Fact>
      <Fact name="Reference there">
        {row.gatewayReference === null ? "none yet" : <Code>{row.gatewayReference}</Code>}
      </Fact>
      <Fact name="API’s status">
        <Code>{row.status}</Code>, version {row.version}
      </Fact>
      {row.returnUrl === null ? null : (
        <Fact name="Returns to">
          <Code>{row.returnUrl}</Code>
        </Fact>
      )}
      <Fact name="Buyer’s page">
        <a id="buyers-page" href={statusUrl} target="_blank" rel="noopener">
          Open it
        </a>
      </Fact>
    </dl>
  );
}

function TimeFacts({ view: { row }, now }: FactsProps) {
  return (
    <dl>
      <Fact name="Created">
        <Moment at={row.createdAt} />
      </Fact>
      <Fact name="Changed">
        <Moment at={row.updatedAt} />
      </Fact>
      <Fact name={row.expiresAt > now ? "Expires" : "Time was over"}>
        <Moment at={row.expiresAt} />
      </Fact>
      <Fact name="Looked at again">
        {row.nextCheckAt === null ? "never, unless it hears news" : <Ago at={row.nextCheckAt} now={now} />}
      </Fact>
      {row.silentSince === null ? null : (
        <Fact name="Gateway silent since">
          <Moment at={row.silentSince} />
        </Fact>
      )}
    </dl>
  );
}

function Metadata({ metadata }: { metadata: TransactionView["row"]["metadata"] }) {
  const entries = Object.entries(metadata);
  return entries.length === 0 ? null : (
    <section aria-labelledby="metadata">
      <h2 id="metadata">Metadata</h2>
      <dl class="metadata">
        {entries.map(([name, value]) => (
          <div>
            <dt>
              <bdi>{name}</bdi>
            </dt>
            <dd>
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Siblings({ view: { siblings }, now }: FactsProps) {
  return siblings.length === 0 ? null : (
    <section aria-labelledby="siblings">
      <h2 id="siblings">Same order</h2>
      <ul class="siblings">
        {siblings.map(({ id, status, createdAt }) => (
          <li>
            <StatusBadge status={status} />
            <a id={`sibling-${id}`} href={`/console/payments/${id}`}>
              <Code>{id}</Code>
            </a>
            <span class="soft">
              <Ago at={createdAt} now={now} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
