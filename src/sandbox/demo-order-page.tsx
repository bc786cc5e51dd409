/** The page of one order: where the payment stands, what to do next, and what the shop was told. */
import type { Order, ToldEvent } from "./demo-order.ts";
import { Hints, ShopFrame } from "./demo-pages.tsx";
import { findProduct } from "./demo-products.ts";
import { formatMoney } from "./format-money.ts";
import type { Problem, Transaction } from "./payments-api.ts";

interface OrderPageProps {
  readonly order: Order;
  /** Null when there is none yet, or when it cannot be read now. */
  readonly transaction: Transaction | null;
  readonly problem: Problem | null;
  readonly paymentsUrl: string;
}

const STATE_TEXT: Record<string, { title: string; text: string }> = {
  pending: { title: "Waiting for your payment", text: "We have put your coffee aside." },
  processing: {
    title: "Your payment is on its way",
    text: "The bank has it. You may close this page; nothing is lost.",
  },
  authorized: { title: "Your payment is held", text: "We take it when we pack your parcel." },
  succeeded: { title: "Paid. Thank you!", text: "The roaster gets word any moment." },
  failed: { title: "The payment did not work", text: "Nothing was charged. You can try again." },
  canceled: { title: "The payment was cancelled", text: "Nothing was charged. Your order is still here." },
  expired: { title: "Time ran out", text: "Nothing was charged. You can start again." },
  review: { title: "We are checking this payment", text: "A person looks at it. You need do nothing." },
};
const UNKNOWN_STATE = { title: "Not paid yet", text: "We have put your coffee aside." };
const FULFILLED = { title: "Fulfilled: your parcel is packed", text: "It leaves with the next tide." };

export function OrderPage({ order, transaction, problem, paymentsUrl }: OrderPageProps) {
  const product = findProduct(order.product_id);
  const money = formatMoney(order.amount, order.currency);
  return (
    <ShopFrame title={`${product?.name ?? "Order"} · Longshore Coffee Roasters`}>
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
            <PaymentState order={order} transaction={transaction} />
            <Actions order={order} transaction={transaction} />
            <Told told={order.told} />
          </article>
          <Hints />
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
    "data-headline": headline(order, transaction).title,
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

function headline(order: Order, transaction: Transaction | null) {
  if (order.fulfilled_at !== null) {
    return FULFILLED;
  }
  return (transaction && STATE_TEXT[transaction.status]) ?? UNKNOWN_STATE;
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

function PaymentState({ order, transaction }: Pick<OrderPageProps, "order" | "transaction">) {
  const { title, text } = headline(order, transaction);
  const tone = order.fulfilled_at === null ? (transaction?.status ?? "pending") : "fulfilled";
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

function Actions({ order, transaction }: Pick<OrderPageProps, "order" | "transaction">) {
  const statusUrl = transaction?.status_url ?? order.transaction?.status_url;
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
