/** What one transaction costs in D1, by counters: a rise is a decision. */

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { SUBPROTOCOL } from "../../src/channel/message.ts";
import { countingD1 } from "../support/counting-d1.ts";
import { createSystem, newOrder, ORIGIN, type System, type TransactionBody } from "../support/system.ts";

/** The cost of one step. */
async function cost(system: System, step: () => Promise<unknown>) {
  const before = { ...system.counts };
  await step();
  return {
    roundTrips: system.counts.roundTrips - before.roundTrips,
    rowsWritten: system.counts.rowsWritten - before.rowsWritten,
    rowsRead: system.counts.rowsRead - before.rowsRead,
  };
}

describe("a happy transaction", () => {
  it("costs at most 2 round trips to create, 2 for its webhook, 1 to read, and 14 rows written in all", async () => {
    const system = await createSystem();
    let transaction = {} as TransactionBody;
    const create = await cost(system, async () => {
      const response = await system.call("POST", "/transactions", newOrder(), {
        "idempotency-key": crypto.randomUUID(),
      });
      transaction = (await response.json()) as TransactionBody;
    });
    const webhook = await cost(system, () =>
      system.fetch(system.gateway.callback(transaction.id, "success")),
    );
    const fulfil = await cost(system, () => system.settle());
    const status = await cost(system, () => system.call("GET", `/transactions/${transaction.id}`));
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);

    console.log(`D1 of a happy transaction: ${JSON.stringify({ create, webhook, fulfil, status })}`);
    expect(create.roundTrips).toBeLessThanOrEqual(2);
    expect(webhook.roundTrips).toBeLessThanOrEqual(2);
    expect(status).toMatchObject({ roundTrips: 1, rowsWritten: 0 });
    expect(create.rowsWritten + webhook.rowsWritten + fulfil.rowsWritten).toBeLessThanOrEqual(14);
  });

  it("costs one round trip to watch, authentication included", async () => {
    const system = await createSystem();
    const response = await system.call("POST", "/transactions", newOrder());
    const { id, client_secret } = (await response.json()) as TransactionBody;
    const worker = { ...system.counts };
    const { db, counts } = countingD1(env.DB);
    await runInDurableObject(env.CHANNEL.getByName(id), (channel) => {
      Object.assign(channel, { env: { ...env, DB: db } });
    });
    const headers = {
      upgrade: "websocket",
      "sec-websocket-protocol": `${SUBPROTOCOL}, secret.${client_secret}`,
    };
    const { webSocket } = await system.fetch(new Request(`${ORIGIN}/transactions/${id}/socket`, { headers }));
    webSocket?.accept();
    webSocket?.close();
    expect(system.counts.roundTrips - worker.roundTrips).toBe(0);
    expect(counts.roundTrips).toBe(1);
  });
});
