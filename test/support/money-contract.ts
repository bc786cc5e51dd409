/** The part of the adapters' contract that moves money: captures and refunds, each of them once. */
import { describe, expect, it } from "vitest";
import type {
  CaptureRequest,
  CreateRequest,
  Gateway,
  GatewayError,
  RefundRequest,
  Tools,
} from "../../src/gateways/gateway.ts";
import { newTypeId } from "../../src/lib/id.ts";
import type { GatewayContract, Opened } from "./gateway-contract.ts";

type Fetch = Tools["fetch"];

interface Bench {
  readonly contract: GatewayContract;
  connect(fetch: Fetch): Gateway;
  open(changes?: Partial<CreateRequest>): Promise<Opened>;
  failureOf(call: Promise<unknown>): Promise<GatewayError>;
}

/** Of all that is held, unless it says otherwise. */
export function captureRequest(
  { transactionId, amount, currency }: CreateRequest,
  changes: Partial<CaptureRequest> = {},
): CaptureRequest {
  return { amount, currency, key: `${transactionId}_capture`, ...changes };
}

/** Of all that was paid, under an id of its own, unless it says otherwise. */
export function refundRequest(
  { amount, currency }: CreateRequest,
  changes: Partial<RefundRequest> = {},
): RefundRequest {
  const now = Date.now();
  return { refundId: newTypeId("rfd", now), amount, currency, reference: null, createdAt: now, ...changes };
}

export function testMoney(bench: Bench): void {
  describe.runIf(bench.contract.hold)("capture", () => testCapture(bench));
  describe.runIf(bench.contract.refunds)("refund", () => testRefund(bench));
}

/** What the vendor tells a repeated call by, of each call that changes something. */
function recordKeys({ contract, connect }: Bench) {
  const keys: (string | null)[] = [];
  const gateway = connect(async (request) => {
    if (request.method !== "GET") {
      keys.push(await contract.idempotencyKey(request.clone()));
    }
    return contract.vendor(request);
  });
  return { keys, gateway };
}

/** Takes each call to the vendor, and loses the answer. */
const lossy = ({ contract, connect }: Bench) =>
  connect(async (request) => {
    await contract.vendor(request);
    throw new TypeError("connection reset");
  });

function testCapture(bench: Bench): void {
  const { contract, open, failureOf } = bench;

  async function held(): Promise<Opened> {
    const opened = await open({ capture: "manual" });
    await contract.hold?.(opened.request.transactionId);
    return opened;
  }

  it.each([1999, 500])("takes %i of what is held", async (amount) => {
    const { gateway, request, reference } = await held();
    const taken = { status: "succeeded", amount: 1999, currency: "USD", amountRefunded: 0 };
    const seen = await gateway.capture?.(reference, captureRequest(request, { amount }));
    expect(seen).toMatchObject(taken);
    expect(await gateway.retrieve(reference)).toMatchObject(taken);
    expect(seen?.amountCaptured ?? seen?.amount).toBe(amount);
  });

  it("is the same capture when it is repeated, under the same key", async () => {
    const { request, reference } = await held();
    const { keys, gateway } = recordKeys(bench);
    const first = await gateway.capture?.(reference, captureRequest(request, { amount: 500 }));
    expect(await gateway.capture?.(reference, captureRequest(request, { amount: 500 }))).toEqual(first);
    const { key } = captureRequest(request);
    expect(keys.filter((each) => each !== null && each !== key)).toEqual([]);
  });

  it("is the same capture when its answer was lost", async () => {
    const { gateway, request, reference } = await held();
    const failure = await failureOf(
      lossy(bench).capture?.(reference, captureRequest(request, { amount: 500 })) ?? Promise.resolve(),
    );
    expect(["unknown", "unavailable"]).toContain(failure.kind);
    const repeated = await gateway.capture?.(reference, captureRequest(request, { amount: 500 }));
    expect(repeated).toMatchObject({ status: "succeeded", amountCaptured: 500 });
  });

  it("takes no more than is held", async () => {
    const { gateway, request, reference } = await held();
    const call = gateway.capture?.(reference, captureRequest(request, { amount: 2000 }));
    expect((await failureOf(call ?? Promise.resolve())).kind).toBe("rejected");
    expect(await gateway.retrieve(reference)).toMatchObject({ status: "authorized" });
  });

  it("takes nothing that is not held", async () => {
    const { gateway, request, reference } = await open({ capture: "manual" });
    const seen = await gateway.capture?.(reference, captureRequest(request)).catch(() => null);
    expect(seen?.status).not.toBe("succeeded");
    expect(await gateway.retrieve(reference)).toMatchObject({ status: "pending" });
  });
}

