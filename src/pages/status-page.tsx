/**
 * The buyer's hosted status page: complete as it comes from the server, and kept up to date by /status.js, which
 * finds its places by id="payment" and the data- attributes. It renders what it is given and decides nothing.
 */
import type { Status } from "../transactions/transaction.ts";
import { Document } from "./document.tsx";
import { Emblem, toneOf } from "./emblem.tsx";
import { formatAmount, formatMoment, isolate, isSameDay, safeHref, safeWebHref } from "./format.ts";
import { fill, type StatusTexts } from "./status-texts.ts";
import { type PageState, pageStateOf, type StatusView } from "./status-view.ts";

/** The statuses that the gateway may be asked about now. */
const CHECKABLE: ReadonlySet<Status> = new Set(["pending", "processing", "authorized", "review"]);

/** Where the buyer pays anew. */
const AGAIN: ReadonlySet<PageState> = new Set(["failed", "expired"]);

interface PartProps {
  readonly view: StatusView;
  readonly state: PageState;
  readonly texts: StatusTexts;
}

/**
 * The whole document for one payment as it is now. The script renews what is inside each data-part of `main` and leaves
 * the part itself: a live region only speaks if it was there before what it says.
 */
export function StatusPage({ view, texts }: Pick<PartProps, "view" | "texts">) {
  const state = pageStateOf(view);
  const part: PartProps = { view, state, texts };
  return (
    <Document
      title={texts.states[state].title}
      texts={texts}
      live={view.final ? "script" : "script-and-refresh"}
    >
      <main
        id="payment"
        class={`card tone-${toneOf(state)}`}
        data-id={view.id}
        data-client-secret={view.clientSecret}
        data-version={String(view.version)}
        data-state={state}
        data-status={view.status}
        data-final={String(view.final)}
        data-locale={view.locale}
        data-now={new Date(view.now).toISOString()}
      >
        <Connection texts={texts} />
        <Emblem face={state} />
        <Announcement {...part} />
        <Summary {...part} />
        <Actions {...part} />
        <NextSteps {...part} />
      </main>
    </Document>
  );
}

interface MessageProps {
  readonly message: keyof StatusTexts["messages"];
  readonly texts: StatusTexts;
  /** Where to try again, when that is another address than the page's own. */
  readonly retryUrl?: string | undefined;
}

/** The whole document where there is no payment to show: not found, or our own trouble, which tries again. */
export function MessagePage({ message, texts, retryUrl }: MessageProps) {
  const { title, text } = texts.messages[message];
  return (
    <Document
      title={title}
      texts={texts}
      live={message === "trouble" ? "trouble" : "none"}
      refreshUrl={retryUrl}
    >
      <main class={`card message tone-${toneOf("message")}`}>
        <Emblem face="message" />
        <h1>{title}</h1>
        <p class="lead">{text}</p>
      </main>
    </Document>
  );
}

/** Where the script tells how it fares, in words that it finds here. */
function Connection({ texts }: { texts: StatusTexts }) {
  return (
    <div class="connection" role="status" aria-live="polite">
      <p
        data-hint
        data-offline={texts.offline}
        data-online={texts.online}
        data-unchanged={texts.unchanged}
        hidden
      />
    </div>
  );
}

function Announcement({ view, state, texts }: PartProps) {
  const { title, lead } = texts.states[state];
  const words = fill(lead, {
    amount: isolate(formatAmount(view.amount, view.currency, view.locale)),
    refunded: isolate(formatAmount(view.amountRefunded, view.currency, view.locale)),
  });
  return (
    <div data-part="announcement" class="announcement" role="status" aria-live="polite" aria-atomic="true">
      <h1 id="state" tabindex={-1}>
        {title}
      </h1>
      <p class="lead">{words}</p>
    </div>
  );
}

function Summary({ view, state, texts }: PartProps) {
  return (
    <dl data-part="summary" class="summary">
      <div class="total">
        <dt>{texts.amount}</dt>
        <dd>
          <bdi>{formatAmount(view.amount, view.currency, view.locale)}</bdi>
        </dd>
      </div>
      {view.amountRefunded > 0 ? (
        <div>
          <dt>{texts.refunded}</dt>
          <dd>
            <bdi>{formatAmount(view.amountRefunded, view.currency, view.locale)}</bdi>
          </dd>
        </div>
      ) : null}
      {view.description === null || view.description === "" ? null : (
        <div>
          <dt>{texts.description}</dt>
          <dd>
            <bdi>{view.description}</bdi>
          </dd>
        </div>
      )}
      <Moment view={view} state={state} texts={texts} />
      <div>
        <dt>{texts.reference}</dt>
        <dd>
          <code translate="no" dir="ltr">
            {view.id}
          </code>
        </dd>
      </div>
    </dl>
  );
}

/** One row for either time, so that nothing moves when the payment ends. */
function Moment({ view, state, texts }: PartProps) {
  if (state === "pending" || state === "confirming" || state === "overdue") {
    const until = formatMoment(view.expiresAt, view.locale, !isSameDay(view.expiresAt, view.now));
    const at = new Date(view.expiresAt).toISOString();
    return (
      <div>
        <dt>{texts.timeToPay}</dt>
        <dd>
          {state === "overdue" ? (
            <time datetime={at}>{fill(texts.endedAt, { time: until })}</time>
          ) : (
            <time datetime={at} data-expires-at={at}>
              {fill(texts.until, { time: until })}
            </time>
          )}
        </dd>
      </div>
    );
  }
  return (
    <div>
      <dt>{texts.started}</dt>
      <dd>
        <time datetime={new Date(view.createdAt).toISOString()} data-moment>
          {formatMoment(view.createdAt, view.locale, true)}
        </time>
      </dd>
    </div>
  );
}

/** The ids let the script give the focus back after it has rendered anew. */
function Actions({ view, state, texts }: PartProps) {
  const pay = state === "pending" || state === "confirming" ? safeWebHref(view.paymentUrl) : undefined;
  const back = safeHref(view.returnUrl);
  return (
    <div data-part="actions" class="actions">
      {pay === undefined ? null : (
        <a class={state === "pending" ? "button primary" : "button"} id="pay" href={pay}>
          {texts.pay}
        </a>
      )}
      {CHECKABLE.has(view.status) ? (
        <form data-check method="post" action={`/status/${encodeURIComponent(view.id)}`}>
          <input type="hidden" name="client_secret" value={view.clientSecret} />
          {view.returned ? <input type="hidden" name="returned" value="1" /> : null}
          {view.askedLocale === null ? null : <input type="hidden" name="locale" value={view.askedLocale} />}
          <button class="button" id="check" type="submit">
            {texts.check}
          </button>
        </form>
      ) : null}
      {back === undefined ? null : (
        <a class={view.final ? "button primary" : "button"} id="back" href={back}>
          {AGAIN.has(state) ? texts.again : texts.back}
        </a>
      )}
      {back === undefined && view.final ? <p class="close">{texts.close}</p> : null}
    </div>
  );
}

function NextSteps({ view, state, texts }: PartProps) {
  const notes = [...texts.states[state].notes, ...(view.final ? [] : [texts.comeBack])];
  return (
    <section data-part="next" class="next" aria-labelledby="next">
      <h2 id="next">{texts.next}</h2>
      <ul>
        {notes.map((note) => (
          <li>{note}</li>
        ))}
      </ul>
    </section>
  );
}
