/** What is known of one transaction, as the console reads it. */
import { describe, expect, it } from "vitest";
import { readPayment } from "../../src/operations/read-payment.ts";
import { createPending, createSystem, deliver } from "../support/system.ts";

describe("readTimeline", () => {
  it("gives the events of one commit, which have one time, in their order", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    system.gateway.settle(id, "success");
    system.gateway.session(id).dispute = "open";
    await deliver(system, system.gateway.callback(id, "success"));
    await system.settle();
    const { entries = [] } = (await readPayment(system.services, id)) ?? {};
    const typesOf = (kind: "event" | "delivery") =>
      entries.flatMap((entry) => (entry.kind === kind && "type" in entry ? entry.type : []));
    expect(typesOf("event")).toEqual([
      "transaction.created",
      "transaction.succeeded",
      "transaction.disputed",
    ]);
    expect(typesOf("delivery")).toEqual(["transaction.succeeded", "transaction.disputed"]);
    expect(new Set(entries.filter(({ kind }) => kind === "delivery").map(({ at }) => at)).size).toBe(1);
  });
});
