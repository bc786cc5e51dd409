/** S9, S10, S15 and S16 over a real socket: bytes that no client library would send, and the headers of whatever comes back. */
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { API_KEY, type System, shopVariables, startSystem } from "./support/system.ts";

const KIB = 1024;
/** For what may get no answer at all: the development server holds it back until the body is whole. */
const SHORTLY_MS = 1_500;
const root = resolve(import.meta.dirname, "../..");

let system: System;

beforeAll(async () => {
  system = await startSystem({ vars: { ...shopVariables, SANDBOX: "on", DEFAULT_GATEWAY: "sandbox" } });
});
afterAll(() => system?.stop());

const get = (path: string, init: RequestInit = {}) =>
  fetch(`${system.url}${path}`, { redirect: "manual", ...init });

/** Writes the bytes as they are; what came back until it was closed, or silent for a while. */
async function speak(parts: readonly string[], withinMs = 10_000): Promise<string> {
  const { hostname, port } = new URL(system.url);
  const socket = connect(Number(port), hostname);
  let heard = "";
  let heardAt = Date.now();
  let isOpen = true;
  socket.on("data", (chunk: Buffer) => {
    heard += chunk.toString("latin1");
    heardAt = Date.now();
  });
  socket.on("close", () => {
    isOpen = false;
  });
  // A server that closes in our face has said enough.
  socket.on("error", () => undefined);
  for (const part of parts) {
    socket.write(part, "latin1");
    await sleep(20);
  }
  const until = Date.now() + withinMs;
  while (isOpen && Date.now() < until && (heard === "" || Date.now() - heardAt < 300)) {
    await sleep(20);
  }
  socket.destroy();
  return heard;
}

