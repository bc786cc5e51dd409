/** Who may watch: the upgrade's own rules. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { listen } from "../channel/watch.ts";
import { API_KEY, createPending, createSystem, ORIGIN, type System } from "../support/system.ts";

describe("GET /transactions/:id/socket", () => {
  const connect = async (system: System, id: string, headers: Record<string, string>) =>
    system.fetch(
      new Request(`${ORIGIN}/transactions/${id}/socket`, { headers: { upgrade: "websocket", ...headers } }),
    );

  it("takes a browser's secret as the second subprotocol, and picks the first", async () => {
    const system = await createSystem();
    const { id, client_secret } = await createPending(system);
    for (const origin of ["https://shop.example", ORIGIN]) {
      const response = await connect(system, id, {
        origin,
        "sec-websocket-protocol": `payment-edge.v1, secret.${client_secret}`,
      });
      expect(response.status).toBe(101);
      expect(response.headers.get("sec-websocket-protocol")).toBe("payment-edge.v1");
      if (response.webSocket) {
        expect(await listen(response.webSocket).nextUpdate()).toMatchObject({ version: 1 });
      }
    }
  });

  it.each([
    "https://evil.example",
    "https://shop.example.evil.example",
    "https://sub.shop.example",
    "http://shop.example",
    "https://shop.example:8443",
    "null",
    "HTTPS://SHOP.EXAMPLE",
    "https://shop.example/",
  ])("refuses the origin %s, whatever the secret", async (origin) => {
    const system = await createSystem();
    const { id, client_secret } = await createPending(system);
    const response = await connect(system, id, { origin, authorization: `Bearer ${client_secret}` });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: "origin_not_allowed" });
  });

  it("never takes the secret from the address", async () => {
    const system = await createSystem();
    const { id, client_secret } = await createPending(system);
    const address = `${ORIGIN}/transactions/${id}/socket?client_secret=${client_secret}`;
    const response = await system.fetch(new Request(address, { headers: { upgrade: "websocket" } }));
    expect(response.status).toBe(401);
  });

  it("needs an upgrade, and a subprotocol that it speaks where one is offered", async () => {
    const system = await createSystem();
    const { id, client_secret } = await createPending(system);
    const authorization = `Bearer ${client_secret}`;
    expect((await system.call("GET", `/transactions/${id}/socket`)).status).toBe(426);
    expect((await connect(system, id, { authorization, "sec-websocket-protocol": "mqtt" })).status).toBe(400);
  });

  it("answers 404 where there is no transaction, or none that anybody may see yet, and holds no socket", async () => {
    const system = await createSystem();
    system.gateway.fault = "down";
    const created = await system.call("POST", "/transactions", {
      ...{ order_id: crypto.randomUUID(), amount: 1, currency: "USD" },
    });
    const { transaction_id } = (await created.json()) as { transaction_id: string };
    for (const id of ["txn_00000000000000000000000000", transaction_id]) {
      const response = await connect(system, id, { authorization: `Bearer ${API_KEY}` });
      expect(response.status).toBe(404);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(await response.json()).toMatchObject({ code: "not_found" });
      const held = () =>
        runInDurableObject(env.CHANNEL.getByName(id), (_, ctx) => ctx.getWebSockets().length);
      await expect.poll(held).toBe(0);
    }
  });
});
