/** What the shop's own people may do with a payment: each button is one call of the API. */
import type { Order } from "./demo-order.ts";
import { formatMoney } from "./format-money.ts";
import type { Deed, Transaction } from "./payments-api.ts";

interface Offer {
  readonly deed: Deed["kind"];
  /** Minor units, where the call names an amount. */
  readonly amount?: number;
  readonly title: string;
}

const CALLS: Record<Deed["kind"], string> = {
  capture: "POST …/capture",
  cancel: "POST …/cancel",
  refund: "POST …/refunds",
  accept: "POST …/accept",
  reject: "POST …/reject",
};

export function Staff({ order, transaction }: { order: Order; transaction: Transaction | null }) {
  const offers = transaction ? offersOf(transaction) : [];
  if (!transaction || offers.length === 0) {
    return null;
  }
  return (
    <section class="staff" aria-labelledby="staff-title">
      <h2 id="staff-title">The shop’s side</h2>
      <p>
        {transaction.review_reason === null
          ? "For the people behind the counter: one call each."
          : "A person has to decide. The reason is "}
        {transaction.review_reason !== null && <code>{transaction.review_reason}</code>}
      </p>
      <form method="post" action={`/demo/orders/${order.id}/deeds`}>
        <input type="hidden" name="version" value={String(transaction.version)} />
        {offers.map(({ deed, amount, title }) => (
          <button
            id={`${deed}-${amount ?? "all"}`}
            class="button button-quiet"
            type="submit"
            name="deed"
            value={amount === undefined ? deed : `${deed} ${amount}`}
          >
            {title} <code>{CALLS[deed]}</code>
          </button>
        ))}
      </form>
    </section>
  );
}

function offersOf(transaction: Transaction): readonly Offer[] {
  switch (transaction.status) {
    case "pending":
      return [{ deed: "cancel", title: "Cancel the payment" }];
    case "authorized":
      return [{ deed: "capture", title: "Take the money" }];
    case "review":
      return [
        { deed: "accept", title: "Accept it" },
        { deed: "reject", title: "Send the money back" },
      ];
    case "succeeded":
      return refundsOf(transaction);
    default:
      return [];
  }
}

function refundsOf({ amount_captured, amount_refunded, currency }: Transaction): readonly Offer[] {
  const rest = amount_captured - amount_refunded;
  const half = Math.floor(rest / 2);
  return [...(amount_refunded === 0 ? [half] : []), rest]
    .filter((amount) => amount > 0)
    .map((amount) => ({ deed: "refund", amount, title: `Give ${formatMoney(amount, currency)} back` }));
}

/**
 * What a button of the form asks for. A refund is named by what its button was shown for, so that a second click of
 * the same button is the same refund.
 */
export function readDeed(form: URLSearchParams): Deed | null {
  const [kind = "", amount = ""] = (form.get("deed") ?? "").split(" ");
  switch (kind) {
    case "capture":
    case "cancel":
    case "accept":
    case "reject":
      return { kind };
    case "refund":
      return { kind, amount: Number(amount), key: `refund ${amount} of version ${form.get("version")}` };
    default:
      return null;
  }
}
