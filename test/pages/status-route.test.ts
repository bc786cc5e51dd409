/** GET and POST /status/:id as a browser meets them: in which language, under which policy, and in our own trouble. */
import { beforeAll, describe, expect, it } from "vitest";
import { createPending, createSystem, ORIGIN, replaceStore, type System } from "../support/system.ts";

let system: System;
let id: string;
let secret: string;

beforeAll(async () => {
  system = await createSystem();
  const created = await createPending(system);
  id = created.id;
  secret = created.client_secret;
});

const address = (query = "") => `${ORIGIN}/status/${id}?client_secret=${secret}${query}`;

const get = (url: string, acceptLanguage?: string) =>
  system.fetch(
    new Request(url, acceptLanguage === undefined ? {} : { headers: { "accept-language": acceptLanguage } }),
  );

const post = (fields: Record<string, string>, acceptLanguage = "en") =>
  system.fetch(
    new Request(`${ORIGIN}/status/${id}`, {
      method: "POST",
      headers: { "accept-language": acceptLanguage },
      body: new URLSearchParams(fields),
    }),
  );

async function inTrouble<T>(run: () => Promise<T>): Promise<T> {
  const fail = () => Promise.reject(new Error("D1 is away"));
  const mend = replaceStore(system, { find: fail, claimCheck: fail });
  try {
    return await run();
  } finally {
    mend();
  }
}

/** Each page of a buyer's, in each way that it can come. */
const pages: readonly [string, number, (acceptLanguage: string) => Promise<Response>][] = [
  ["the payment", 200, (language) => get(address(), language)],
  ["no such payment", 404, (language) => get(`${ORIGIN}/status/${id}`, language)],
  ["no such payment to check", 404, (language) => post({ client_secret: "wrong" }, language)],
  ["our trouble", 503, (language) => inTrouble(() => get(address(), language))],
  ["our trouble at a check", 503, (language) => inTrouble(() => post({ client_secret: secret }, language))],
];

describe.each(pages)("the page of %s (%d)", (_, status, fetchPage) => {
  it("is in the buyer's language, and says so to caches and to the browser", async () => {
    for (const [accepted, language, direction] of [
      ["de-CH, en;q=0.5", "de", "ltr"],
      ["zh, ar;q=0.5", "ar", "rtl"],
      ["zh", "en", "ltr"],
    ] as const) {
      const response = await fetchPage(accepted);
      expect(response.status).toBe(status);
      expect(response.headers.get("content-language")).toBe(language);
      expect(response.headers.get("vary")).toBe("Accept-Language");
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(await response.text()).toContain(`<html lang="${language}" dir="${direction}">`);
    }
  });

  it("lets nothing in but its own script, style, icon and socket", async () => {
    const response = await fetchPage("en");
    const policy = Object.fromEntries(
      (response.headers.get("content-security-policy") ?? "")
        .split("; ")
        .map((directive) => directive.split(/ (.*)/, 2)),
    );
    expect(policy).toEqual({
      "default-src": "'none'",
      "script-src": "'self'",
      "style-src": "'self'",
      "img-src": "'self'",
      "connect-src": "'self' ws://localhost:8787",
      "form-action": "'self'",
      "frame-ancestors": "'none'",
      "base-uri": "'none'",
    });
    expect(await response.text()).not.toMatch(
      /\sstyle=|<style|\son\w+=|<script(?! type="module" src="\/status.js">)/,
    );
  });
});

describe("GET /status/:id", () => {
  it("speaks the language that its address asks for, before the browser's", async () => {
    const response = await get(address("&locale=fr-CH"), "de");
    expect(response.headers.get("content-language")).toBe("fr");
    expect(await response.text()).toContain('data-locale="fr-CH"');
  });

  it("falls back on the browser's where the address asks for what is not to be had", async () => {
    for (const locale of ["zh", "", "%22%3E%3Cb%3E", "x".repeat(2_000)]) {
      const response = await get(address(`&locale=${locale}`), "it");
      expect(response.headers.get("content-language"), locale.slice(0, 20)).toBe("it");
      expect(await response.text()).not.toContain("<b>");
    }
  });

  it("tries again by itself in our trouble, at its own address", async () => {
    const html = await inTrouble(async () => (await get(address())).text());
    expect(html).toContain('<meta http-equiv="refresh" content="15"/>');
  });
});

describe("POST /status/:id", () => {
  it("leads back to the page in the language that was asked for", async () => {
    const location = async (fields: Record<string, string>) =>
      (await post({ client_secret: secret, ...fields })).headers.get("location");
    expect(await location({})).toBe(address());
    expect(await location({ locale: "de-CH" })).toBe(address("&locale=de-CH"));
    expect(await location({ locale: "de-CH", returned: "1" })).toBe(address("&locale=de-CH&returned=1"));
    expect(await location({ locale: "a&returned=1#" })).toBe(address("&locale=a%26returned%3D1%23"));
  });

  it("leads from our trouble to the page, and does not send the form again", async () => {
    const response = await inTrouble(() =>
      post({ client_secret: secret, locale: "he", returned: "1" }, "de"),
    );
    expect(response.headers.get("content-language")).toBe("he");
    const target = address("&locale=he&returned=1").replaceAll("&", "&amp;");
    expect(await response.text()).toContain(`<meta http-equiv="refresh" content="15; url=${target}"/>`);
  });
});
