/** @jsxImportSource hono/jsx */
// Which language a buyer gets, and that each says all that is to be said.
import { describe, expect, it } from "vitest";
import { allTexts } from "../../src/pages/all-texts.ts";
import { chooseLocale, LANGUAGES, languageOf } from "../../src/pages/languages.ts";
import { MessagePage } from "../../src/pages/status-page.tsx";
import type { StatusTexts } from "../../src/pages/status-texts.ts";
import { english } from "../../src/pages/texts/en.ts";
import { ALL_STATES, render } from "./support.tsx";

const languages = LANGUAGES.map((language) => allTexts[language]);
const others = languages.filter((texts) => texts !== english);
const named = (all: readonly StatusTexts[]) => all.map((texts) => [texts.language, texts] as const);

/** Every text with its place, as ["states.pending.title", "Waiting …"]. */
function leaves(value: unknown, path = ""): [string, string][] {
  return typeof value === "string"
    ? [[path, value]]
    : Object.entries(value as object).flatMap(([name, inner]) =>
        leaves(inner, path === "" ? name : `${path}.${name}`),
      );
}

const placeholders = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();

describe("chooseLocale", () => {
  it.each([
    // The address comes first.
    ["de", "fr", "de"],
    ["de_CH", "fr", "de-CH"],
    ["PT-br", "", "pt-BR"],
    ["iw", "", "he"],
    ["zh", "fr", "fr"],
    ["not a locale", "fr", "fr"],
    ["", "fr", "fr"],
    ["-", "", "en"],
    ["e", "", "en"],
    // Then what the browser prefers.
    [null, "", "en"],
    [null, "*", "en"],
    [null, "de-CH", "de-CH"],
    [null, "pt-BR,pt;q=0.9,en;q=0.8", "pt-BR"],
    [null, "zh-Hant-TW,zh;q=0.9,ja;q=0.5,en;q=0.4", "ja"],
    [null, "zh, ko", "en"],
    [null, "en;q=0.5, tr;q=0.7", "tr"],
    [null, "en;q=0.5 ,  nl ; q=0.75", "nl"],
    [null, "fr;q=0, it;q=0.1", "it"],
    [null, "fr;q=0.000", "en"],
    [null, "*;q=0.9, es;q=0.8", "es"],
    [null, "de;q=nonsense, pl;q=0.2", "pl"],
    [null, "de;level=1, pl;q=0.2", "pl"],
    [null, "ar-u-nu-latn", "ar-u-nu-latn"],
    [null, ";,,;q=1,<script>,🙂,it", "it"],
    [null, `${"zh,".repeat(32)}de`, "en"],
  ])("makes of ?locale=%j and Accept-Language %j: %s", (asked, acceptLanguage, chosen) => {
    expect(chooseLocale(asked, acceptLanguage)).toBe(chosen);
  });

  it.each(named(languages))("finds %s, with a region and without", (language) => {
    expect(chooseLocale(language, "")).toBe(language);
    expect(chooseLocale(null, `${language.toUpperCase()}-001`)).toBe(`${language}-001`);
  });
});

describe("languageOf", () => {
  it.each([
    ["de-CH", "de"],
    ["en-a-bbb-x-c", "en"],
    ["zh-Hant", "en"],
    ["", "en"],
    ["a--b", "en"],
    ["no locale", "en"],
  ])("gives for %j the language %s", (locale, language) => {
    expect(languageOf(locale)).toBe(language);
  });
});

describe("languages", () => {
  it("are at least ten, two of them from right to left, each once", () => {
    expect(languages.length).toBeGreaterThanOrEqual(10);
    expect(languages.map(({ language }) => language)).toEqual(LANGUAGES);
    expect(new Set(LANGUAGES).size).toBe(LANGUAGES.length);
    const rightToLeft = languages.filter(({ direction }) => direction === "rtl");
    expect(rightToLeft.map(({ language }) => language)).toEqual(["ar", "he"]);
  });

  it.each(named(languages))("are known to Intl, which formats by them: %s", (language) => {
    expect(Intl.NumberFormat.supportedLocalesOf(language)).toEqual([language]);
    expect(Intl.DateTimeFormat.supportedLocalesOf(language)).toEqual([language]);
  });
});

describe.each(named(others))("the texts in %s", (_, texts) => {
  const own = new Map(leaves(texts));

  it("say all that English says, with the same values in it", () => {
    expect([...own.keys()].sort()).toEqual(
      leaves(english)
        .map(([path]) => path)
        .sort(),
    );
    for (const [path, text] of leaves(english)) {
      expect(placeholders(own.get(path) ?? ""), path).toEqual(placeholders(text));
    }
  });

  it("are none of them English by accident", () => {
    const alike = leaves(english).filter(([path, text]) => own.get(path) === text && path !== "direction");
    expect(alike).toEqual([]);
  });

  it("differ from state to state", () => {
    const titles = Object.values(texts.states).map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });
});

describe.each(named(languages))("the length of what stands in %s", (_, texts) => {
  const longest = (all: readonly string[]) => Math.max(...all.map((text) => text.length));

  it("fits the room that the page keeps for it", () => {
    const states = Object.values(texts.states);
    expect(longest(states.map(({ title }) => title))).toBeLessThanOrEqual(30);
    expect(longest(states.map(({ lead }) => lead))).toBeLessThanOrEqual(150);
    expect(longest([texts.pay, texts.check, texts.back, texts.again])).toBeLessThanOrEqual(28);
    expect(longest([texts.offline, texts.online, texts.unchanged])).toBeLessThanOrEqual(80);
    expect(Math.min(...leaves(texts).map(([, text]) => text.trim().length))).toBeGreaterThan(1);
  });
});

describe.each(named(languages))("the page in %s", (language, texts) => {
  const locale = language === "en" ? "en-US" : language;

  it.each(ALL_STATES)("is whole when %s", (state, change) => {
    const html = render({ ...change, locale });
    const { title, notes } = texts.states[state];
    expect(html).toContain(`<html lang="${language}" dir="${texts.direction}">`);
    expect(html).toContain(`<title>${title}</title>`);
    for (const note of notes) {
      expect(html).toContain(`<li>${note}</li>`);
    }
    expect(html).not.toMatch(/\{\w+\}|undefined|\[object|NaN/);
    expect(html).toContain(texts.next);
    expect(html.includes(texts.comeBack)).toBe(change.final !== true);
    expect(html).toContain(
      change.status === "failed" || change.status === "expired" ? texts.again : texts.back,
    );
  });

  it.each(["notFound", "trouble"] as const)("is whole when %s", (message) => {
    const html = (<MessagePage message={message} texts={texts} />).toString() as string;
    expect(html).toContain(`<html lang="${language}" dir="${texts.direction}">`);
    expect(html).toContain(`<h1>${texts.messages[message].title}</h1>`);
    expect(html).toContain(texts.messages[message].text);
  });
});
