/** What the buyer's browser gets: the status page, the poll, and the client library. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Api, Transaction } from "./support/api.ts";
import { fetchDescribed } from "./support/contract.ts";
import { forms, submit } from "./support/html.ts";
import { SHOP_ORIGIN } from "./support/system.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
let api: Api;

beforeAll(async () => {
  world = await startWorld();
  api = world.api;
});
afterEach(() => world?.gateway.recover());
afterAll(() => world?.stop());

const show = async (url: string, language = "en") => {
  const response = await fetchDescribed(url, {
    redirect: "manual",
    headers: { "accept-language": language },
  });
  return { status: response.status, headers: response.headers, html: await response.text() };
};

const pageOf = async (transaction: Transaction) => {
  const page = await show(transaction.status_url);
  expect(page.status).toBe(200);
  return page;
};

const checkForm = async (transaction: Transaction, query = "") => {
  const { html } = await show(`${transaction.status_url}${query}`);
  const form = forms(html).find(({ method }) => method === "post");
  if (form === undefined) {
    throw new Error("the page has no form that asks the gateway");
  }
  return form;
};

describe("GET /status/:id", () => {
  it("is a page for who has the secret", async () => {
    const { headers, html } = await pageOf(await api.start());
    expect(headers.get("content-type")).toMatch(/^text\/html/);
    expect(html).toContain("19.99");
  });

  it("answers 404 without the secret, with a wrong one and with another's", async () => {
    const [mine, other] = [await api.start(), await api.start()];
    const page = `${world.system.url}/status/${mine.id}`;
    const secrets = [other.client_secret, `${mine.client_secret}x`, "", "wrong"];
    const addresses = [page, ...secrets.map((secret) => `${page}?client_secret=${secret}`)];
    for (const address of addresses) {
      expect((await show(address)).status, address).toBe(404);
    }
  });

  it("lets no script or style in from the page itself", async () => {
    const { headers, html } = await pageOf(await api.start());
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/default-src|script-src/);
    expect(policy).not.toContain("unsafe-inline");
    expect(policy).not.toContain("unsafe-eval");
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>[^<]/);
    expect(html).not.toMatch(/\son\w+=/);
  });

  it("refreshes itself without JavaScript while the buyer waits", async () => {
    const { headers, html } = await pageOf(await api.start());
    expect(/http-equiv="refresh"/i.test(html) || headers.has("refresh")).toBe(true);
  });

  it("escapes what the shop wrote", async () => {
    const description = `<img src=x onerror=alert(1)> & "quotes"`;
    const { html } = await pageOf(await api.start({ description, order_id: `<b>${crypto.randomUUID()}` }));
    expect(html).not.toContain("<img src=x");
    expect(html).not.toContain("<b>");
  });

  it.each([
    [500, "JPY", "500", "5.00"],
    [1234, "KWD", "1.234", "12.34"],
    [123456, "EUR", "1,234.56", "123,456"],
  ])("shows %d %s in its own decimals", async (amount, currency, shown, wrong) => {
    const { html } = await pageOf(await api.start({ amount, currency }));
    expect(html).toContain(shown);
    expect(html).not.toContain(wrong);
  });

  it.each(["success", "failure", "cancelled", "processing", "authorized", "expired"] as const)(
    "has words of its own after %s",
    async (status) => {
      const transaction = await api.start();
      const heading = (html: string) => /<h1[^>]*>([^<]+)</.exec(html)?.[1];
      const before = heading((await pageOf(transaction)).html);
      await world.gateway.tell(transaction.id, status);
      const after = heading((await pageOf(transaction)).html);
      expect(after).toBeTruthy();
      expect(after).not.toBe(before);
    },
  );

  it("leads to the payment while it can be paid, and back to the shop", async () => {
    const transaction = await api.start({ return_url: `${SHOP_ORIGIN}/thanks` });
    const paymentUrl = transaction.payment_url ?? "";
    expect((await pageOf(transaction)).html).toContain(`href="${paymentUrl}"`);
    await world.gateway.tell(transaction.id, "success");
    const { html } = await pageOf(transaction);
    expect(html).not.toContain(paymentUrl);
    expect(html).toContain(`href="${SHOP_ORIGIN}/thanks`);
  });
});

describe("the status page's language", () => {
  const languageOf = ({ headers, html }: Awaited<ReturnType<typeof show>>) => [
    headers.get("content-language"),
    ...(/<html lang="(\w+)" dir="(\w+)">/.exec(html)?.slice(1) ?? []),
  ];

  it("is the browser's, and a cache is told", async () => {
    const { status_url } = await api.start();
    const page = await show(status_url, "zh-CN, pt-BR;q=0.9, en;q=0.5");
    expect(languageOf(page)).toEqual(["pt", "pt", "ltr"]);
    expect(page.headers.get("vary")).toMatch(/accept-language/i);
    expect(languageOf(await show(status_url, "zh-CN"))).toEqual(["en", "en", "ltr"]);
  });

  it("is what the address asks for, also after a check", async () => {
    const transaction = await api.start();
    expect(languageOf(await show(`${transaction.status_url}&locale=ar-EG`, "de"))).toEqual([
      "ar",
      "ar",
      "rtl",
    ]);
    const form = await checkForm(transaction, "&locale=ar-EG");
    const location = (await submit(transaction.status_url, form)).headers.get("location") ?? "";
    const page = await show(new URL(location, transaction.status_url).href, "de");
    expect(languageOf(page)).toEqual(["ar", "ar", "rtl"]);
    expect(page.html).toContain("١٩٫٩٩");
  });

  it("is the customer's when the gateway sends the buyer back", async () => {
    const { id } = await api.start({ customer: { locale: "fr-FR" } });
    const { return_url } = world.gateway.sessions.get(id)?.request ?? {};
    expect(languageOf(await show(String(return_url), "de"))).toEqual(["fr", "fr", "ltr"]);
  });
});

describe("the status page and all that it loads", () => {
  it.each(["en", "ar", "ja"])("is at most 60 kB in %s, uncompressed", async (language) => {
    const page = await show((await api.start()).status_url, language);
    const loaded = [...page.html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = ""]) => path);
    expect(loaded.sort()).toEqual(["/icon.svg", "/status.css", "/status.js"]);
    const files = await Promise.all(loaded.map((path) => show(`${world.system.url}${path}`)));
    expect(files.map(({ status }) => status)).toEqual([200, 200, 200]);
    const bytes = [page, ...files].map(({ html }) => Buffer.byteLength(html));
    expect(bytes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(60_000);
    for (const { html } of files) {
      expect(html, "nothing is loaded from what is loaded").not.toMatch(/url\(|@import|import\(/);
    }
  });
});

describe("the check form of the status page", () => {
  it("asks the gateway and answers 303 back to the page", async () => {
    const transaction = await api.start();
    const form = await checkForm(transaction);
    world.gateway.settle(transaction.id, "success");
    const response = await submit(transaction.status_url, form);
    expect(response.status).toBe(303);
    expect(world.gateway.callsOf("status", transaction.id).length).toBeGreaterThan(0);
    const target = new URL(response.headers.get("location") ?? "", transaction.status_url);
    expect((await show(target.href)).status).toBe(200);
    expect(target.pathname).toBe(`/status/${transaction.id}`);
    expect((await api.get(transaction.id)).status).toBe("succeeded");
  });

  it("answers 303 too when the gateway is down, and changes nothing", async () => {
    const transaction = await api.start();
    const form = await checkForm(transaction);
    world.gateway.behave("down");
    expect((await submit(transaction.status_url, form)).status).toBe(303);
    expect(await api.get(transaction.id)).toMatchObject({ status: "pending", version: 1 });
  });

  it("answers 404 to another's secret, and asks nobody", async () => {
    const [mine, other] = [await api.start(), await api.start()];
    const form = await checkForm(mine);
    const fields = Object.fromEntries(
      Object.entries(form.fields).map(([name, value]) => [
        name,
        value === mine.client_secret ? other.client_secret : value,
      ]),
    );
    const page = `${world.system.url}/status/${mine.id}?client_secret=${other.client_secret}`;
    const action = form.action.replace(encodeURIComponent(mine.client_secret), other.client_secret);
    expect((await submit(page, { ...form, action, fields })).status).toBe(404);
    expect(world.gateway.callsOf("status", mine.id)).toHaveLength(0);
  });
});

describe("POST /status/:id with something that is no form", () => {
  it.each([
    ["application/json", "{}"],
    ["multipart/form-data", "garbage"],
    ["multipart/form-data; boundary=b", "--b\r\ngarbage"],
    ["application/x-www-form-urlencoded", "%E0%A4%A=%"],
  ])("answers %s %j as a fault of the caller", async (type, raw) => {
    const { id } = await api.start();
    const headers = { "content-type": type };
    const { status } = await api.call(`/status/${id}`, { raw, bearer: null, headers });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  });
});

describe("GET /transactions/:id for who polls", () => {
  it("answers 304 until something has changed", async () => {
    const { id, client_secret } = await api.start();
    const poll = (etag?: string) =>
      api.call<Transaction>(`/transactions/${id}`, {
        bearer: client_secret,
        headers: etag === undefined ? {} : { "if-none-match": etag },
      });
    const first = await poll();
    const etag = first.headers.get("etag") ?? "";
    expect(etag).toMatch(/^(W\/)?"[^"]+"$/);
    const second = await poll(etag);
    expect([second.status, second.text]).toEqual([304, ""]);
    await world.gateway.tell(id, "success");
    const third = await poll(etag);
    expect(third.status).toBe(200);
    expect(third.body.status).toBe("succeeded");
    expect(third.headers.get("etag")).not.toBe(etag);
  });

  it("tells the shop by the same ETag", async () => {
    const { id } = await api.start();
    const etag = (await api.call(`/transactions/${id}`)).headers.get("etag") ?? "";
    expect(etag).not.toBe("");
    const again = await api.call(`/transactions/${id}`, { headers: { "if-none-match": etag } });
    expect(again.status).toBe(304);
  });

  it("answers nobody 304 without a key", async () => {
    const { id } = await api.start();
    const etag = (await api.call(`/transactions/${id}`)).headers.get("etag") ?? "";
    const headers = { "if-none-match": etag };
    expect((await api.call(`/transactions/${id}`, { bearer: null, headers })).status).toBe(401);
  });
});

describe("CORS of GET /transactions/:id", () => {
  const allowed = (headers: Headers) => headers.get("access-control-allow-origin");

  it("lets the shop's pages read, and no others", async () => {
    const { id, client_secret } = await api.start();
    const read = (origin: string) =>
      api.call(`/transactions/${id}`, { bearer: client_secret, headers: { origin } });
    expect(allowed((await read(SHOP_ORIGIN)).headers)).toBe(SHOP_ORIGIN);
    for (const origin of ["https://evil.example", "http://shop.example", "null"]) {
      expect(allowed((await read(origin)).headers), origin).toBeNull();
    }
  });

  it("tells the shop's pages before they ask", async () => {
    const { id } = await api.start();
    const ask = (origin: string) =>
      api.call(`/transactions/${id}`, {
        method: "OPTIONS",
        bearer: null,
        headers: {
          origin,
          "access-control-request-method": "GET",
          "access-control-request-headers": "authorization",
        },
      });
    const answer = await ask(SHOP_ORIGIN);
    expect([200, 204]).toContain(answer.status);
    expect(allowed(answer.headers)).toBe(SHOP_ORIGIN);
    expect(answer.headers.get("access-control-allow-headers")?.toLowerCase()).toMatch(/authorization|\*/);
    expect(allowed((await ask("https://evil.example")).headers)).toBeNull();
  });
});

