/**
 * What every language of the buyer's pages has to say: one object a language under texts/, complete or a type error.
 * Plain words, and nothing that the status does not prove: a buyer acts on what stands there.
 */
import type { PageState } from "./status-view.ts";

/** `{amount}` and `{refunded}` stand for formatted money, in the lead alone. */
export interface StateTexts {
  /** The heading and the document's title; about 28 characters fit on one line of a phone. */
  readonly title: string;
  /** At most 150 characters: the page keeps room for so many. */
  readonly lead: string;
  /** What happens next, one sentence or two each. */
  readonly notes: readonly [string, string];
}

/** A page that has no payment to show. */
export interface MessageTexts {
  readonly title: string;
  readonly text: string;
}

export interface StatusTexts {
  /** BCP 47, the language of these texts. */
  readonly language: string;
  readonly direction: "ltr" | "rtl";
  readonly states: Readonly<Record<PageState, StateTexts>>;
  readonly messages: Readonly<Record<"notFound" | "trouble", MessageTexts>>;
  readonly next: string;
  /** The last note, while the payment is open. */
  readonly comeBack: string;
  readonly pay: string;
  readonly check: string;
  /** On the link to the shop. */
  readonly back: string;
  /** The same, where the buyer can pay anew there. */
  readonly again: string;
  /** In the place of the link, at the end, where there is no shop to go to. */
  readonly close: string;
  /** Shown while the page cannot hear from us. */
  readonly offline: string;
  /** Shown once it can again. */
  readonly online: string;
  /** Shown when the gateway was asked and had nothing new to say. */
  readonly unchanged: string;
  readonly amount: string;
  readonly description: string;
  readonly refunded: string;
  readonly started: string;
  readonly timeToPay: string;
  /** `{time}` stands for a moment, as in the next one. */
  readonly until: string;
  readonly endedAt: string;
  readonly reference: string;
}

/** Puts values in the place of `{names}`, in one pass: what a value contains is never read as a name. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
