/** The views of the pay page. One form; every choice is a button or a radio, so that it works with no script. */
import type { PropsWithChildren } from "hono/jsx";
import type { WebhookMode } from "./callback.ts";
import { formatMoney } from "./format-money.ts";
import type { Outcome, Session, SessionStatus } from "./session.ts";

const OUTCOME_TEXT: Record<Outcome, { title: (money: string) => string; detail: string }> = {
  success: { title: (money) => `Pay ${money}`, detail: "The money arrives." },
  failure: { title: () => "Decline", detail: "Refused. You may try again here." },
  processing: { title: () => "Bank transfer", detail: "On its way, and not yet there." },
  authorize: { title: () => "Hold the amount", detail: "The shop takes it later, or lets it go." },
  cancel: { title: () => "Cancel", detail: "Back to the shop, nothing paid." },
};

const WEBHOOK_TEXT: Record<WebhookMode, { title: string; detail: string }> = {
  once: { title: "Arrives once", detail: "A moment after your click, as it should." },
  none: { title: "Gets lost", detail: "The shop has to find out by asking." },
  thrice: { title: "Arrives three times", detail: "The same event; it must count once." },
  late: { title: "Arrives late", detail: "Ten seconds after your click." },
  reordered: { title: "Arrives out of order", detail: "An older “processing” comes after." },
  wrong_amount: { title: "Names a wrong amount", detail: "A little more than was asked for." },
  bad_signature: { title: "Is forged", detail: "Signed by somebody else, to be refused." },
};

const STATUS_TEXT: Record<SessionStatus, string> = {
  pending: "Waiting for you",
  processing: "The bank transfer is on its way. You decide how it ends.",
  authorized: "The amount is held. You decide how it ends.",
  success: "This payment is complete.",
  failure: "The payment was declined. You may try again.",
  cancelled: "This payment was cancelled.",
  expired: "This payment has expired.",
  refunded: "This payment was refunded.",
};

interface PayPageProps {
  readonly session: Session;
  readonly outcomes: readonly Outcome[];
  /** The last choice came too late. */
  readonly refused: boolean;
}

export function PayPage({ session, outcomes, refused }: PayPageProps) {
  const money = formatMoney(session.amount, session.currency);
  return (
    <Frame title={`Pay ${money}`}>
      <header class="bill">
        <p class="bill-label">{outcomes.length > 0 ? "Amount due" : "Amount"}</p>
        <h1 class="bill-amount">{money}</h1>
        <dl class="bill-facts">
          <Fact name="Merchant">{new URL(session.return_url).host}</Fact>
          <Fact name="Order">{session.order_id}</Fact>
          {session.description && <Fact name="For">{session.description}</Fact>}
        </dl>
      </header>
      {refused && (
        <p class="alert" role="alert">
          Your choice came too late; nothing has been changed.
        </p>
      )}
      {session.status !== "pending" && (
        <p class={`state state-${session.status}`}>{STATUS_TEXT[session.status]}</p>
      )}
      {outcomes.length > 0 ? (
        <Choices money={money} outcomes={outcomes} />
      ) : (
        <a class="button button-success" href={session.return_url}>
          Back to the shop
        </a>
      )}
    </Frame>
  );
}

function Choices({ money, outcomes }: { money: string; outcomes: readonly Outcome[] }) {
  return (
    <form method="post">
      <h2>What should happen?</h2>
      <div class="outcomes">
        {outcomes.map((outcome) => (
          <button class={`button button-${outcome}`} type="submit" name="outcome" value={outcome}>
            <strong>{OUTCOME_TEXT[outcome].title(money)}</strong>
            <span>{OUTCOME_TEXT[outcome].detail}</span>
          </button>
        ))}
      </div>
      <fieldset class="webhooks">
        <legend>The gateway’s message to the shop …</legend>
        {Object.entries(WEBHOOK_TEXT).map(([mode, { title, detail }]) => (
          <label class="webhook">
            <input type="radio" name="webhook" value={mode} checked={mode === "once"} />
            <span>
              <strong>{title}</strong> <small>{detail}</small>
            </span>
          </label>
        ))}
      </fieldset>
    </form>
  );
}

function Fact({ name, children }: PropsWithChildren<{ name: string }>) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A page that has no payment to show. */
export function PayNotice({ title, children }: PropsWithChildren<{ title: string }>) {
  return (
    <Frame title={title}>
      <h1>{title}</h1>
      {children}
    </Frame>
  );
}

function Frame({ title, children }: PropsWithChildren<{ title: string }>) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · Sandbox gateway`}</title>
        <link rel="icon" href="/sandbox-icon.svg" />
        <link rel="stylesheet" href="/sandbox.css" />
      </head>
      <body>
        <header class="banner">
          <strong>Simulator.</strong> No money moves here.
        </header>
        <main class="card">{children}</main>
        <footer>
          <img src="/sandbox-icon.svg" alt="" width="20" height="20" />
          Sandbox gateway, the other party of this demonstration
        </footer>
      </body>
    </html>
  );
}
