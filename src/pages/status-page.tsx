/**
 * The buyer's hosted status page: complete as it comes from the server, and kept up to date by /status.js, which
 * finds its places by id="payment" and the data- attributes. It renders what it is given and decides nothing.
 */
import type { Status } from "../transactions/transaction.ts";
import { Document } from "./document.tsx";
import { Emblem, toneOf } from "./emblem.tsx";
import {
  formatAmount,
  formatMoment,
  isolate,
  isSameDay,
  safeHref,
  safeWebHref,
  usableLocale,
} from "./format.ts";
import { fill, type MessageTexts, type StatusTexts, textsFor } from "./status-texts.ts";
import { type PageState, pageStateOf, type StatusView } from "./status-view.ts";

/** The statuses that the gateway may be asked about now. */
const CHECKABLE: ReadonlySet<Status> = new Set(["pending", "processing", "authorized", "review"]);

interface PartProps {
  readonly view: StatusView;
  readonly state: PageState;
  readonly texts: StatusTexts;
}

/**
 * The whole document for one payment as it is now. The script replaces what is inside `main`, and a live region only
 * speaks if it was there before: so `main` is one, and each part that is not to be read out is "off".
 */
export function StatusPage({ view }: { view: StatusView }) {
  const texts = textsFor(view.locale);
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
        data-status={view.status}
        data-final={String(view.final)}
        aria-live="polite"
      >
        <div class="connection" aria-live="polite">
          <p data-live hidden>
            {texts.offline}
          </p>
        </div>
        <Emblem face={state} />
        <Announcement {...part} />
        <Summary {...part} />
        <Actions {...part} />
        <NextSteps {...part} />
      </main>
    </Document>
  );
}

/** The whole document where there is no payment to show: not found, or our own trouble. */
export function MessagePage({ title, text }: MessageTexts) {
  return (
    <Document title={title} texts={textsFor("en")} live="none">
      <main class={`card message tone-${toneOf("message")}`}>
        <Emblem face="message" />
        <h1>{title}</h1>
        <p class="lead">{text}</p>
      </main>
    </Document>
  );
}

function Announcement({ view, state, texts }: PartProps) {
  const { title, lead } = texts.states[state];
  const words = fill(lead, {
    amount: isolate(formatAmount(view.amount, view.currency, view.locale)),
    refunded: isolate(formatAmount(view.amountRefunded, view.currency, view.locale)),
  });
  return (
    <div class="announcement" role="status" aria-live="polite" aria-atomic="true">
      <h1>{title}</h1>
      <p class="lead">{words}</p>
    </div>
  );
}

function Summary({ view, state, texts }: PartProps) {
  return (
    <dl class="summary" aria-live="off">
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
          <code translate="no">{view.id}</code>
        </dd>
      </div>
    </dl>
  );
}

/** One row for either time, so that nothing moves when the payment ends. */
function Moment({ view, state, texts }: PartProps) {
  const language = languageForDates(view.locale, texts.language);
  if (state === "pending" || state === "confirming" || state === "overdue") {
    const until = formatMoment(view.expiresAt, language, !isSameDay(view.expiresAt, view.now));
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
        <time datetime={new Date(view.createdAt).toISOString()}>
          {formatMoment(view.createdAt, language, true)}
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
    <div class="actions" aria-live="off">
      {pay === undefined ? null : (
        <a class={state === "pending" ? "button primary" : "button"} id="pay" href={pay}>
          {texts.pay}
        </a>
      )}
      {CHECKABLE.has(view.status) ? (
        <form data-check method="post" action={`/status/${encodeURIComponent(view.id)}`}>
          <input type="hidden" name="client_secret" value={view.clientSecret} />
          {view.returned ? <input type="hidden" name="returned" value="1" /> : null}
          <button class="button" id="check" type="submit">
            {texts.check}
          </button>
        </form>
      ) : null}
      {back === undefined ? null : (
        <a class={view.final ? "button primary" : "button"} id="back" href={back}>
          {texts.states[state].back}
        </a>
      )}
      {back === undefined && view.final ? <p class="close">{texts.close}</p> : null}
    </div>
  );
}

function NextSteps({ state, texts }: PartProps) {
  return (
    <section class="next" aria-live="off" aria-labelledby="next">
      <h2 id="next">{texts.next}</h2>
      <ul>
        {texts.states[state].notes.map((note) => (
          <li>{note}</li>
        ))}
      </ul>
    </section>
  );
}

/** The buyer's region where it speaks the language of the texts: no Arabic date in an English sentence. */
function languageForDates(locale: string, language: string): string {
  const wanted = usableLocale(locale);
  return new Intl.Locale(wanted).language === language ? wanted : language;
}
