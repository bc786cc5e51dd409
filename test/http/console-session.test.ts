/** Who passes into the console, until when, and which forms are believed. */
import { describe, expect, it } from "vitest";
import { app } from "../../src/http/app.ts";
import { Browser, openConsole as open, signedIn } from "../support/console.ts";
import { createSystem, ORIGIN, selectRow } from "../support/system.ts";

const HTTPS = "https://pay.example";
const HOUR_MS = 60 * 60_000;
const MINUTE_MS = 60_000;

describe("operatorOnly", () => {
  it("leads a stranger who reads to the sign-in, and back to the very page", async () => {
    const browser = new Browser(await open());
    for (const method of ["GET", "HEAD"]) {
      const response = await browser.send(method, "/console/me?q=a%20b&c=d");
      expect(response.status).toBe(303);
      expect(response.headers.get("location")).toBe(
        "/console/sign-in?to=%2Fconsole%2Fme%3Fq%3Da%2520b%26c%3Dd",
      );
    }
  });

  it.each(["POST", "PUT", "DELETE", "PATCH"])(
    "does nothing for a stranger's %s, and says so",
    async (method) => {
      const response = await new Browser(await open()).send(method, "/console/me", {
        origin: "http://localhost:8787",
      });
      expect(response.status).toBe(401);
      expect(await response.text()).toContain("You are not signed in");
    },
  );

  it("refuses what it has not made itself without asking D1", async () => {
    const system = await open();
    const { browser } = await signedIn(system);
    const [id = "", mac = ""] = browser.cookies.get("console")?.split(".") ?? [];
    const swap = (value: string) => `${value[0] === "A" ? "B" : "A"}${value.slice(1)}`;
    const { browser: other } = await signedIn(system);
    const [, otherMac = ""] = other.cookies.get("console")?.split(".") ?? [];
    const before = system.counts.roundTrips;
    for (const forged of [
      ...[`${swap(id)}.${mac}`, `${id}.${swap(mac)}`, `${id}.${otherMac}`, `${id}.`, id, `.${mac}`],
      ...[`${id}.${mac}A`, `${id}${mac}`, `${id}.${mac}.${mac}`, "", ".", "a.b", "x".repeat(4000)],
    ]) {
      browser.cookies.set("console", forged);
      expect(await browser.me()).toBeNull();
    }
    expect(system.counts.roundTrips).toBe(before);
  });

  it("takes no cookie of the other name: on https only what the host itself has set", async () => {
    const system = await open({ PUBLIC_URL: HTTPS });
    const { browser } = await signedIn(system);
    const planted = new Browser(system);
    planted.cookies.set("console", browser.cookies.get("__Host-console") ?? "");
    expect(await planted.me()).toBeNull();
    expect(await browser.me()).not.toBeNull();
  });

  it("ends a session after twelve hours, however much it was used", async () => {
    const system = await open();
    const { browser } = await signedIn(system);
    system.advance(12 * HOUR_MS - MINUTE_MS);
    expect(await browser.me()).not.toBeNull();
    system.advance(MINUTE_MS);
    expect(await browser.me()).toBeNull();
  });

  it("ends all sessions with a new password", async () => {
    const { browser } = await signedIn(await open());
    const changed = await open({ CONSOLE_PASSWORD: "another-console-password-for-tests" });
    const before = changed.counts.roundTrips;
    expect(await browser.copyCookiesTo(new Browser(changed)).me()).toBeNull();
    expect(changed.counts.roundTrips).toBe(before);
  });

  it("ends all sessions with the key that signed them, and not while that key still verifies", async () => {
    const [old, next] = ["old-client-secret-key-for-tests", "new-client-secret-key-for-tests"];
    const { browser, csrf } = await signedIn(await open({ CLIENT_SECRET_KEY: old }));
    const both = browser.copyCookiesTo(new Browser(await open({ CLIENT_SECRET_KEY: `${next},${old}` })));
    expect(await both.me()).toMatchObject({ actor: "Ada" });
    expect((await both.post("/console/me", { csrf })).status).toBe(200);
    expect(await browser.copyCookiesTo(new Browser(await open({ CLIENT_SECRET_KEY: next }))).me()).toBeNull();
  });

  it("does what an operator's own form says, and hands on the whole form", async () => {
    const { browser, csrf } = await signedIn(await open());
    const response = await browser.post("/console/me", { csrf, note: "Ä & b" });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ csrf, note: "Ä & b" });
  });

  it("gives each session forms of its own, which stay good as long as it lives", async () => {
    const system = await open();
    const { browser, csrf } = await signedIn(system);
    const { csrf: other } = await signedIn(system);
    expect(csrf).toMatch(/^[\w-]{43}$/);
    expect(other).not.toBe(csrf);
    expect((await browser.me())?.csrf).toBe(csrf);
  });

  it("does nothing for a form without the token of this very session", async () => {
    const system = await open();
    const { browser, csrf } = await signedIn(system);
    const { csrf: other } = await signedIn(system);
    const forms = [{}, { csrf: "" }, { csrf: other }, { csrf: `${csrf}A` }, { csrf: csrf.toLowerCase() }];
    for (const fields of [...forms, { token: csrf }]) {
      const response = await browser.post("/console/me", fields);
      expect(response.status).toBe(403);
      expect(await response.text()).toContain("This form is out of date");
    }
    const inAddress = await browser.post(`/console/me?csrf=${csrf}`);
    expect(inAddress.status).toBe(403);
  });

  it.each([
    ["no Origin", { origin: undefined }],
    ["the Origin null", { origin: "null" }],
    ["a foreign Origin", { origin: "https://evil.example" }],
    ["a neighbour's port", { origin: "http://localhost:8788" }],
    ["the same host by https", { origin: "https://localhost:8787" }],
    ["a browser that says cross-site", { "sec-fetch-site": "cross-site" }],
    ["a browser that says same-site", { "sec-fetch-site": "same-site" }],
    ["a browser that says none", { "sec-fetch-site": "none" }],
  ])("does nothing for another site, though it had the token: %s", async (_name, headers) => {
    const { browser, csrf } = await signedIn(await open());
    expect((await browser.post("/console/me", { csrf }, headers)).status).toBe(403);
  });

  it("says how to open the console while it is closed, to whatever is sent", async () => {
    const browser = new Browser(await createSystem({ CONSOLE_PASSWORD: "" }));
    const answers = [
      await browser.get("/console/me"),
      await browser.post("/console/me"),
      await browser.get("/console/sign-in"),
      await browser.signIn(),
      await browser.post("/console/sign-out"),
    ];
    for (const response of answers) {
      expect(response.status).toBe(404);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      const { detail } = (await response.json()) as { detail: string };
      for (const name of ["CONSOLE_PASSWORD", "ACCESS_TEAM_DOMAIN", "ACCESS_AUD"]) {
        expect(detail).toContain(name);
      }
    }
  });
});

