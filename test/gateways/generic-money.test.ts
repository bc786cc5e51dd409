/** What the generic protocol says of money: captures, refunds, disputes, and whether it is real. */
import { describe, expect, it } from "vitest";
import { connectGeneric } from "../../src/gateways/generic.ts";
import { GATEWAY_API_KEY, GATEWAY_URL } from "../support/fake-gateway.ts";

const reference = { transactionId: "txn_1", reference: "s_1" };
const state = { transaction_id: "txn_1", status: "success", amount: 1999, currency: "USD" };
const asked = { refundId: "rfd_1", amount: 500, currency: "USD", reference: null, createdAt: 0 };
const held = { amount: 500, currency: "USD", key: "txn_1_capture" };

/** A gateway that answers so, and what it was asked. */
function answering(body: unknown, status = 200) {
  const calls: Request[] = [];
  const gateway = connectGeneric(
    {
      ...{ id: "generic", title: "Generic", mode: null, url: GATEWAY_URL, apiKey: GATEWAY_API_KEY },
      webhookSecrets: [],
    },
    {
      fetch: async (request) => {
        calls.push(request.clone());
        return Response.json(body, { status });
      },
      now: Date.now,
    },
  );
  return { gateway, calls };
}

describe("the generic protocol's money", () => {
  it.each([
    [{}, { amountCaptured: null, dispute: null, mode: null }],
    [{ amount_captured: 500 }, { amountCaptured: 500 }],
    [
      { amount_captured: 500, status: "refunded" },
      { amountCaptured: 500, amountRefunded: 500 },
    ],
    [{ dispute: "lost" }, { dispute: "lost" }],
    [{ livemode: true }, { mode: "live" }],
    [{ livemode: false }, { mode: "test" }],
  ])("reads %j as %j", async (said, meant) => {
    const { gateway } = answering({ ...state, ...said });
    expect(await gateway.retrieve(reference)).toMatchObject({ status: "succeeded", ...meant });
  });

  it.each([{ amount_captured: -1 }, { amount_captured: "500" }, { dispute: "maybe" }, { livemode: "yes" }])(
    "does not believe %j",
    async (said) => {
      const { gateway } = answering({ ...state, ...said });
      await expect(gateway.retrieve(reference)).rejects.toMatchObject({ kind: "unknown" });
    },
  );

  it("asks for a capture by its sum, and for a refund by its id, sum and currency", async () => {
    const { gateway, calls } = answering(state);
    await gateway.capture?.(reference, held);
    const other = answering({ refund_id: "rfd_1", status: "success" });
    await other.gateway.refund?.(reference, asked);
    const said = [...calls, ...other.calls].map(async (call) => [
      new URL(call.url).pathname,
      call.headers.get("idempotency-key"),
      await call.json(),
    ]);
    expect(await Promise.all(said)).toEqual([
      ["/capture/txn_1", "txn_1_capture", { amount: 500 }],
      ["/refund/txn_1", "rfd_1", { refund_id: "rfd_1", amount: 500, currency: "USD" }],
    ]);
  });

  it.each([
    ["pending", "pending"],
    ["success", "succeeded"],
    ["failure", "failed"],
  ])("reads a refund's %s as %s", async (status, expected) => {
    const { gateway } = answering({ refund_id: "rfd_1", status });
    expect(await gateway.refund?.(reference, asked)).toMatchObject({ status: expected });
  });

  it("takes no other refund's state for this one's, and no other transaction's for its capture", async () => {
    const other = answering({ refund_id: "rfd_2", status: "success" });
    await expect(other.gateway.refund?.(reference, asked)).rejects.toMatchObject({ kind: "unknown" });
    const { gateway } = answering({ ...state, transaction_id: "txn_2" });
    await expect(gateway.capture?.(reference, held)).rejects.toMatchObject({ kind: "unknown" });
  });

  it("reads the state that a 409 of capture carries, and repeats a refund that a 409 puts off", async () => {
    const { gateway } = answering({ ...state, status: "expired" }, 409);
    expect(await gateway.capture?.(reference, held)).toMatchObject({ status: "expired" });
    await expect(gateway.refund?.(reference, asked)).rejects.toMatchObject({ kind: "unavailable" });
  });

  it.each([404, 405, 422, 501])("takes %i for a refusal of either", async (status) => {
    const { gateway } = answering({ error: "no" }, status);
    await expect(gateway.capture?.(reference, held)).rejects.toMatchObject({ kind: "rejected" });
    await expect(gateway.refund?.(reference, asked)).rejects.toMatchObject({ kind: "rejected" });
  });
});
