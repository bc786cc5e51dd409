/** The page of one order: where the payment stands, what to do next, and what the shop was told. */
import { type Headline, headlineOf } from "./demo-headline.ts";
import { Hints } from "./demo-hints.tsx";
import type { Order, ToldEvent } from "./demo-order.ts";
import { ShopFrame } from "./demo-pages.tsx";
import { findProduct } from "./demo-products.ts";
import { Staff } from "./demo-staff.tsx";
import { formatMoney } from "./format-money.ts";
import type { Problem, Transaction } from "./payments-api.ts";

interface OrderPageProps {
  readonly order: Order;
  /** Null when there is none yet, or when it cannot be read now. */
  readonly transaction: Transaction | null;
  readonly problem: Problem | null;
  readonly paymentsUrl: string;
}

export function OrderPage({ order, transaction, problem, paymentsUrl }: OrderPageProps) {
  const product = findProduct(order.product_id);
  const money = formatMoney(order.amount, order.currency);
  const headline = headlineOf(order, transaction);
  return (
    <ShopFrame
      title={`${product?.name ?? "Order"} · Longshore Coffee Roasters`}
      isAwaited={awaitsWord(order, transaction)}
    >
      <main {...dataForScript(order, transaction, paymentsUrl, `${product?.name ?? "Order"}, ${money}`)}>
        <p class="back">
          <a href="/demo">← All coffees</a>
        </p>
        <div class="columns">
          <article class="box order">
            <header class="order-head">
              <img src={product?.image} alt="" width="96" height="96" />
              <div>
                <h1>{product?.name ?? "Your order"}</h1>
                <p class="price">{money}</p>
                <p class="order-id">{order.id}</p>
              </div>
            </header>
            {problem && <ProblemBox problem={problem} />}
            <Steps order={order} transaction={transaction} />
            <PaymentState headline={headline} transaction={transaction} />
            <Actions order={order} transaction={transaction} />
            <Staff order={order} transaction={transaction} />
            <Told told={order.told} />
          </article>
          <Hints tone={headline.tone} />
        </div>
      </main>
    </ShopFrame>
  );
}

/** What /demo.js needs to follow the payment. */
function dataForScript(order: Order, transaction: Transaction | null, paymentsUrl: string, label: string) {
  return {
    "data-payments-url": paymentsUrl,
    "data-order-url": `/demo/orders/${order.id}`,
    "data-headline": headlineOf(order, transaction).title,
    ...(transaction && {
      "data-transaction-id": transaction.id,
      "data-client-secret": transaction.client_secret,
      "data-status-url": transaction.status_url,
      "data-expires-at": transaction.expires_at,
      "data-label": label,
      "data-status": transaction.status,
      "data-version": String(transaction.version),
    }),
    ...(awaitsWord(order, transaction) && { "data-awaits-word": "" }),
  };
}

/** Whether the payment has changed and the shop was not told yet: there is no event of version 1. */
function awaitsWord(order: Order, transaction: Transaction | null): boolean {
  return (
    transaction !== null &&
    transaction.version > 1 &&
    !order.told.some((one) => one.transaction_id === transaction.id && one.version >= transaction.version)
  );
}

function Steps({ order, transaction }: Pick<OrderPageProps, "order" | "transaction">) {
  const packed = order.fulfilled_at !== null;
  const paid = packed || transaction?.status === "succeeded";
  const steps = [
    { name: "Ordered", done: true },
    { name: "Paid", done: paid },
    { name: "Packed", done: packed },
  ];
  return (
    <ol class="steps">
      {steps.map(({ name, done }) => (
        <li class={done ? "done" : undefined}>
          {name}
          <span class="visually-hidden">{done ? ": done" : ": not yet"}</span>
        </li>
      ))}
    </ol>
  );
}

function PaymentState({ headline, transaction }: { headline: Headline; transaction: Transaction | null }) {
  const { tone, title, text } = headline;
  return (
    <section class={`state state-${tone}`}>
      <h2>{title}</h2>
      <p>{text}</p>
      {transaction && transaction.amount_refunded > 0 && (
        <p>Refunded: {formatMoney(transaction.amount_refunded, transaction.currency)}</p>
      )}
    </section>
  );
}

/** Where the simulated gateway's page still decides something that no shop would send its buyer to. */
const GATEWAY_LINKS: Record<string, string> = {
  processing: "Open the bank’s page",
  failed: "The gateway’s page",
};

function Actions({ order, transaction }: Pick<OrderPageProps, "order" | "transaction">) {
  const statusUrl = transaction?.status_url ?? order.transaction?.status_url;
  const gatewayLink = GATEWAY_LINKS[transaction?.status ?? ""];
  return (
    <div class="actions">
      {transaction?.payment_url && (
        <a id="pay-now" class="button" href={transaction.payment_url}>
          Pay now
        </a>
      )}
      {mayTryAgain(order, transaction) && (
        <form method="post" action={`/demo/orders/${order.id}/pay`}>
          <button id="try-again" class="button" type="submit">
            Try again
          </button>
        </form>
      )}
      {gatewayLink && order.transaction?.payment_url && (
        <a id="gateway-page" class="button button-quiet" href={order.transaction.payment_url}>
          {gatewayLink}
        </a>
      )}
      {statusUrl && (
        <a id="status-page" class="button button-quiet" href={statusUrl}>
          Check payment status
        </a>
      )}
    </div>
  );
}

/** After an end without money, when the time to pay is over, or when no attempt has worked yet. */
function mayTryAgain(order: Order, transaction: Transaction | null): boolean {
  if (order.fulfilled_at !== null) {
    return false;
  }
  if (!transaction) {
    return order.transaction === null;
  }
  const over = ["failed", "canceled", "expired"].includes(transaction.status);
  return over || (transaction.status === "pending" && transaction.payment_url === null);
}

function ProblemBox({ problem }: { problem: Problem }) {
  return (
    <div class="problem" role="alert">
      <strong>{problem.title}</strong>
      {problem.detail && <p>{problem.detail}</p>}
    </div>
  );
}

function Told({ told }: { told: readonly ToldEvent[] }) {
  return (
    <section class="told" aria-labelledby="told-title">
      <h2 id="told-title">What the shop was told</h2>
      {told.length === 0 ? (
        <p>Nothing yet. Signed events will be listed here.</p>
      ) : (
        <ol>
          {told.map((event) => (
            <li>
              <time datetime={event.received_at}>{event.received_at.slice(11, 19)}</time>
              <code>{event.type}</code>
              <small>
                version {event.version}
                {event.times > 1 && `, ${event.times} deliveries, counted once`}
              </small>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
