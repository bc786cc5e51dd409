/** Who may do what: over the router's own list of routes, so that a new one cannot be forgotten. */
import { beforeAll, describe, expect, it } from "vitest";
import { app } from "../../src/http/app.ts";
import {
  API_KEY,
  createPending,
  createSystem,
  deliver,
  ORIGIN,
  type System,
  type TransactionBody,
} from "../support/system.ts";

/** What comes with: no bearer, an unknown one, another transaction's secret, the own one, the shop's key. */
type Row = readonly [none: number, unknown: number, other: number, own: number, shop: number];

const SHOP_ONLY = [401, 401, 404, 404] as const;
/** The bearer opens nothing: it is signed, it has its own secret, it is open to all, or switched off. */
const all = (status: number): Row => [status, status, status, status, status];

const EXPECTED: Readonly<Record<string, Row>> = {
  "POST /transactions": [...SHOP_ONLY, 400],
  "GET /transactions": [...SHOP_ONLY, 200],
  "GET /transactions/:id": [401, 401, 404, 200, 200],
  "GET /transactions/:id/socket": [401, 401, 404, 101, 101],
  "GET /transactions/:id/events": [...SHOP_ONLY, 200],
  "POST /transactions/:id/cancel": [...SHOP_ONLY, 200],
  "POST /transactions/:id/capture": [...SHOP_ONLY, 409],
  "POST /transactions/:id/accept": [...SHOP_ONLY, 409],
  "POST /transactions/:id/reject": [...SHOP_ONLY, 409],
  "POST /transactions/:id/refunds": [...SHOP_ONLY, 409],
  "GET /transactions/:id/refunds": [...SHOP_ONLY, 200],
  "GET /inbox": [...SHOP_ONLY, 200],
  "POST /inbox/replay": [...SHOP_ONLY, 400],
  "POST /inbox/:id/replay": [...SHOP_ONLY, 400],
  "GET /events": [...SHOP_ONLY, 200],
  "POST /events/:id/replay": [...SHOP_ONLY, 202],
  "GET /deliveries": [...SHOP_ONLY, 200],
  "POST /deliveries/replay": [...SHOP_ONLY, 400],
  "POST /webhooks/:gateway": all(401),
  "GET /status/:id": all(404),
  "POST /status/:id": all(404),
  "GET /health": all(200),
  "GET /doctor": [...SHOP_ONLY, 200],
  "POST /doctor/probes": [...SHOP_ONLY, 200],
};

/** Middleware takes two arguments; a route's handler takes one. */
const routes = [
  ...new Set(
    app.routes.filter(({ handler }) => handler.length < 2).map(({ method, path }) => `${method} ${path}`),
  ),
];

describe("every route", () => {
  let system: System;
  let own: TransactionBody;
  let other: TransactionBody;
  let event: string;

  beforeAll(async () => {
    system = await createSystem();
    other = await createPending(system);
    const paid = await createPending(system);
    await deliver(system, system.gateway.callback(paid.id, "success"));
    await system.settle();
    const feed = (await (await system.call("GET", "/events")).json()) as { data: { id: string }[] };
    event = feed.data[0]?.id ?? "";
  });

  function request(route: string, bearer: string | null, id = own.id): Request {
    const [method = "", path = ""] = route.split(" ");
    const address = path
      .replace("/events/:id", `/events/${event}`)
      .replace(":id", id)
      .replace(":gateway", "generic")
      .replace("*", "x");
    const headers = new Headers(bearer === null ? {} : { authorization: `Bearer ${bearer}` });
    if (path.endsWith("/socket")) {
      headers.set("upgrade", "websocket");
    }
    return new Request(`${ORIGIN}${address}`, { method: method === "ALL" ? "GET" : method, headers });
  }

  it("has an entry in this matrix, and each entry a route", () => {
    expect(routes.toSorted()).toEqual(Object.keys(EXPECTED).toSorted());
  });

  it.each(routes)("lets nobody in but whom it should: %s", async (route) => {
    own = await createPending(system);
    const bearers = [null, "key_test_unknown_0123456789", other.client_secret, own.client_secret, API_KEY];
    const answers = await Promise.all(
      bearers.map(async (bearer) => {
        const response = await system.fetch(request(route, bearer));
        const text = response.status === 101 ? "" : await response.text();
        response.webSocket?.accept();
        return { status: response.status, text, type: response.headers.get("content-type") };
      }),
    );
    expect(answers.map(({ status }) => status)).toEqual(EXPECTED[route]);
    for (const { status, text, type } of answers.filter((answer) => [401, 404].includes(answer.status))) {
      expect(text).not.toContain(own.order_id);
      expect(text).not.toContain(own.id);
      if (!route.includes("/status/")) {
        expect(type).toBe("application/problem+json");
        expect(JSON.parse(text)).toMatchObject({ status });
      }
    }
  });

  it.each(routes.filter((route) => route.includes("/transactions/:id")))(
    "tells strangers nothing of whether a thing exists: %s",
    async (route) => {
      own = await createPending(system);
      const missing = "txn_00000000000000000000000000";
      for (const bearer of [null, "unknown", other.client_secret]) {
        const [real, unreal] = await Promise.all(
          [own.id, missing].map(async (id) => {
            const response = await system.fetch(request(route, bearer, id));
            const headers = Object.fromEntries(response.headers);
            return { status: response.status, headers, body: await response.json() };
          }),
        );
        expect(real).toEqual(unreal);
      }
      expect((await system.fetch(request(route, API_KEY, "../../etc/passwd"))).status).toBe(404);
    },
  );
});

