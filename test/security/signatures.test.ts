/**
 * S2 and S4 at the door itself: whatever proves something is refused with any bit of it changed, or too late, and leaves
 * nothing behind. The vendors' own schemes have theirs beside each adapter.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { makeSigner, openTeam, signToken } from "../support/access.ts";
import { openConsole, signedIn } from "../support/console.ts";
import { signedCallback } from "../support/fake-gateway.ts";
import { inParallel } from "../support/parallel.ts";
import { createPending, createSystem, deliver, ORIGIN, read, type System } from "../support/system.ts";
import { digestTables } from "./books.ts";

const AT_ONCE = 32;
const base64url = { alphabet: "base64url", omitPadding: true } as const;

/** Each of the bits changed in turn. */
function flips(bytes: Uint8Array): Uint8Array<ArrayBuffer>[] {
  return Array.from({ length: bytes.length * 8 }, (_, bit) => {
    const flipped = new Uint8Array(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return flipped;
  });
}

/** Of a text in base64url, which is canonical: no two texts mean the same bytes. */
const flipsOfText = (text: string) =>
  flips(Uint8Array.fromBase64(text, { alphabet: "base64url" })).map((bytes) => bytes.toBase64(base64url));

/** Of a header's text, as far as a header can carry it. */
const flipsOfHeader = (text: string) =>
  flips(new TextEncoder().encode(text))
    .map((bytes) => String.fromCharCode(...bytes))
    .filter((flipped) => /^[\x21-\x7e]+$/.test(flipped));

async function statusesOf<T>(items: readonly T[], send: (item: T) => Promise<Response>): Promise<number[]> {
  const statuses = await inParallel(items, AT_ONCE, async (item) => {
    const response = await send(item);
    await response.body?.cancel();
    response.webSocket?.accept();
    return response.status;
  });
  return [...new Set(statuses)];
}

describe("S2: a callback of the generic gateway", () => {
  let system: System;
  let id: string;
  let body: string;
  let headers: Headers;

  beforeAll(async () => {
    system = await createSystem();
    ({ id } = await createPending(system));
    const callback = system.gateway.callback(id, "success");
    headers = callback.headers;
    body = await callback.text();
  });

  const send = (changes: Record<string, string>, sent: BodyInit = body) =>
    system.fetch(
      new Request(`${ORIGIN}/webhooks/generic`, {
        method: "POST",
        headers: { ...Object.fromEntries(headers), ...changes },
        body: sent,
      }),
    );

  it.each([
    [
      "signature",
      () => {
        const mac = Uint8Array.fromBase64((headers.get("webhook-signature") ?? "").slice("v1,".length));
        return flips(mac).map((bytes) => () => send({ "webhook-signature": `v1,${bytes.toBase64()}` }));
      },
    ],
    [
      "id",
      () => flipsOfHeader(headers.get("webhook-id") ?? "").map((text) => () => send({ "webhook-id": text })),
    ],
    [
      "timestamp",
      () =>
        flipsOfHeader(headers.get("webhook-timestamp") ?? "").map(
          (text) => () => send({ "webhook-timestamp": text }),
        ),
    ],
    ["body", () => flips(new TextEncoder().encode(body)).map((bytes) => () => send({}, bytes))],
  ] as const)("is refused with any bit of its %s changed, and changes nothing", async (_, makeForgeries) => {
    const before = await digestTables();
    const forgeries = makeForgeries();
    expect(forgeries.length).toBeGreaterThan(40);
    expect(await statusesOf<() => Promise<Response>>(forgeries, (forge) => forge())).toEqual([401]);
    await system.settle();
    expect(await digestTables()).toEqual(before);
  });

  it("is refused under each of our other secrets", async () => {
    const before = await digestTables();
    const { config } = system.services;
    const others = [...config.clientSecretKeys, ...config.apiKeys, "x".repeat(32)].map(
      (text) => `whsec_${btoa(text)}`,
    );
    const statuses = await statusesOf(others, (secret) => system.fetch(signedCallback(body, { secret })));
    expect(statuses).toEqual([401]);
    expect(await digestTables()).toEqual(before);
  });

  it("is believed unchanged", async () => {
    expect((await send({})).status).toBe(200);
    expect(await read(system, id)).toMatchObject({ status: "succeeded" });
  });
});

describe("S4: a callback that is sent again", () => {
  it("changes nothing within five minutes, and is refused after them, or before its time", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const text = await system.gateway.callback(id, "success").text();
    expect(await deliver(system, signedCallback(text))).toBe("applied");
    await system.settle();
    const before = await digestTables();
    const off = (seconds: number) => signedCallback(text, { at: new Date(Date.now() + seconds * 1000) });
    for (const seconds of [0, -290, 290]) {
      expect(await deliver(system, off(seconds))).toBe("duplicate");
    }
    for (const seconds of [-302, 302, -86_400, 86_400]) {
      expect(await deliver(system, off(seconds))).toBe("HTTP 401");
    }
    await system.settle();
    expect(await digestTables()).toEqual(before);
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
  });
});

