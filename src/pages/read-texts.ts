/** A language's texts, of which the Worker has only the English ones in itself: the others are among its assets. */
import { type Language, languageOf } from "./languages.ts";
import type { StatusTexts } from "./status-texts.ts";
import { english } from "./texts/en.ts";

/** What was read once stays for as long as this isolate. */
const known = new Map<Language, StatusTexts>([["en", english]]);

/** Where the assets have them. */
export const textsPath = (language: Language) => `/texts/${language}.json`;

export interface TextSource {
  /** The asset at a path. */
  readAsset(path: string): Promise<Response>;
  onFailure(language: Language, error: unknown): void;
}

/** The texts for a locale; the English ones where there are none, or where they cannot be read. */
export async function readTexts(locale: string, source: TextSource): Promise<StatusTexts> {
  const language = languageOf(locale);
  const found = known.get(language);
  if (found) {
    return found;
  }
  try {
    const answer = await source.readAsset(textsPath(language));
    if (!answer.ok) {
      throw new Error(`the asset answered ${answer.status}`);
    }
    const texts = (await answer.json()) as StatusTexts;
    known.set(language, texts);
    return texts;
  } catch (error) {
    source.onFailure(language, error);
    return english;
  }
}
