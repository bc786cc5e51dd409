/**
 * The languages of the buyer's pages, and which of them a buyer gets: what the address asks for, else what the browser
 * prefers, else English. By RFC 4647's lookup: "pt-BR" finds "pt", and its region still shapes money and times.
 */
/** By their tags; the first one is there where no other fits. */
export const LANGUAGES = ["en", "ar", "nl", "fr", "de", "he", "it", "ja", "pl", "pt", "es", "tr"] as const;

export type Language = (typeof LANGUAGES)[number];

/** A header of more ranges is no browser's. */
const MAX_RANGES = 32;

/**
 * @param asked of the address: a tag as a shop has it, "de-CH" or "de_CH"
 * @param acceptLanguage the header (RFC 9110, section 12.5.4)
 * @returns a canonical BCP 47 tag in one of `LANGUAGES`, which Intl formats by
 */
export function chooseLocale(asked: string | null, acceptLanguage: string): string {
  const wanted = [asked ?? "", ...preferences(acceptLanguage)];
  return wanted.map(canonical).find((tag) => lookUp(tag) !== undefined) ?? LANGUAGES[0];
}

/** The language for a locale; English where there is none. */
export function languageOf(locale: string): Language {
  return lookUp(locale) ?? LANGUAGES[0];
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
function lookUp(tag: string): Language | undefined {
  for (let range = tag; range !== ""; range = range.replace(/(-\w)?-[^-]*$|^[^-]*$/, "")) {
    const language = LANGUAGES.find((each) => each === range);
    if (language) {
      return language;
    }
  }
  return undefined;
}
