/** GET /transactions/:id for those who poll: versions as ETags, and browsers of other origins. */
import { describe, expect, it } from "vitest";
import { createPending, createSystem, deliver, ORIGIN, type System } from "../support/system.ts";

const get = (system: System, id: string, headers: Record<string, string>, method = "GET") =>
  system.fetch(new Request(`${ORIGIN}/transactions/${id}`, { method, headers }));

describe("GET /transactions/:id", () => {
  it("has its version for an ETag, and answers 304 while nothing has changed", async () => {
    const system = await createSystem();
    const { id, client_secret } = await createPending(system);
    for (const bearer of [client_secret, "key_test_0123456789abcdef"]) {
      const authorization = `Bearer ${bearer}`;
      const first = await get(system, id, { authorization });
      expect(first.headers.get("etag")).toBe('"1"');
      for (const tag of ['"1"', 'W/"1"', '"0", "1"', "*", ' "1" ']) {
        const again = await get(system, id, { authorization, "if-none-match": tag });
        expect(again.status).toBe(304);
        expect(again.headers.get("etag")).toBe('"1"');
        expect(await again.text()).toBe("");
      }
      for (const tag of ['"2"', "1", '"10"', "", '"']) {
        expect((await get(system, id, { authorization, "if-none-match": tag })).status).toBe(200);
      }
    }
    await deliver(system, system.gateway.callback(id, "success"));
    const changed = await get(system, id, {
      ...{ authorization: `Bearer ${client_secret}`, "if-none-match": '"1"' },
    });
    expect(changed.status).toBe(200);
    expect(changed.headers.get("etag")).toBe('"2"');
  });

  it("asks who it is before it says that nothing has changed", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    expect((await get(system, id, { "if-none-match": "*" })).status).toBe(401);
  });

  it("is kept by no cache that others share", async () => {
    const system = await createSystem();
    const { id, client_secret } = await createPending(system);
    const { headers } = await get(system, id, { authorization: `Bearer ${client_secret}` });
    expect(headers.get("cache-control")).toBe("private, no-cache");
  });

  it("answers HEAD without a body", async () => {
    const system = await createSystem();
    const { id, client_secret } = await createPending(system);
    const response = await get(system, id, { authorization: `Bearer ${client_secret}` }, "HEAD");
    expect(response.status).toBe(200);
    expect(response.headers.get("etag")).toBe('"1"');
    expect(await response.text()).toBe("");
  });

  it("hides payment_url once it is too late to pay", async () => {
    const system = await createSystem();
    const { id, client_secret } = await createPending(system, { expires_in: 60 });
    const authorization = `Bearer ${client_secret}`;
    const before = (await (await get(system, id, { authorization })).json()) as object;
    expect(before).toMatchObject({ payment_url: `https://gateway.example/pay/${id}` });
    system.advance(60_000);
    const after = (await (await get(system, id, { authorization })).json()) as object;
    expect(after).toMatchObject({ status: "pending", payment_url: null });
  });

  it("only ever counts up, for readers beside 30 changes", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "success"));
    const seen: number[][] = [];
    const reader = async () => {
      const versions: number[] = [];
      seen.push(versions);
      while ((versions.at(-1) ?? 0) < 32) {
        const response = await system.call("GET", `/transactions/${id}`);
        versions.push(((await response.json()) as { version: number }).version);
      }
    };
    const writer = async () => {
      for (let amount_refunded = 1; amount_refunded <= 30; amount_refunded += 1) {
        await deliver(system, system.gateway.callback(id, "success", { amount_refunded }));
      }
    };
    await Promise.all([writer(), reader(), reader()]);
    for (const versions of seen) {
      expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    }
  });
});

describe("CORS", () => {
  const allow = "access-control-allow-origin";

  it.each(["https://shop.example", ORIGIN])("lets a page of %s read a transaction", async (origin) => {
    const system = await createSystem();
    const { id, client_secret } = await createPending(system);
    const preflight = await get(
      ...([system, id] as const),
      { origin, "access-control-request-method": "GET", "access-control-request-headers": "authorization" },
      "OPTIONS",
    );
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get(allow)).toBe(origin);
    expect(preflight.headers.get("access-control-allow-methods")).toBe("GET");
    expect(preflight.headers.get("access-control-allow-headers")).toBe("Authorization,If-None-Match");
    const response = await get(system, id, { origin, authorization: `Bearer ${client_secret}` });
    expect(response.headers.get(allow)).toBe(origin);
    expect(response.headers.get("vary")).toContain("Origin");
    expect(response.headers.get("access-control-expose-headers")).toContain("ETag");
    expect(response.headers.has("access-control-allow-credentials")).toBe(false);
  });

  it("lets it read the errors, too", async () => {
    const system = await createSystem();
    const origin = "https://shop.example";
    const { id, client_secret } = await createPending(system);
    const unknown = await get(system, id, { origin });
    expect([unknown.status, unknown.headers.get(allow)]).toEqual([401, origin]);
    const foreign = await get(system, "txn_x", { origin, authorization: `Bearer ${client_secret}` });
    expect([foreign.status, foreign.headers.get(allow)]).toEqual([404, origin]);
    const headers = { origin, authorization: `Bearer ${client_secret}`, "if-none-match": '"1"' };
    const unchanged = await get(system, id, headers);
    expect([unchanged.status, unchanged.headers.get(allow)]).toEqual([304, origin]);
  });

  it.each([
    "https://evil.example",
    "https://sub.shop.example",
    "https://shop.example.evil.example",
    "http://shop.example",
    "https://shop.example:444",
    "null",
    "*",
  ])("tells a page of %s nothing", async (origin) => {
    const system = await createSystem();
    const { id, client_secret } = await createPending(system);
    for (const method of ["OPTIONS", "GET"]) {
      const response = await get(system, id, { origin, authorization: `Bearer ${client_secret}` }, method);
      expect(response.headers.has(allow)).toBe(false);
      expect(response.headers.get("vary")).toContain("Origin");
    }
  });

  it("opens nothing else to browsers", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const headers = { origin: "https://shop.example" };
    for (const [method, path] of [
      ["GET", "/transactions"],
      ["POST", "/transactions"],
      ["OPTIONS", "/transactions"],
      ["GET", `/transactions/${id}/events`],
      ["POST", `/transactions/${id}/cancel`],
      ["OPTIONS", `/transactions/${id}/cancel`],
      ["GET", "/events"],
      ["POST", "/webhooks/generic"],
      ["GET", "/health"],
    ] as const) {
      const response = await system.call(method, path, undefined, headers);
      expect([method, path, response.headers.get(allow)]).toEqual([method, path, null]);
    }
  });
});