describe("S2: a client secret", () => {
  it("opens nothing with any bit of its MAC changed: no read, no page, no socket, no look at the gateway", async () => {
    const system = await createSystem();
    const { id, client_secret } = await createPending(system);
    const { id: other } = await createPending(system);
    const [head = "", mac = ""] = client_secret.split(/(?<=_secret_)/);
    const forged = [...flipsOfText(mac).map((text) => head + text), `${other}_secret_${mac}`];
    expect(forged).toHaveLength(257);
    const { roundTrips } = system.counts;
    const calls = system.gateway.calls.length;
    const address = `${ORIGIN}/transactions/${id}`;
    const ways: readonly (readonly [number, (secret: string) => Request])[] = [
      [401, (secret) => new Request(address, { headers: { authorization: `Bearer ${secret}` } })],
      [
        401,
        (secret) => {
          const protocols = `payment-edge.v1, secret.${secret}`;
          const headers = { upgrade: "websocket", "sec-websocket-protocol": protocols };
          return new Request(`${address}/socket`, { headers });
        },
      ],
      [404, (secret) => new Request(`${ORIGIN}/status/${id}?client_secret=${secret}`)],
      [
        404,
        (secret) =>
          new Request(`${ORIGIN}/status/${id}`, { method: "POST", body: `client_secret=${secret}` }),
      ],
    ];
    for (const [status, makeRequest] of ways) {
      expect(await statusesOf(forged, (secret) => system.fetch(makeRequest(secret)))).toEqual([status]);
    }
    // Nothing was looked up for it.
    expect(system.counts.roundTrips).toBe(roundTrips);
    expect(system.gateway.calls).toHaveLength(calls);
  });
});

describe("S2: the console's cookie and the token of its forms", () => {
  it("are nobody's with any bit changed, and D1 is not asked for the cookie", async () => {
    const system = await openConsole();
    const { browser, csrf } = await signedIn(system);
    const [name = "", value = ""] = [...browser.cookies][0] ?? [];
    const [id = "", mac = ""] = value.split(".");
    const cookies = [
      ...flipsOfText(id).map((text) => `${text}.${mac}`),
      ...flipsOfText(mac).map((text) => `${id}.${text}`),
    ];
    expect(cookies).toHaveLength(512);
    const { roundTrips } = system.counts;
    const enter = (cookie: string) => browser.get("/console/me", { cookie: `${name}=${cookie}` });
    expect(await statusesOf(cookies, enter)).toEqual([303]);
    expect(system.counts.roundTrips).toBe(roundTrips);
    const post = (token: string) => browser.post("/console/me", { csrf: token });
    expect(await statusesOf(flipsOfText(csrf), post)).toEqual([403]);
    expect((await post(csrf)).status).toBe(200);
  });
});

describe("S2: Cloudflare Access's token", () => {
  it("lets nobody in with any of its characters changed", async () => {
    const signer = await makeSigner("kid-1");
    const team = await openTeam(signer);
    const token = await signToken(signer, team.claims());
    const changed = Array.from(token, (letter, index) => {
      const other = letter === "A" ? "B" : "A";
      return `${token.slice(0, index)}${other}${token.slice(index + 1)}`;
    });
    const enter = (text: string) => team.browser.get("/console/me", { "cf-access-jwt-assertion": text });
    // The last character's last bits mean nothing.
    expect(await statusesOf(changed.slice(0, -1), enter)).toEqual([403]);
    expect((await enter(token)).status).toBe(200);
  });
});