describe("every page and deed of the console", () => {
  const routes = app.routes
    .filter(({ method, path }) => method !== "ALL" && /^\/console(?!\/sign-)/.test(path))
    .map(({ method, path }) => [method, path.replace(":id", "txn_00000000000000000000000000")] as const);
  const reads = routes.filter(([method]) => method === "GET");
  const deeds = routes.filter(([method]) => method !== "GET");

  it("is in the router's own list", () => {
    expect(reads.length).toBeGreaterThan(5);
    expect(deeds.length).toBeGreaterThan(3);
  });

  it("is for operators alone", async () => {
    const stranger = new Browser(await open(), undefined, app);
    for (const [, path] of reads) {
      expect((await stranger.get(path)).headers.get("location")).toMatch(/^\/console\/sign-in\?to=/);
    }
    for (const [method, path] of deeds) {
      expect([path, (await stranger.send(method, path, { origin: ORIGIN })).status]).toEqual([path, 401]);
    }
  });

  it("does nothing that an operator's own form has not asked for", async () => {
    const system = await open();
    const { browser, csrf } = await signedIn(system);
    const operator = browser.copyCookiesTo(new Browser(system, undefined, app));
    for (const [, path] of deeds) {
      expect([path, (await operator.post(path)).status]).toEqual([path, 403]);
      const foreign = await operator.post(path, { csrf }, { origin: "https://evil.example" });
      expect([path, foreign.status]).toEqual([path, 403]);
    }
  });
});

describe("pruneConsole", () => {
  it("forgets the sessions and the attempts that are over, and no others", async () => {
    const system = await open();
    const { browser: early } = await signedIn(system);
    await new Browser(system).signIn({ password: "wrong" });
    system.advance(11 * HOUR_MS);
    const { browser: late } = await signedIn(system);
    const guesser = new Browser(system);
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await guesser.signIn({ password: "wrong" });
    }
    system.advance(HOUR_MS + MINUTE_MS - 50 * MINUTE_MS);
    await system.services.store.pruneConsole(system.services.now());
    expect((await guesser.signIn()).status).toBe(429);
    expect(await early.me()).not.toBeNull();

    system.advance(50 * MINUTE_MS);
    await system.services.store.pruneConsole(system.services.now());
    expect(await selectRow("SELECT * FROM sign_in_attempts")).toBeNull();
    expect(await early.me()).toBeNull();
    expect(await late.me()).not.toBeNull();
  });
});
