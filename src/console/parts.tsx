/** Small parts that several pages share. */
import type { Child } from "hono/jsx";
import { Icon } from "./icons.tsx";
import type { Count } from "./views.ts";

/** The heading of a page, and what belongs beside it. */
export function PageHead({ title, children }: { title: string; children?: Child }) {
  return (
    <div class="page-head">
      <h1>{title}</h1>
      {children}
    </div>
  );
}

interface Tab {
  readonly name: string;
  readonly href: string;
  readonly isCurrent: boolean;
}

/** Links of which one is where we are. */
export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ name, href, isCurrent }) => (
        <a class="tab" href={href} aria-current={isCurrent ? "true" : undefined}>
          {name}
        </a>
      ))}
    </nav>
  );
}

interface PagerProps {
  /** The list's address, without a query. */
  readonly path: string;
  /** The query string of the next page, without "?"; null: there is none. */
  readonly next: string | null;
  /** What comes there. */
  readonly label?: string;
}

export function Pager({ path, next, label = "Older" }: PagerProps) {
  return next === null ? null : (
    <nav class="pager" aria-label="Pages">
      <a class="button" rel="next" href={`${path}?${next}`}>
        {label}
        <Icon name="next" />
      </a>
    </nav>
  );
}

/** What stands where a list would. */
export function Empty({ title, children }: { title: string; children?: Child }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** A text that must stay as it is, to be opened. The id lets the script keep it open. */
export function Verbatim({ id, summary, text }: { id: string; summary: string; text: string }) {
  return (
    <details id={id}>
      <summary>{summary}</summary>
      <pre class="verbatim" translate="no" dir="auto" tabindex={0}>
        {indented(text)}
      </pre>
    </details>
  );
}

/** An id of ours or of somebody else. */
export function Code({ children }: { children?: Child }) {
  return (
    <code translate="no" dir="ltr">
      {children}
    </code>
  );
}

/** A name and what it is, in a list of such (dl). */
export function Fact({ name, children }: { name: string; children?: Child }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function PaymentLink({ id }: { id: string }) {
  return isPayment(id) ? (
    <a href={`/console/payments/${id}`}>
      <Code>{id}</Code>
    </a>
  ) : (
    <Code>{id}</Code>
  );
}

export function showCount({ value, more }: Count): string {
  return `${value.toLocaleString("en-GB")}${more ? "+" : ""}`;
}

/** What a webhook knows only by the gateway's reference has no page. */
function isPayment(id: string): boolean {
  return /^txn_[0-9a-z]{26}$/.test(id);
}

/** JSON as people read it; anything else as it is. */
function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
