/** Getting into the console by its password, the limit of attempts, and leaving it. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { Browser, openConsole as open, PASSWORD, signedIn } from "../support/console.ts";
import { dumpTables, selectRow } from "../support/system.ts";

const HTTPS = "https://pay.example";
const MINUTE_MS = 60_000;

const text = async (response: Response | Promise<Response>) => (await response).text();
const countSessions = async () =>
  (await selectRow<{ n: number }>("SELECT count(*) AS n FROM console_sessions"))?.n ?? 0;

afterEach(() => {
  vi.restoreAllMocks();
});

describe("GET /console/sign-in", () => {
  it("is a form that password managers know, and nothing inline", async () => {
    const page = await new Browser(await open()).get(
      "/console/sign-in?to=/console/payments%3Fstatus%3Dreview",
    );
    expect(page.status).toBe(200);
    const html = await page.text();
    expect(html).toContain('action="/console/sign-in"');
    expect(html).toContain('autocomplete="current-password"');
    expect(html).toContain('value="/console/payments?status=review"');
    expect(html).not.toMatch(/<script|<style|style=|\son\w+=/);
  });

  it("is never stored, never framed, and keeps the forms' Origin", async () => {
    const { headers } = await new Browser(await open({ PUBLIC_URL: HTTPS })).get("/console/sign-in");
    expect(Object.fromEntries(headers)).toMatchObject({
      "cache-control": "no-store",
      "referrer-policy": "same-origin",
      "x-frame-options": "DENY",
      "cross-origin-opener-policy": "same-origin",
      "content-security-policy":
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
        "connect-src 'self' wss://pay.example; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    });
  });

  it("leads on whoever is in", async () => {
    const { browser } = await signedIn(await open());
    const response = await browser.get("/console/sign-in?to=%2Fconsole%2Fpayments");
    expect([response.status, response.headers.get("location")]).toEqual([303, "/console/payments"]);
  });
});

describe("POST /console/sign-in", () => {
  it("lets in whoever knows the password, by a cookie that no script and no other site can use", async () => {
    const browser = new Browser(await open({ PUBLIC_URL: HTTPS }));
    const response = await browser.signIn({ name: "  Ada Lovelace " });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/console"]);
    const [cookie = "", ...others] = response.headers.getSetCookie();
    expect(others).toEqual([]);
    expect(cookie).toMatch(/^__Host-console=[\w-]{43}\.[\w-]{43};/);
    const attributes = cookie.split("; ").slice(1).toSorted();
    expect(attributes).toEqual(["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=Lax", "Secure"]);
    expect(await browser.me()).toMatchObject({ actor: "Ada Lovelace", signOut: "form" });
  });

  it("does without Secure on this machine's http, where a browser would not keep it", async () => {
    const response = await new Browser(await open()).signIn();
    const [cookie = ""] = response.headers.getSetCookie();
    expect(cookie).toMatch(/^console=/);
    expect(cookie.split("; ").slice(1).toSorted()).toEqual([
      "HttpOnly",
      "Max-Age=43200",
      "Path=/",
      "SameSite=Lax",
    ]);
  });

  it("keeps in D1 neither the session's id nor the caller's address", async () => {
    const system = await open();
    const { browser } = await signedIn(system);
    const other = new Browser(system);
    await other.signIn({ password: "wrong" });
    const dump = await dumpTables();
    const [id = ""] = browser.cookies.get("console")?.split(".") ?? [];
    expect(id).not.toBe("");
    expect(dump).not.toContain(id);
    expect(dump).not.toContain(other.address);
    expect(dump).toContain('"attempts":1');
  });

  it("refuses a wrong password, keeps the name, and is ready for the next attempt", async () => {
    const browser = new Browser(await open());
    for (const password of ["", "wrong", `${PASSWORD} `, PASSWORD.toUpperCase(), PASSWORD.slice(0, -1)]) {
      const response = await browser.signIn({ name: 'Ada "<b>', password });
      expect(response.status).toBe(401);
      const html = await response.text();
      expect(html).toContain('value="Ada &quot;&lt;b&gt;"');
      expect(html).toMatch(/<input[^>]*type="password"[^>]*autofocus/);
      expect(html.match(/autofocus/g)).toHaveLength(1);
      expect(html).toMatch(/id="password-error" role="alert"/);
    }
    expect(browser.cookies.size).toBe(0);
  });

  it.each(["", "   ", "x".repeat(81), "Ada\nLovelace", "Ada\u0000", "\u202eadA", "...", "\u200b"])(
    "asks for a name that can stand in the record: %j",
    async (name) => {
      const browser = new Browser(await open());
      const response = await browser.signIn({ name });
      expect(response.status).toBe(400);
      expect(await response.text()).toMatch(/id="name-error" role="alert"/);
      expect(browser.cookies.size).toBe(0);
    },
  );

  it.each(["A", "x".repeat(80), "Ада Лавлейс", "山田 太郎", "محمد", "O'Brien-Smith, Jr."])(
    "takes a name of any script: %j",
    async (name) => {
      const { browser } = await signedIn(await open(), name);
      expect(await browser.me()).toMatchObject({ actor: name });
    },
  );

  it.each([
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "//evil.example/console/payments",
    "https://evil.example/console/payments",
    "http://localhost:8787/console/payments",
    "/console/a\\b",
    "/console/pay\tments",
    "/\\evil.example",
    "\\\\evil.example",
    "/console\\..\\..\\evil.example",
    "/\t/evil.example",
    "/console\r\nset-cookie: a=b",
    "/console/..//evil.example",
    "/console/%2e%2e//evil.example",
    "/console/../transactions",
    "/console@evil.example",
    "/consoles",
    "/consolé",
    "console",
    "javascript:alert(1)",
    "http:evil.example",
    "/console/sign-in",
    "/console/sign-in?to=/console/sign-in",
    "/console/sign-out",
    "",
  ])("leads nowhere but into the console: %j", async (to) => {
    const browser = new Browser(await open());
    const shown = await text(browser.get(`/console/sign-in?to=${encodeURIComponent(to)}`));
    expect(shown).toContain('name="to" value="/console"');
    expect((await browser.signIn({ to })).headers.get("location")).toBe("/console");
  });

  it("leads to the first page rather than to an address beyond all measure", async () => {
    const browser = new Browser(await open());
    expect((await browser.signIn({ to: `/console/${"x".repeat(2000)}` })).headers.get("location")).toBe(
      "/console",
    );
  });

  it.each(["/console", "/console/", "/console/payments?q=a%20b&status=review", "/console/payments/txn_1"])(
    "leads back to the page that was asked for: %s",
    async (to) => {
      expect((await new Browser(await open()).signIn({ to })).headers.get("location")).toBe(to);
    },
  );

  it("begins a session of its own each time, in place of the browser's last one", async () => {
    const system = await open();
    const { browser } = await signedIn(system);
    const thief = browser.copyCookiesTo(new Browser(system));
    const before = browser.cookies.get("console");
    await browser.signIn({ name: "Grace" });
    expect(browser.cookies.get("console")).not.toBe(before);
    expect(await browser.me()).toMatchObject({ actor: "Grace" });
    expect(await thief.me()).toBeNull();
  });

  it("never takes over an id that somebody else has chosen", async () => {
    const browser = new Browser(await open());
    const chosen = `${"a".repeat(43)}.${"b".repeat(43)}`;
    browser.cookies.set("console", chosen);
    await browser.signIn();
    expect(browser.cookies.get("console")).not.toBe(chosen);
    expect(browser.cookies.get("console")?.startsWith("a".repeat(43))).toBe(false);
  });

  it.each([
    ["no Origin", { origin: undefined }],
    ["the Origin null", { origin: "null" }],
    ["an empty Origin", { origin: "" }],
    ["a foreign Origin", { origin: "https://evil.example" }],
    ["an Origin that begins like ours", { origin: "http://localhost:8787.evil.example" }],
    ["a neighbour's port", { origin: "http://localhost:8788" }],
    ["a browser that says cross-site", { "sec-fetch-site": "cross-site" }],
    ["a browser that says same-site", { "sec-fetch-site": "same-site" }],
  ])("signs nobody in from another site: %s", async (_name, headers) => {
    const browser = new Browser(await open());
    const response = await browser.signIn({}, headers);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain("This form is out of date");
    expect(browser.cookies.size).toBe(0);
  });

  it("takes forms from the public address, and from a browser that says nothing of the site", async () => {
    const system = await open({ PUBLIC_URL: HTTPS });
    const headers = { origin: HTTPS, "sec-fetch-site": undefined };
    expect((await new Browser(system).signIn({}, headers)).status).toBe(303);
  });

  it("reads forms alone, and small ones", async () => {
    const browser = new Browser(await open());
    const origin = "http://localhost:8787";
    const form = { origin, "content-type": "application/x-www-form-urlencoded" };
    const json = await browser.send("POST", "/console/sign-in", { origin }, "{}");
    expect(json.status).toBe(400);
    const large = `password=${PASSWORD}&name=${"x".repeat(16 * 1024)}`;
    expect((await browser.send("POST", "/console/sign-in", form, large)).status).toBe(413);
    const streamed = new Blob([large]).stream();
    expect((await browser.send("POST", "/console/sign-in", form, streamed)).status).toBe(413);
    expect((await browser.send("POST", "/console/sign-in", form)).status).toBe(400);
  });

  it("writes to the log that somebody came, was refused or left, and neither who nor from where", async () => {
    const system = await open();
    const lines: string[] = [];
    for (const level of ["log", "warn"] as const) {
      vi.spyOn(console, level).mockImplementation((line) => void lines.push(String(line)));
    }
    const browser = new Browser(system);
    await browser.signIn({ name: "Canary", password: "canary" });
    await browser.signIn({ name: "Canary" });
    await browser.post("/console/sign-out", { csrf: (await browser.me())?.csrf ?? "" });
    await browser.signIn({}, { origin: "https://canary.example" });
    const events = lines.map((line) => JSON.parse(line) as { event: string; reason?: string });
    expect(events.map(({ event, reason }) => [event, reason])).toEqual([
      ["operator.refused", "wrong_password"],
      ["operator.signed_in", undefined],
      ["operator.signed_out", undefined],
      ["operator.refused", "foreign_origin"],
    ]);
    expect(lines.join("\n")).not.toMatch(/canary/i);
    expect(lines.join("\n")).not.toContain(browser.address);
  });
});

describe("the limit of attempts", () => {
  const guess = (browser: Browser) => browser.signIn({ password: "wrong" });

  async function exhaust(browser: Browser): Promise<void> {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect((await guess(browser)).status).toBe(401);
    }
  }

  it("looks at no password after the tenth, not even at the right one", async () => {
    const browser = new Browser(await open());
    await exhaust(browser);
    for (const response of [await guess(browser), await browser.signIn()]) {
      expect(response.status).toBe(429);
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(14 * 60);
      expect(Number(response.headers.get("retry-after"))).toBeLessThanOrEqual(15 * 60);
      expect(await response.text()).toContain("Too many attempts");
    }
    expect(browser.cookies.size).toBe(0);
  });

  it("is another address's own", async () => {
    const system = await open();
    await exhaust(new Browser(system));
    expect((await new Browser(system).signIn()).status).toBe(303);
  });

  it("ends with its quarter of an hour, and begins anew", async () => {
    const system = await open();
    const browser = new Browser(system);
    await exhaust(browser);
    system.advance(14 * MINUTE_MS);
    expect((await guess(browser)).status).toBe(429);
    system.advance(MINUTE_MS);
    await exhaust(browser);
    expect((await guess(browser)).status).toBe(429);
  });

  it("counts its quarter of an hour from the first attempt, not from the last", async () => {
    const system = await open();
    const browser = new Browser(system);
    await guess(browser);
    system.advance(10 * MINUTE_MS);
    for (let attempt = 0; attempt < 9; attempt += 1) {
      await guess(browser);
    }
    expect((await guess(browser)).headers.get("retry-after")).toBe("300");
    system.advance(5 * MINUTE_MS);
    expect((await guess(browser)).status).toBe(401);
  });

  it("is forgotten by whoever gets in", async () => {
    const browser = new Browser(await open());
    for (let attempt = 0; attempt < 9; attempt += 1) {
      await guess(browser);
    }
    expect((await browser.signIn()).status).toBe(303);
    await exhaust(browser);
  });

  it("lets no more through when they come all at once", async () => {
    const browser = new Browser(await open());
    const answers = await Promise.all(Array.from({ length: 25 }, () => guess(browser)));
    const statuses = answers.map(({ status }) => status).toSorted();
    expect(statuses).toEqual([...Array(10).fill(401), ...Array(15).fill(429)]);
  });

  it("writes nothing for what is over it: a stranger's flood uses up no quota", async () => {
    const system = await open();
    const browser = new Browser(system);
    await exhaust(browser);
    const before = system.counts.rowsWritten;
    await guess(browser);
    expect(system.counts.rowsWritten).toBe(before);
  });

  it.each([
    ["2001:db8:1:2::1", "2001:DB8:1:2:ffff:ffff:ffff:ffff", true],
    ["2001:db8:1:4::1", "2001:db8:1:5::1", false],
    ["2001:db8::1", "2001:db8:0:0:1::", true],
    ["2001:db8:0:1::", "2001:db8:1::", false],
    ["192.0.2.1", "192.0.2.2", false],
  ])("counts by what one line at home has: %s and %s", async (one, other, shared) => {
    const system = await open();
    await exhaust(new Browser(system, one));
    expect((await guess(new Browser(system, other))).status).toBe(shared ? 429 : 401);
  });

  it("is one for all who send no address", async () => {
    const system = await open();
    const nowhere = { "cf-connecting-ip": undefined };
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await new Browser(system).signIn({ password: "wrong" }, nowhere);
    }
    expect((await new Browser(system).signIn({}, nowhere)).status).toBe(429);
    expect((await new Browser(system).signIn()).status).toBe(303);
  });
});

describe("POST /console/sign-out", () => {
  it("ends the session for good: its row, and the cookie in the browser", async () => {
    const system = await open({ PUBLIC_URL: HTTPS });
    const { browser, csrf } = await signedIn(system);
    const thief = browser.copyCookiesTo(new Browser(system));
    const sessions = await countSessions();
    const response = await browser.post("/console/sign-out", { csrf });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/console/sign-in"]);
    expect(response.headers.getSetCookie()).toEqual([
      "__Host-console=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax",
    ]);
    expect(await countSessions()).toBe(sessions - 1);
    expect(browser.cookies.size).toBe(0);
    expect(await thief.me()).toBeNull();
  });

  it("leaves everybody else in, and the operator's other browser", async () => {
    const system = await open();
    const { browser, csrf } = await signedIn(system);
    const { browser: other } = await signedIn(system);
    await browser.post("/console/sign-out", { csrf });
    expect(await other.me()).not.toBeNull();
  });

  it("is nothing that another site can do", async () => {
    const { browser, csrf } = await signedIn(await open());
    const { csrf: foreign } = await signedIn(await open());
    expect((await browser.post("/console/sign-out")).status).toBe(403);
    expect((await browser.post("/console/sign-out", { csrf: foreign })).status).toBe(403);
    expect((await browser.post("/console/sign-out", { csrf }, { origin: "null" })).status).toBe(403);
    expect(await browser.me()).not.toBeNull();
  });

  it("leads a stranger to the sign-in", async () => {
    const response = await new Browser(await open()).post("/console/sign-out");
    expect([response.status, response.headers.get("location")]).toEqual([303, "/console/sign-in"]);
  });
});
