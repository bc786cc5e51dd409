/** A language's texts from the real assets, and what becomes of a page whose texts cannot be read. */
import { describe, expect, it } from "vitest";
import { allTexts } from "../../src/pages/all-texts.ts";
import { LANGUAGES } from "../../src/pages/languages.ts";
import { readTexts, type TextSource, textsPath } from "../../src/pages/read-texts.ts";
import { createSystem } from "../support/system.ts";

const { services } = await createSystem();
const failures: unknown[][] = [];
const source = (readAsset: TextSource["readAsset"]): TextSource => ({
  readAsset,
  onFailure: (...failure) => failures.push(failure),
});

describe("readTexts", () => {
  it("is English where they cannot be read, says so, and reads them when it can", async () => {
    const away = source(() => Promise.reject(new Error("away")));
    const missing = source(async () => new Response("", { status: 404 }));
    const broken = source(async () => new Response("{"));
    // No other test reads the Turkish ones, which would stay known.
    for (const bad of [away, missing, broken]) {
      expect(await readTexts("tr-TR", bad)).toBe(allTexts.en);
    }
    expect(failures.map(([language]) => language)).toEqual(["tr", "tr", "tr"]);
    expect((await readTexts("tr-TR", source(services.readAsset))).language).toBe("tr");
    expect(failures).toHaveLength(3);
  });

  it.each(LANGUAGES)("reads from the assets what was written in %s", async (language) => {
    expect(await (await services.readAsset(textsPath(language))).json()).toEqual(allTexts[language]);
    expect(await readTexts(language, source(services.readAsset))).toEqual(allTexts[language]);
  });

  it("reads each once, and English never", async () => {
    const never = source(() => expect.unreachable("it is known"));
    expect(await readTexts("en-GB", never)).toBe(allTexts.en);
    expect(await readTexts("zh", never)).toBe(allTexts.en);
    await readTexts("pl", source(services.readAsset));
    expect(await readTexts("pl-PL", never)).toEqual(allTexts.pl);
  });
});
