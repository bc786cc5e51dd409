/** The texts of every language, from which scripts/build-assets.ts makes files. English alone is in the Worker itself. */
import type { Language } from "./languages.ts";
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

export const allTexts: Readonly<Record<Language, StatusTexts>> = {
  ...{ en: english, ar: arabic, nl: dutch, fr: french, de: german, he: hebrew },
  ...{ it: italian, ja: japanese, pl: polish, pt: portuguese, es: spanish, tr: turkish },
};