const statusesIn = (heard: string) =>
  [...heard.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(([, status]) => Number(status));
const host = "host: localhost\r\n";
const bearer = `authorization: Bearer ${API_KEY}\r\n`;
const order = (id: string) => JSON.stringify({ order_id: id, amount: 1, currency: "EUR" });

async function countOrders(): Promise<number> {
  const response = await get("/transactions?limit=100", { headers: { authorization: `Bearer ${API_KEY}` } });
  return ((await response.json()) as { data: unknown[] }).data.length;
}

describe("S9: a body that is not as long as it says", () => {
  it("counts as far as it was announced: what follows is a request of its own, which nobody has authorised", async () => {
    const body = order("short");
    const inside = `POST /transactions HTTP/1.1\r\n${host}content-length: ${body.length}\r\n\r\n${body}`;
    const heard = await speak([
      `POST /transactions HTTP/1.1\r\n${host}${bearer}content-type: application/json\r\ncontent-length: 2\r\n\r\n{}${inside}`,
    ]);
    expect(statusesIn(heard)).toEqual([400, 401]);
    expect(await countOrders()).toBe(0);
  });

  it("is waited for where it is longer, and forgotten when the caller is gone", async () => {
    const body = order("long");
    const head = `POST /transactions HTTP/1.1\r\n${host}${bearer}content-length: ${body.length + 10}\r\n\r\n`;
    expect(statusesIn(await speak([head + body], SHORTLY_MS))).toEqual([]);
    expect((await get("/health")).status).toBe(200);
    expect(await countOrders()).toBe(0);
  });

  it.each([
    ["two lengths", "content-length: 2\r\ncontent-length: 40\r\n"],
    ["a length beside pieces", "content-length: 2\r\ntransfer-encoding: chunked\r\n"],
    ["a length that is none", "content-length: 0x10\r\n"],
    ["a negative length", "content-length: -1\r\n"],
    ["a length beyond all numbers", "content-length: 99999999999999999999999\r\n"],
    ["a length beyond the limit", `content-length: ${100 * KIB * KIB}\r\n`],
    ["an encoding that is none", "transfer-encoding: xchunked\r\n"],
  ])("makes no order with %s", async (_, lengths) => {
    const body = order("odd");
    const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const heard = await speak([`POST /transactions HTTP/1.1\r\n${host}${lengths}\r\n${chunk}`], SHORTLY_MS);
    expect(statusesIn(heard).filter((status) => status < 400 || status >= 502)).toEqual([]);
    expect(await countOrders()).toBe(0);
    expect((await get("/health")).status).toBe(200);
  });

  it("is refused in pieces without end, soon after the limit", async () => {
    const piece = `1000\r\n${"x".repeat(0x1000)}\r\n`;
    const head = `POST /transactions HTTP/1.1\r\n${host}${bearer}transfer-encoding: chunked\r\n\r\n`;
    const heard = await speak([head, ...Array.from({ length: 20 }, () => piece)]);
    expect(statusesIn(heard)).toContain(413);
    expect(heard).toContain("payload_too_large");
  });
});

describe("S1: bytes that are hardly HTTP", () => {
  it.each([
    ["nothing but noise", "\x00\x01\x02\x16\x03\x01\r\n\r\n"],
    ["a TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["no version", "GET /\r\n\r\n"],
    ["a line break in a header", `GET /health HTTP/1.1\r\n${host}x: a\r\n b\r\n: c\r\n\r\n`],
    ["a bare line feed", `GET /health HTTP/1.1\n${host}\r\n`],
    ["a zero byte in a header", `GET /health HTTP/1.1\r\n${host}x: a\x00b\r\n\r\n`],
    ["a zero byte in the path", `GET /status/\x00 HTTP/1.1\r\n${host}\r\n`],
    ["no host", "GET /health HTTP/1.1\r\n\r\n"],
    ["two hosts", `GET /health HTTP/1.1\r\n${host}host: evil.example\r\n\r\n`],
    ["another host in the line", `GET http://evil.example/health HTTP/1.1\r\n${host}\r\n`],
    ["a tunnel", `CONNECT evil.example:443 HTTP/1.1\r\n${host}\r\n`],
    ["a trace", `TRACE /health HTTP/1.1\r\n${host}${bearer}\r\n`],
    ["a header without end", `GET /health HTTP/1.1\r\n${host}x: ${"a".repeat(300 * KIB)}\r\n\r\n`],
    ["a path without end", `GET /${"a".repeat(300 * KIB)} HTTP/1.1\r\n${host}\r\n`],
    ["broken percents", `GET /status/%E0%A4%A?client_secret=%zz HTTP/1.1\r\n${host}\r\n`],
  ])(
    "change nothing and tell nothing: %s",
    async (_, bytes) => {
      const heard = await speak([bytes], SHORTLY_MS);
      expect(heard).not.toContain(API_KEY);
      expect(heard).not.toMatch(/\.ts:\d|node_modules|\bat .*\(/);
      expect((await get("/health")).status).toBe(200);
    },
    20_000,
  );
});

describe("S10: the headers of every answer", () => {
  const expectSafe = (path: string, { headers }: Response) => {
    const header = (name: string) => headers.get(name) ?? "";
    expect([path, header("x-content-type-options")]).toEqual([path, "nosniff"]);
    expect([path, header("strict-transport-security")]).toEqual([
      path,
      "max-age=63072000; includeSubDomains",
    ]);
    expect([path, header("referrer-policy")]).toEqual([
      path,
      expect.stringMatching(/^(no-referrer|same-origin)$/),
    ]);
    const policy = header("content-security-policy");
    expect([path, policy]).toEqual([
      path,
      expect.stringMatching(/^default-src 'none'; .*frame-ancestors 'none'/),
    ]);
    // One policy: two of them, joined by a comma, would both hold.
    expect([path, policy]).toEqual([path, expect.not.stringMatching(/,|unsafe|\*/)]);
  };

  it("are those of each file that is served beside the Worker, and of the page that reads the API's description", async () => {
    const files = readdirSync(join(root, "dist/assets"), { recursive: true, encoding: "utf8" });
    const paths = files.filter((path) => /\.(js|css|svg|json|txt)$/.test(path)).map((path) => `/${path}`);
    expect(paths.length).toBeGreaterThan(15);
    for (const path of [...paths, "/docs"]) {
      const response = await get(path);
      await response.body?.cancel();
      expect([path, response.status]).toEqual([path, 200]);
      expectSafe(path, response);
    }
    expect((await get("/docs")).headers.get("content-security-policy")).toContain("script-src 'self'");
    for (const path of ["/client.js", "/element.js", "/openapi.json"]) {
      expect((await get(path)).headers.get("access-control-allow-origin")).toBe("*");
    }
  });

  it.each([
    ["GET", "/", 302],
    ["GET", "/demo", 200],
    ["GET", "/demo/orders/x", 404],
    ["POST", "/demo/orders", 400],
    ["GET", "/sandbox/pay/x", 404],
    ["POST", "/sandbox/pay/x", 400],
    ["POST", "/sandbox/create-session", 401],
    ["GET", "/status/x", 404],
    ["GET", "/console", 303],
    ["GET", "/console/sign-in", 200],
    ["GET", "/health", 200],
    ["GET", "/nowhere", 404],
    ["DELETE", "/transactions", 404],
    ["OPTIONS", "/transactions/x", 204],
    ["HEAD", "/status/x", 404],
    ["GET", "/transactions/x/socket", 426],
    ["POST", "/webhooks/sandbox", 401],
    ["POST", "/transactions", 401],
  ])("are those of %s %s, which is %i", async (method, path, status) => {
    const response = await get(path, { method });
    await response.body?.cancel();
    expect(response.status).toBe(status);
    expectSafe(path, response);
  });
});

describe("S16: what is not there", () => {
  it.each(
    `/_headers /.dev.vars /.env /.git/config /.git/HEAD /wrangler.toml /package.json /package-lock.json /src/index.ts /index.js
    /index.js.map /client.js.map /console.js.map /node_modules/hono/package.json /migrations/0001.sql /debug /debug/pprof
    /metrics /env /config /admin /actuator/env /server-status /phpinfo.php /graphql /swagger.json /api-docs /test /__debug
    /../package.json /..%2fpackage.json /%2e%2e/package.json /assets/../../package.json /docs/../../package.json
    /docs/%2e%2e%2f%2e%2e%2fpackage.json /console.css%00 /.well-known/security.txt`.split(/\s+/),
  )("answers 404, or leads to where that is the answer, for %s", async (path) => {
    const response = await get(path);
    const text = await response.text();
    expect(text).not.toMatch(/"dependencies"|\[core\]|API_KEYS=|sourcesContent|CREATE TABLE/);
    const led = response.headers.get("location");
    const status = led === null ? response.status : (await get(new URL(led, system.url).pathname)).status;
    expect(status).toBe(404);
  });
});

describe("S15: a flood from one address", () => {
  const check = (address: string) =>
    get("/status/x", { method: "POST", headers: { "cf-connecting-ip": address }, body: "client_secret=x" });

  it("is held up by the platform's counter, with a page that tries again; its neighbours are not", async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, () => check("203.0.113.9")));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404, 429]));
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.headers.get("content-type")).toMatch(/^text\/html/);
    expect(refused?.headers.get("retry-after")).toBe("10");
    expect((await check("203.0.113.10")).status).toBe(404);
    // This machine's own requests are not counted: all of these tests, and the demo.
    const own = await Promise.all(Array.from({ length: 60 }, () => get("/status/x", { method: "POST" })));
    expect(new Set(own.map(({ status }) => status))).toEqual(new Set([404]));
  });
});
