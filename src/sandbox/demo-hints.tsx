/** What is worth trying, for somebody who has come to see how payments behave. */

interface Hint {
  readonly title: string;
  readonly text: string;
  /** The tones of an order's headline with which it can be tried; without them, on the front page alone. */
  readonly at: readonly string[];
  /** Seconds: a button that orders with so little time to pay. */
  readonly expiresIn?: number;
}

const HINTS: readonly Hint[] = [
  {
    title: "Pay",
    text: "Keep the order open in a second tab, and watch it turn by itself.",
    at: ["pending"],
  },
  {
    title: "Fail, then pay",
    text: "Decline on the gateway’s page and try again: a new attempt, the same order.",
    at: ["pending", "failed"],
  },
  {
    title: "Cancel",
    text: "Or use the browser’s back button. The order stays, and can be paid later.",
    at: ["pending", "canceled"],
  },
  {
    title: "Pay by bank transfer",
    text: "The money is on its way, and not yet there. Open the bank’s page again and let it arrive, or fail.",
    at: ["pending", "processing"],
  },
  {
    title: "Hold, then take",
    text: "“Hold the amount” only sets the money aside. The shop takes it by a button on the order’s page.",
    at: ["pending", "authorized"],
  },
  {
    title: "Name a wrong amount",
    text: "The payment waits for a person, who accepts it or sends the money back. Until then, no parcel.",
    at: ["pending", "review"],
  },
  {
    title: "Give money back",
    text: "Half of it, or all. The buyer’s pages say so by themselves.",
    at: ["succeeded", "fulfilled"],
  },
  {
    title: "Run out of time",
    text: "An order with ten seconds to pay. The gateway is asked first; then it ends, within a minute.",
    at: ["failed", "overdue", "expired", "refunded"],
    expiresIn: 10,
  },
  {
    title: "Pay too late",
    text: "Decline an order of ten seconds, wait until they are over, and pay on the gateway’s page all the same.",
    at: ["failed"],
  },
  {
    title: "Close the tab",
    text: "Then open the shop again: the payment waits in the box on its front page.",
    at: ["pending", "processing"],
  },
  {
    title: "Lose the webhook",
    text: "Within a minute the payment is found by asking. “Check payment status” asks at once.",
    at: ["pending"],
  },
  {
    title: "Make trouble",
    text: "Click twice. Send the webhook three times, late, out of order, or forged. The parcel is packed once.",
    at: ["pending", "fulfilled"],
  },
];

interface HintsProps {
  /** Of the order's headline; all hints without it. */
  readonly tone?: string;
  /** The order that a button makes, however often it is clicked; without it a link leads to the front page's. */
  readonly orderId?: string;
}

export function Hints({ tone, orderId }: HintsProps) {
  const shown = HINTS.filter(({ at }) => tone === undefined || at.includes(tone));
  return (
    <section class="box hints" aria-labelledby="hints-title">
      <h2 id="hints-title">Things to try</h2>
      <ul>
        {shown.map(({ title, text, expiresIn }) => (
          <li>
            <h3>{title}</h3>
            <p>{text}</p>
            {expiresIn !== undefined && <ShortOrder seconds={expiresIn} orderId={orderId} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

function ShortOrder({ seconds, orderId }: { seconds: number; orderId: string | undefined }) {
  const title = `Order with ${seconds} seconds to pay`;
  if (orderId === undefined) {
    return (
      <a class="link" href="/demo#short-order">
        {title}
      </a>
    );
  }
  return (
    <form method="post" action="/demo/orders">
      <input type="hidden" name="order" value={orderId} />
      <input type="hidden" name="expires_in" value={String(seconds)} />
      <button id="short-order" class="link" type="submit" name="product" value="fog">
        {title}
      </button>
    </form>
  );
}
