import { describe, expect, it } from "vitest";
import { isFinal, isOpen, STATUSES, wasRejected } from "../../src/transactions/transaction.ts";
import { inStatus } from "./fixtures.ts";

describe("isOpen", () => {
  it("is true while the order's one open place is taken", () => {
    expect(STATUSES.filter(isOpen)).toEqual(["pending", "processing", "authorized"]);
  });
});

describe("isFinal", () => {
  it("is true of the four ends, and not where a person must decide", () => {
    expect(STATUSES.filter(isFinal)).toEqual(["succeeded", "failed", "canceled", "expired"]);
  });
});

describe("wasRejected", () => {
  const failure = { code: "gateway_rejected", message: "Refused." };
  const paymentUrl = null;

  it("is true of what the gateway refused to open", () => {
    expect(wasRejected(inStatus("failed", { failure, paymentUrl }))).toBe(true);
  });

  it("is false of what the gateway had opened before", () => {
    expect(wasRejected(inStatus("failed", { failure }))).toBe(false);
  });

  it("is false of what failed for another reason, or for none that is known", () => {
    const unavailable = { code: "gateway_unavailable", message: "No answer." };
    expect(wasRejected(inStatus("failed", { failure: unavailable, paymentUrl }))).toBe(false);
    expect(wasRejected(inStatus("failed", { failure: null, paymentUrl }))).toBe(false);
  });

  it.each(STATUSES.filter((status) => status !== "failed"))("is false of what is %s", (status) => {
    expect(wasRejected(inStatus(status, { failure, paymentUrl }))).toBe(false);
  });
});
