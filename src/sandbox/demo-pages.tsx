/** The demo shop's frame, its front page and its notices. */
import type { PropsWithChildren } from "hono/jsx";
import { Hints } from "./demo-hints.tsx";
import { PRODUCTS, type Product } from "./demo-products.ts";
import { formatMoney } from "./format-money.ts";

interface ShopFrontProps {
  readonly paymentsUrl: string;
  /** For the order that a button makes, however often it is clicked. */
  readonly newOrderId: () => string;
}

export function ShopFrontPage({ paymentsUrl, newOrderId }: ShopFrontProps) {
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
            <ProductCard product={product} orderId={newOrderId()} />
          ))}
        </ul>
        <section class="box" aria-labelledby="open-title">
          <h2 id="open-title">Payments you left open</h2>
          <p id="open-none" hidden>
            None in this browser. Close the tab in the middle of a payment, come back, and find it here.
          </p>
          <noscript>
            <p>Your browser remembers them with JavaScript. Without it, keep the address of your order.</p>
          </noscript>
          <ul id="open-payments" class="open-payments" />
        </section>
        <Hints orderId={newOrderId()} />
      </main>
    </ShopFrame>
  );
}

function ProductCard({ product, orderId }: { product: Product; orderId: string }) {
  return (
    <li class="product">
      <img src={product.image} alt="" width="320" height="320" />
      <h2>{product.name}</h2>
      <p>{product.notes}</p>
      <form method="post" action="/demo/orders">
        <input type="hidden" name="order" value={orderId} />
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

interface ShopFrameProps {
  readonly title: string;
  /** Something will be known in a moment: where no script runs, the page loads itself anew. */
  readonly isAwaited?: boolean;
}

export function ShopFrame({ title, isAwaited = false, children }: PropsWithChildren<ShopFrameProps>) {
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
        {isAwaited && (
          <noscript>
            <meta http-equiv="refresh" content="3" />
          </noscript>
        )}
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
