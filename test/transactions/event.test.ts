import { describe, expect, it } from "vitest";
import { type EventType, isOutgoing } from "../../src/transactions/event.ts";
import { aTransaction } from "./fixtures.ts";

const isOwed = (type: EventType) =>
  isOutgoing({
    type,
    source: "webhook",
    from: "pending",
    actor: null,
    note: null,
    transaction: aTransaction(),
  });

describe("isOutgoing", () => {
  it.each([
    ...(["processing", "authorized", "succeeded", "failed", "canceled"] as const),
    ...(["expired", "review", "refunded", "disputed"] as const),
  ])("owes the shop transaction.%s", (name) => {
    expect(isOwed(`transaction.${name}`)).toBe(true);
  });

  it("owes the shop no word of the creation, which it asked for itself", () => {
    expect(isOwed("transaction.created")).toBe(false);
  });

  it("owes the shop no word of a mere reference", () => {
    expect(isOwed("transaction.referenced")).toBe(false);
  });
});
