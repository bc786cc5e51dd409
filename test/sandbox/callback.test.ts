import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { afterTry, planCallbacks } from "../../src/sandbox/callback.ts";
import type { Session } from "../../src/sandbox/session.ts";
import { openSettled, PUBLIC_URL, receiveCallbacks, sessions } from "./build-sandbox.ts";

const runAlarm = (id: string) => runDurableObjectAlarm(sessions.getByName(id));

/** Milliseconds from now to the object's alarm; null when it owes nothing. */
function alarmIn(id: string): Promise<number | null> {
  return runInDurableObject(sessions.getByName(id), async (_, state) => {
    const alarm = await state.storage.getAlarm();
    return alarm === null ? null : alarm - Date.now();
  });
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("SandboxSession", () => {
  it("sends one signed callback a moment after the click", async () => {
    const { received } = receiveCallbacks();
    const id = await openSettled("success", "once");
    expect(received).toEqual([]);
    expect(await alarmIn(id)).toBeGreaterThan(0);
    await runAlarm(id);
    expect(received).toEqual([
      {
        url: "https://shop.test/webhooks/sandbox",
        verified: true,
        webhookId: expect.stringMatching(/^evt_sandbox_[0-9a-z]{26}$/),
        body: {
          event_id: received[0]?.webhookId,
          transaction_id: id,
          status: "success",
          amount: 1999,
          currency: "USD",
          amount_refunded: 0,
          occurred_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        },
      },
    ]);
    expect(await alarmIn(id)).toBeNull();
  });

  it("sends by itself, when its time has come", async () => {
    const { received } = receiveCallbacks();
    await openSettled("success", "once");
    await vi.waitFor(() => expect(received).toHaveLength(1), { timeout: 5000, interval: 100 });
  });

  it("reaches its own Worker by the loopback", async () => {
    const { spy } = receiveCallbacks();
    const loopback = vi.spyOn(exports.default, "fetch").mockResolvedValue(new Response());
    const id = await openSettled("success", "once", { callback_url: `${PUBLIC_URL}/webhooks/sandbox` });
    await runAlarm(id);
    expect(spy).not.toHaveBeenCalled();
    expect(loopback).toHaveBeenCalledOnce();
  });

  it("sends nothing when the webhook gets lost", async () => {
    const { received } = receiveCallbacks();
    const id = await openSettled("success", "none");
    expect(await runAlarm(id)).toBe(false);
    expect(received).toEqual([]);
  });

  it("sends the same event three times", async () => {
    const { received } = receiveCallbacks();
    const id = await openSettled("success", "thrice");
    await runAlarm(id);
    expect(received).toHaveLength(3);
    expect(new Set(received.map((one) => one.webhookId)).size).toBe(1);
    expect(received.every((one) => one.verified)).toBe(true);
  });

  it("sends a late one after ten seconds", async () => {
    const { received } = receiveCallbacks();
    const id = await openSettled("success", "late");
    expect(await alarmIn(id)).toBeGreaterThan(9000);
    await runAlarm(id);
    expect(received).toHaveLength(1);
  });

  it("sends the outcome first and an older event after it", async () => {
    const { received } = receiveCallbacks();
    const id = await openSettled("success", "reordered");
    await runAlarm(id);
    await runAlarm(id);
    const [first, second] = received.map((one) => one.body);
    expect([first?.status, second?.status]).toEqual(["success", "processing"]);
    expect(String(second?.occurred_at) < String(first?.occurred_at)).toBe(true);
    expect(second?.event_id).not.toBe(first?.event_id);
    expect(received.every((one) => one.verified)).toBe(true);
  });

  it("names a wrong amount, properly signed", async () => {
    const { received } = receiveCallbacks();
    const id = await openSettled("success", "wrong_amount");
    await runAlarm(id);
    expect(received).toMatchObject([{ verified: true, body: { amount: 2000 } }]);
  });

  it("sends a forged one", async () => {
    const { received } = receiveCallbacks(401);
    const id = await openSettled("success", "bad_signature");
    await runAlarm(id);
    expect(received).toMatchObject([{ verified: false, body: { status: "success" } }]);
    expect(await alarmIn(id)).toBeNull();
  });

  it("tries again, with the same event, after a 5xx and after a network failure", async () => {
    const { received } = receiveCallbacks(503, 0);
    const id = await openSettled("success", "once");
    await runAlarm(id);
    expect(await alarmIn(id)).toBeGreaterThan(4000);
    await runAlarm(id);
    expect(await alarmIn(id)).toBeGreaterThan(29_000);
    await runAlarm(id);
    expect(received.map((one) => one.webhookId)).toEqual(new Array(3).fill(received[0]?.webhookId));
    expect(received.every((one) => one.verified)).toBe(true);
    expect(await alarmIn(id)).toBeNull();
  });
});

describe("afterTry", () => {
  const [callback] = planCallbacks({ refunds: [] } as unknown as Session, "once", 0, () => "evt_1");

  it("gives up after 5 s, 30 s and 2 min", () => {
    let next = callback ?? null;
    const waits: number[] = [];
    while (next) {
      next = afterTry(next, 500, 0);
      waits.push(next?.at ?? Number.NaN);
    }
    expect(waits).toEqual([5_000, 30_000, 120_000, Number.NaN]);
  });

  it.each([200, 204, 301, 400, 401, 410])("is done after %i", (status) => {
    expect(callback && afterTry(callback, status, 0)).toBeNull();
  });
});
