/** How large a body may be, and what every answer carries. */
import { describe, expect, it } from "vitest";
import { app } from "../../src/http/app.ts";
import { signedCallback } from "../support/fake-gateway.ts";
import { API_KEY, createPending, createSystem, newOrder, ORIGIN, type System } from "../support/system.ts";

const KIB = 1024;
const authorization = `Bearer ${API_KEY}`;

/** Bytes that come piece by piece, with no length told before. */
function chunked(text: string, onPull: () => void = () => undefined): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      onPull();
      if (sent >= bytes.length) {
        controller.close();
        return;
      }
      controller.enqueue(bytes.slice(sent, sent + 4 * KIB));
      sent += 4 * KIB;
    },
  });
}

async function post(system: System, path: string, body: BodyInit, headers: Record<string, string> = {}) {
  const init = { method: "POST", body, headers: { authorization, ...headers } };
  return system.fetch(new Request(`${ORIGIN}${path}`, init));
}

/** An order of so many bytes as JSON, refused for its description alone when it is too long for that. */
function orderOf(bytes: number): string {
  const empty = JSON.stringify({ ...newOrder(), description: "" });
  return empty.replace('"description":""', `"description":"${"x".repeat(bytes - empty.length)}"`);
}

describe("body limits", () => {
  it.each([
    [64 * KIB, 400],
    [64 * KIB + 1, 413],
    [1024 * KIB, 413],
  ])("an API body of %i bytes gets %i, with its length told or in pieces", async (bytes, status) => {
    const system = await createSystem();
    const order = orderOf(bytes);
    const told = { "content-length": String(bytes) };
    for (const response of [
      await post(system, "/transactions", order, told),
      await post(system, "/transactions", order),
      await post(system, "/transactions", chunked(order)),
      await post(system, "/transactions", chunked(order), { "transfer-encoding": "chunked" }),
    ]) {
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ status });
    }
  });

  it("an API body in pieces is taken when it is small enough", async () => {
    const system = await createSystem();
    const order = {
      ...newOrder(),
      metadata: Object.fromEntries([..."abcdefghijkl"].map((key) => [key, "v".repeat(500)])),
    };
    expect((await post(system, "/transactions", chunked(JSON.stringify(order)))).status).toBe(201);
  });

  it.each([
    [256 * KIB, 401],
    [256 * KIB + 1, 413],
  ])("a webhook of %i bytes gets %i", async (bytes, status) => {
    const system = await createSystem();
    const body = "x".repeat(bytes);
    const told = { "content-length": String(bytes) };
    expect((await post(system, "/webhooks/generic", body, told)).status).toBe(status);
    expect((await post(system, "/webhooks/generic", chunked(body))).status).toBe(status);
  });

  it("a signed webhook of 200 KiB is read", async () => {
    const system = await createSystem();
    const padded = JSON.stringify({ event_id: "e", padding: "x".repeat(200 * KIB) });
    expect((await system.fetch(signedCallback(padded))).status).toBe(400);
  });

  it("stops reading soon after the limit", async () => {
    const system = await createSystem();
    let pulled = 0;
    const endless = chunked("x".repeat(10 * 1024 * KIB), () => {
      pulled += 1;
    });
    expect((await post(system, "/transactions", endless)).status).toBe(413);
    expect(pulled * 4 * KIB).toBeLessThanOrEqual(128 * KIB);
  });

  it.each(["/events/x/replay", "/deliveries/replay", "/transactions/x/cancel", "/status/x"])(
    "holds for %s, too",
    async (path) => {
      const system = await createSystem();
      expect((await post(system, path, "x".repeat(65 * KIB))).status).toBe(413);
    },
  );
});

describe("headers on every answer", () => {
  const routes = [
    ...new Set(
      app.routes.filter(({ handler }) => handler.length < 2).map(({ method, path }) => `${method} ${path}`),
    ),
  ];

  it.each([...routes, "GET /nowhere", "DELETE /transactions", "PATCH /transactions/:id", "OPTIONS /events"])(
    "%s",
    async (route) => {
      const system = await createSystem();
      const { id, client_secret } = await createPending(system);
      const [method = "", path = ""] = route.split(" ");
      const address = path.replace(":id", id).replace("*", "x");
      for (const bearer of [API_KEY, client_secret, "unknown"]) {
        const response = await system.fetch(
          new Request(`${ORIGIN}${address}?client_secret=${client_secret}`, {
            method: method === "ALL" ? "GET" : method,
            headers: { authorization: `Bearer ${bearer}` },
          }),
        );
        const header = (name: string) => response.headers.get(name) ?? "";
        expect(header("x-content-type-options")).toBe("nosniff");
        expect(header("strict-transport-security")).toMatch(/^max-age=\d{8,}/);
        expect(header("content-security-policy")).toContain("default-src 'none'");
        expect(header("content-security-policy")).toContain("frame-ancestors 'none'");
        expect(header("content-security-policy")).not.toContain("unsafe-");
        expect(header("referrer-policy")).toMatch(/^(no-referrer|same-origin)$/);
        expect(header("cache-control")).toMatch(/no-store|private, no-cache/);
        expect(header("x-request-id")).not.toBe("");
      }
    },
  );

  it("names the request in the header and in the problem alike", async () => {
    const system = await createSystem();
    const response = await system.call("GET", "/nowhere");
    const { request_id } = (await response.json()) as { request_id: string };
    expect(response.headers.get("x-request-id")).toBe(request_id);
  });

  it("leaves the answer to an upgrade as it is", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const response = await system.call("GET", `/transactions/${id}/socket`, undefined, {
      ...{ upgrade: "websocket", "sec-websocket-protocol": "payment-edge.v1" },
    });
    expect(response.status).toBe(101);
    expect([...response.headers.keys()]).toEqual(["sec-websocket-protocol"]);
    response.webSocket?.accept();
    response.webSocket?.close();
  });
});
