/** The demo shop's frame, its front page and its notices. */
import type { PropsWithChildren } from "hono/jsx";
import { PRODUCTS, type Product } from "./demo-products.ts";
import { formatMoney } from "./format-money.ts";

const HINTS = [
  { title: "Pay", text: "Keep the order open in a second tab, and watch it turn by itself." },
  {
    title: "Fail, then pay",
    text: "Decline on the gateway’s page and try again: a new attempt, the same order.",
  },
  { title: "Cancel", text: "Or use the browser’s back button. The order stays, and can be paid later." },
  {
    title: "Close the tab",
    text: "Then open the shop again: the payment waits in the box on its front page.",
  },
  {
    title: "Lose the webhook",
    text: "Within a minute the payment is found by asking. “Check payment status” asks at once.",
  },
  {
    title: "Make trouble",
    text: "Send the webhook three times, late, out of order, or forged. The parcel is packed once.",
  },
];

export function ShopFrontPage({ paymentsUrl }: { paymentsUrl: string }) {
  return (
    <ShopFrame title="Longshore Coffee Roasters">
      <main data-payments-url={paymentsUrl}>
        <header class="hero">
          <div>
            <h1>Coffee for people by the sea</h1>
            <p>
              Roasted on the quay each morning, packed when the payment has arrived, and not a minute before.
            </p>
          </div>
          <img src="/demo-shore.svg" alt="" width="440" height="240" />
        </header>
        <ul class="products">
          {PRODUCTS.map((product) => (
            <ProductCard product={product} />
          ))}
        </ul>
        <section class="box" aria-labelledby="open-title">
          <h2 id="open-title">Payments you left open</h2>
          <p id="open-none">
            None in this browser. Close the tab in the middle of a payment, come back, and find it here.
          </p>
          <ul id="open-payments" class="open-payments" />
        </section>
        <Hints />
      </main>
    </ShopFrame>
  );
}

function ProductCard({ product }: { product: Product }) {
  return (
    <li class="product">
      <img src={product.image} alt="" width="320" height="320" />
      <h2>{product.name}</h2>
      <p>{product.notes}</p>
      <form method="post" action="/demo/orders">
        <span class="price">
          {formatMoney(product.amount, product.currency)} <small>250 g</small>
        </span>
        <button
          class="button"
          type="submit"
          name="product"
          value={product.id}
          aria-label={`Buy ${product.name}`}
        >
          Buy
        </button>
      </form>
    </li>
  );
}

/** What is worth trying, for somebody who has come to see how payments behave. */
export function Hints() {
  return (
    <section class="box hints" aria-labelledby="hints-title">
      <h2 id="hints-title">Things to try</h2>
      <ul>
        {HINTS.map(({ title, text }) => (
          <li>
            <h3>{title}</h3>
            <p>{text}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A page that has nothing to sell. */
export function ShopNotice({ title, text }: { title: string; text: string }) {
  return (
    <ShopFrame title={title}>
      <main class="notice">
        <h1>{title}</h1>
        <p>{text}</p>
        <a class="button" href="/demo">
          To the shop
        </a>
      </main>
    </ShopFrame>
  );
}

export function ShopFrame({ title, children }: PropsWithChildren<{ title: string }>) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        <link rel="icon" href="/demo-icon.svg" />
        <link rel="stylesheet" href="/demo.css" />
        <script type="module" src="/demo.js" />
      </head>
      <body>
        <header class="masthead">
          <a href="/demo">
            <img src="/demo-icon.svg" alt="" width="32" height="32" /> Longshore Coffee Roasters
          </a>
        </header>
        {children}
        <p id="announcement" class="visually-hidden" role="status" />
        <footer class="colophon">A demonstration: nothing is for sale, and no money moves.</footer>
      </body>
    </html>
  );
}