function testRefund(bench: Bench): void {
  const { contract, connect, open, failureOf } = bench;

  async function paid(): Promise<Opened> {
    const opened = await open();
    const { transactionId } = opened.request;
    await contract.pay(transactionId);
    const told = contract.refunds?.reference?.(transactionId) ?? opened.reference.reference;
    return { ...opened, reference: { transactionId, reference: told } };
  }
  const { first = "succeeded", sum, unkeyed, takesExcess } = contract.refunds ?? {};
  const back = async ({ gateway, request, reference }: Opened) =>
    sum ? sum(request.transactionId) : (await gateway.retrieve(reference)).amountRefunded;
  const rejected = async (call: Promise<unknown> | undefined) =>
    expect((await failureOf(call ?? Promise.resolve())).kind).toBe("rejected");

  it("gives parts back, then the rest", async () => {
    const opened = await paid();
    const { gateway, request, reference } = opened;
    for (const [amount, amountRefunded] of [
      [500, 500],
      [1, 501],
      [1498, 1999],
    ] as const) {
      const seen = await gateway.refund?.(reference, refundRequest(request, { amount }));
      expect(seen).toMatchObject({ status: first, failureCode: null });
      expect(await gateway.retrieve(reference)).toMatchObject({ status: "succeeded" });
      expect(await back(opened)).toBe(amountRefunded);
    }
  });

  it("is the same refund for the same id, also through another connection", async () => {
    const opened = await paid();
    const { gateway, request, reference } = opened;
    const asked = refundRequest(request, { amount: 500 });
    const answer = await gateway.refund?.(reference, asked);
    expect(await connect(contract.vendor).refund?.(reference, asked)).toEqual(answer);
    expect(await back(opened)).toBe(500);
  });

  it("is another refund for another id", async () => {
    const opened = await paid();
    const { gateway, request, reference } = opened;
    for (const _ of ["one", "other"]) {
      await gateway.refund?.(reference, refundRequest(request, { amount: 500 }));
    }
    expect(await back(opened)).toBe(1000);
  });

  it.skipIf(unkeyed)("is one refund when four ask for it at once", async () => {
    const opened = await paid();
    const { gateway, request, reference } = opened;
    const asked = refundRequest(request, { amount: 500 });
    await Promise.all(Array.from({ length: 4 }, () => gateway.refund?.(reference, asked)));
    expect(await back(opened)).toBe(500);
  });

  it("is the same refund when its answer was lost, also where all is back by it", async () => {
    const opened = await paid();
    const { gateway, request, reference } = opened;
    const asked = refundRequest(request);
    const failure = await failureOf(lossy(bench).refund?.(reference, asked) ?? Promise.resolve());
    expect(["unknown", "unavailable"]).toContain(failure.kind);
    expect(await gateway.refund?.(reference, asked)).toMatchObject({ status: first });
    expect(await back(opened)).toBe(1999);
  });

  it("carries our id of it as the idempotency key, the same each time", async () => {
    const { request, reference } = await paid();
    const { keys, gateway } = recordKeys(bench);
    const asked = refundRequest(request);
    await gateway.refund?.(reference, asked);
    await gateway.refund?.(reference, asked);
    const key = contract.keyOf?.(asked.refundId) ?? asked.refundId;
    expect(keys.filter((each) => each !== null && each !== key)).toEqual([]);
  });

  it.skipIf(takesExcess)("gives no more back than there is", async () => {
    const opened = await paid();
    const { gateway, request, reference } = opened;
    await rejected(gateway.refund?.(reference, refundRequest(request, { amount: 2000 })));
    await gateway.refund?.(reference, refundRequest(request, { amount: 1500 }));
    await rejected(gateway.refund?.(reference, refundRequest(request, { amount: 500 })));
    expect(await back(opened)).toBe(1500);
  });

  it("gives nothing back of what is not paid", async () => {
    const { gateway, request, reference } = await open();
    await rejected(gateway.refund?.(reference, refundRequest(request)));
    expect(await gateway.retrieve(reference)).toMatchObject({ status: "pending", amountRefunded: 0 });
  });

  it.runIf(contract.hold)("gives no more back than was captured", async () => {
    const opened = await open({ capture: "manual" });
    const { gateway, request, reference } = opened;
    await contract.hold?.(request.transactionId);
    await gateway.capture?.(reference, captureRequest(request, { amount: 500 }));
    await rejected(gateway.refund?.(reference, refundRequest(request, { amount: 501 })));
    await gateway.refund?.(reference, refundRequest(request, { amount: 500 }));
    expect(await gateway.retrieve(reference)).toMatchObject({ status: "succeeded" });
    expect(await back(opened)).toBe(500);
  });

  it("calls rejected what the vendor has never heard of", async () => {
    const { request } = await paid();
    const unknown = { transactionId: newTypeId("txn", Date.now()), reference: null };
    await rejected(connect(contract.vendor).refund?.(unknown, refundRequest(request)));
  });
}
