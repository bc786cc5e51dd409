/**
 * The languages of the buyer's pages, and which of them a buyer gets: what the address asks for, else what the browser
 * prefers, else English. By RFC 4647's lookup: "pt-BR" finds "pt", and its region still shapes money and times.
 */
import type { StatusTexts } from "./status-texts.ts";
import { arabic } from "./texts/ar.ts";
import { german } from "./texts/de.ts";
import { english } from "./texts/en.ts";
import { spanish } from "./texts/es.ts";
import { french } from "./texts/fr.ts";
import { hebrew } from "./texts/he.ts";
import { italian } from "./texts/it.ts";
import { japanese } from "./texts/ja.ts";
import { dutch } from "./texts/nl.ts";
import { polish } from "./texts/pl.ts";
import { portuguese } from "./texts/pt.ts";
import { turkish } from "./texts/tr.ts";

export const languages: readonly StatusTexts[] = [
  ...[english, arabic, dutch, french, german, hebrew],
  ...[italian, japanese, polish, portuguese, spanish, turkish],
];

const byTag: ReadonlyMap<string, StatusTexts> = new Map(languages.map((texts) => [texts.language, texts]));

/** A header of more ranges is no browser's. */
const MAX_RANGES = 32;

/**
 * @param asked of the address: a tag as a shop has it, "de-CH" or "de_CH"
 * @param acceptLanguage the header (RFC 9110, section 12.5.4)
 * @returns a canonical BCP 47 tag that `textsFor` has texts for, and Intl formats by
 */
export function chooseLocale(asked: string | null, acceptLanguage: string): string {
  const wanted = [asked ?? "", ...preferences(acceptLanguage)];
  return wanted.map(canonical).find((tag) => lookUp(tag) !== undefined) ?? english.language;
}

/** The texts for a locale; English where there are none. */
export function textsFor(locale: string): StatusTexts {
  return lookUp(locale) ?? english;
}

/** The ranges that are acceptable, best first; "*" is anything, and so no wish. */
function preferences(acceptLanguage: string): string[] {
  return acceptLanguage
    .split(",", MAX_RANGES)
    .map((entry) => /^\s*([\w-]+)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?$/i.exec(entry))
    .map((match) => ({ range: match?.[1] ?? "", quality: Number(match?.[2] ?? 1) }))
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality)
    .map(({ range }) => range);
}

/** Empty where it is no language tag: Intl throws on such. */
function canonical(tag: string): string {
  try {
    return Intl.getCanonicalLocales(tag.replaceAll("_", "-"))[0] ?? "";
  } catch {
    return "";
  }
}

/** RFC 4647, section 3.4: the last subtag is taken off until something fits, and with it a single letter before it. */
function lookUp(tag: string): StatusTexts | undefined {
  for (let range = tag; range !== ""; range = range.replace(/(-\w)?-[^-]*$|^[^-]*$/, "")) {
    const texts = byTag.get(range);
    if (texts) {
      return texts;
    }
  }
  return undefined;
}