describe("authenticate", () => {
  const status = async (system: System, path: string, authorization: string) =>
    (await system.fetch(new Request(`${ORIGIN}${path}`, { headers: { authorization } }))).status;

  it("takes each of the shop's live keys, and nothing that only resembles one", async () => {
    const system = await createSystem({ API_KEYS: `${API_KEY},key_test_second_0123456789` });
    expect(await status(system, "/transactions", `Bearer ${API_KEY}`)).toBe(200);
    expect(await status(system, "/transactions", "bearer key_test_second_0123456789")).toBe(200);
    for (const header of [
      API_KEY,
      `Basic ${btoa(`${API_KEY}:`)}`,
      "Bearer",
      "Bearer ",
      `Bearer ${API_KEY}x`,
      `Bearer ${API_KEY.slice(0, -1)}`,
      `Bearer ${API_KEY.toUpperCase()}`,
      `Bearer ${API_KEY},key_test_second_0123456789`,
      `Bearer ${API_KEY} x`,
      "Bearer undefined",
      "Bearer __proto__",
    ]) {
      expect(await status(system, "/transactions", header), header).toBe(401);
    }
  });

  it("takes a client secret only whole, and only for the transaction that it names", async () => {
    const system = await createSystem();
    const [one, two] = [await createPending(system), await createPending(system)];
    const path = `/transactions/${one.id}`;
    const mac = one.client_secret.slice(`${one.id}_secret_`.length);
    expect(await status(system, path, `Bearer ${one.client_secret}`)).toBe(200);
    const flipped = Array.from(mac, (letter, index) => {
      const changed = letter === "A" ? "B" : "A";
      return `${one.id}_secret_${mac.slice(0, index)}${changed}${mac.slice(index + 1)}`;
    });
    const forged = [
      `${two.id}_secret_${mac}`,
      `${one.id}_secret_`,
      `${one.id}_secret`,
      one.id,
      `_secret_${mac}`,
      `${one.client_secret}_secret_`,
      `${one.client_secret}=`,
      `${one.id}_secret_${mac}_secret_${mac}`,
    ];
    for (const secret of [...flipped, ...forged]) {
      expect(await status(system, path, `Bearer ${secret}`), secret).toBe(401);
    }
  });

  it("takes secrets that an older key made while that key is live", async () => {
    const [older, newer] = ["older-client-secret-key-0123456789", "newer-client-secret-key-0123456789"];
    const before = await createSystem({ CLIENT_SECRET_KEY: older });
    const { id, client_secret } = await createPending(before);
    const during = await createSystem({ CLIENT_SECRET_KEY: `${newer},${older}` });
    expect(await status(during, `/transactions/${id}`, `Bearer ${client_secret}`)).toBe(200);
    const after = await createSystem({ CLIENT_SECRET_KEY: newer });
    expect(await status(after, `/transactions/${id}`, `Bearer ${client_secret}`)).toBe(401);
  });

  it("shows a buyer the public view and nothing more", async () => {
    const system = await createSystem();
    const { id, client_secret } = await createPending(system, { metadata: { note: "private" } });
    const headers = { authorization: `Bearer ${client_secret}` };
    const response = await system.fetch(new Request(`${ORIGIN}/transactions/${id}`, { headers }));
    expect(Object.keys((await response.json()) as object)).toEqual([
      ...["id", "status", "version", "final", "amount", "currency"],
      ...["payment_url", "return_url", "late", "expires_at"],
    ]);
  });
});

describe("GET /status/:id", () => {
  it("opens with its own secret only", async () => {
    const system = await createSystem();
    const [one, two] = [await createPending(system), await createPending(system)];
    const page = async (id: string, secret: string) =>
      system.fetch(new Request(`${ORIGIN}/status/${id}?client_secret=${encodeURIComponent(secret)}`));
    expect((await page(one.id, one.client_secret)).status).toBe(200);
    const refused = await Promise.all(
      [
        page(one.id, two.client_secret),
        page(one.id, ""),
        page(one.id, API_KEY),
        page("x", one.client_secret),
      ].map(async (response) => [(await response).status, await (await response).text()]),
    );
    expect(new Set(refused.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(refused[0]?.[0]).toBe(404);
  });

  it("asks the gateway only for who holds the secret", async () => {
    const system = await createSystem();
    const [one, two] = [await createPending(system), await createPending(system)];
    const post = async (client_secret: string) =>
      system.fetch(
        new Request(`${ORIGIN}/status/${one.id}`, {
          method: "POST",
          body: new URLSearchParams({ client_secret }),
        }),
      );
    expect((await post(two.client_secret)).status).toBe(404);
    expect(system.gateway.calls.filter((call) => call.startsWith("GET"))).toEqual([]);
    const response = await post(one.client_secret);
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toContain(`/status/${one.id}?client_secret=`);
    expect(system.gateway.calls).toContain(`GET /status/${one.id}`);
  });
});
