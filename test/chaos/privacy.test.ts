/** I10: a client secret opens its own transaction and shows nothing of another's, whatever way is tried. */
import { afterAll, describe, expect, it } from "vitest";
import { SUBPROTOCOL } from "../../src/channel/message.ts";
import { ORIGIN } from "../support/system.ts";
import { createPending, createWorld, leaveWorld } from "./support/world.ts";

afterAll(leaveWorld);

describe("a client secret of another transaction", () => {
  it("opens nothing, shows nothing and changes nothing", async () => {
    const world = await createWorld();
    const hidden = { order_id: "order-veiled", amount: 424242, description: "veiled coffee" };
    const { id } = await createPending(world, hidden);
    const { id: ownId, client_secret: secret } = await createPending(world, { order_id: "order-own" });
    const authorization = `Bearer ${secret}`;
    const protocols = `${SUBPROTOCOL}, secret.${secret}`;
    const socket = { upgrade: "websocket", "sec-websocket-protocol": protocols };
    const attempts = (target: string): Request[] => [
      new Request(`${ORIGIN}/transactions/${target}`, { headers: { authorization } }),
      new Request(`${ORIGIN}/status/${target}?client_secret=${secret}&returned=1`),
      new Request(`${ORIGIN}/status/${target}`, { method: "POST", body: `client_secret=${secret}` }),
      new Request(`${ORIGIN}/transactions/${target}/socket`, { headers: socket }),
    ];
    const forShopsAlone = [
      new Request(`${ORIGIN}/transactions`, { headers: { authorization } }),
      new Request(`${ORIGIN}/transactions/${id}/events`, { headers: { authorization } }),
      new Request(`${ORIGIN}/transactions/${id}/cancel`, { method: "POST", headers: { authorization } }),
      new Request(`${ORIGIN}/events`, { headers: { authorization } }),
    ];

    for (const request of [...attempts(id), ...forShopsAlone]) {
      const calls = world.gateway.calls.length;
      const response = await world.fetch("stranger", request);
      const text = await response.text();
      expect(response.status, `${request.method} ${request.url}`).toBe(404);
      expect(text).not.toMatch(/veiled|424242|4242\.42|4,242\.42/);
      expect(world.gateway.calls).toHaveLength(calls);
    }
    const own: number[] = [];
    for (const request of attempts(ownId)) {
      const response = await world.fetch("buyer", request);
      response.webSocket?.accept();
      response.webSocket?.close();
      own.push(response.status);
    }
    expect(own).toEqual([200, 200, 303, 101]);
  });
});