describe("GET /client.js", () => {
  it("is a module that pages of other origins may import", async () => {
    const response = await fetchDescribed(`${world.system.url}/client.js`, {
      headers: { origin: SHOP_ORIGIN },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^(text|application)\/javascript/);
    expect(["*", SHOP_ORIGIN]).toContain(allowedOrigin(response));
    expect(response.headers.get("cross-origin-resource-policy") ?? "cross-origin").toBe("cross-origin");
    const source = await response.text();
    const client: Record<string, unknown> = await import(
      `data:text/javascript;base64,${Buffer.from(source).toString("base64")}`
    );
    for (const name of ["watchTransaction", "guardNavigation", "resumePending"]) {
      expect(client[name], name).toBeTypeOf("function");
    }
  });
});

describe("GET /openapi.json", () => {
  it("is OpenAPI 3.1 for programs of any origin", async () => {
    const response = await fetchDescribed(`${world.system.url}/openapi.json`, {
      headers: { origin: "https://anybody.example" },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(allowedOrigin(response)).toBe("*");
    expect(await response.json()).toMatchObject({ openapi: expect.stringMatching(/^3\.1\./) });
  });
});

describe("GET /docs", () => {
  it("is a page that may load from its own origin alone", async () => {
    const { status, headers, html } = await show(`${world.system.url}/docs`);
    expect(status).toBe(200);
    expect(headers.get("content-type")).toContain("text/html");
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe-|https?:|\*/);
    expect(html).not.toMatch(/https?:/);
  });
});

const allowedOrigin = (response: Response) => response.headers.get("access-control-allow-origin");
