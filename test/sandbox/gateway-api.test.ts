import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  buildSandbox,
  callGateway,
  newTransactionId,
  openSession,
  openSettled,
  PUBLIC_URL,
  receiveCallbacks,
  sessions,
  terms,
} from "./build-sandbox.ts";

const app = buildSandbox();

async function call(path: string, body?: Record<string, unknown>) {
  const answer = await app.request(callGateway(path, body));
  return { status: answer.status, body: await answer.json<Record<string, unknown>>() };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("authentication", () => {
  it.each(["/create-session", "/status/x", "/expire/x", "/capture/x", "/refund/x"])(
    "refuses %s without the key",
    async (path) => {
      const request = callGateway(path);
      request.headers.delete("authorization");
      expect((await app.request(request)).status).toBe(401);
      request.headers.set("authorization", "Bearer wrong");
      const answer = await app.request(request);
      expect(answer.status).toBe(401);
      expect(await answer.json()).toEqual({ error: expect.any(String) });
    },
  );
});

describe("POST /sandbox/create-session", () => {
  it("opens a session with a pay page", async () => {
    const id = newTransactionId();
    expect(await call("/create-session", terms(id))).toEqual({
      status: 201,
      body: {
        payment_url: `${PUBLIC_URL}/sandbox/pay/${id}`,
        session_id: expect.stringMatching(/^session_/),
      },
    });
  });

  it("gives the same session for the same key", async () => {
    const id = newTransactionId();
    const first = await call("/create-session", terms(id));
    const again = await call("/create-session", { ...terms(id), return_url: "https://shop.test/rotated" });
    expect(again).toEqual({ status: 200, body: first.body });
  });

  it("refuses the same key with other terms", async () => {
    const id = newTransactionId();
    await call("/create-session", terms(id));
    expect(await call("/create-session", { ...terms(id), amount: 2000 })).toMatchObject({
      status: 409,
      body: { error: expect.any(String), amount: 1999 },
    });
  });

  it.each([
    { amount: 0 },
    { amount: 19.99 },
    { amount: "1999" },
    { currency: "usd" },
    { callback_url: "javascript:alert(1)" },
    { return_url: undefined },
    { expires_at: "tomorrow" },
    { capture: "later" },
  ])("refuses %o", async (bad) => {
    const id = newTransactionId();
    const answer = await call("/create-session", { ...terms(id), ...bad });
    expect(answer).toEqual({ status: 422, body: { error: expect.any(String) } });
    expect((await call(`/status/${id}`)).status).toBe(404);
  });

  it("refuses what is not JSON, and a key that is not the transaction's id", async () => {
    const text = new Request(callGateway("/create-session"), { body: "{" });
    expect((await app.request(text)).status).toBe(400);
    const request = callGateway("/create-session", terms(newTransactionId()));
    request.headers.set("idempotency-key", "another");
    expect((await app.request(request)).status).toBe(400);
  });
});

describe("GET /sandbox/status/:transaction_id", () => {
  it("reports a session", async () => {
    const id = await openSession();
    expect(await call(`/status/${id}`)).toEqual({
      status: 200,
      body: { transaction_id: id, status: "pending", amount: 1999, currency: "USD", amount_refunded: 0 },
    });
  });

  it("names why a payment failed", async () => {
    const id = await openSettled("failure");
    expect((await call(`/status/${id}`)).body).toMatchObject({
      status: "failure",
      failure_code: "card_declined",
    });
  });

  it("has never heard of an unknown one", async () => {
    expect(await call(`/status/${newTransactionId()}`)).toEqual({
      status: 404,
      body: { error: expect.any(String) },
    });
  });
});

describe("POST /sandbox/expire/:transaction_id", () => {
  it.each(["pending", "failure"])("expires what is %s, and says so again", async (from) => {
    const id = from === "pending" ? await openSession() : await openSettled(from);
    const first = await call(`/expire/${id}`);
    expect(first).toMatchObject({ status: 200, body: { transaction_id: id, status: "expired" } });
    expect(await call(`/expire/${id}`)).toEqual(first);
  });

  it("leaves a cancelled one as it is", async () => {
    const id = await openSettled("cancel");
    expect(await call(`/expire/${id}`)).toMatchObject({ status: 200, body: { status: "cancelled" } });
  });

  it.each([
    ["success", "success"],
    ["processing", "processing"],
    ["authorize", "authorized"],
  ])("refuses after %s", async (outcome, status) => {
    const id = await openSettled(outcome);
    expect(await call(`/expire/${id}`)).toMatchObject({
      status: 409,
      body: { status, error: expect.any(String) },
    });
  });

  it("does not know an unknown one", async () => {
    expect((await call(`/expire/${newTransactionId()}`)).status).toBe(404);
  });
});

describe("POST /sandbox/capture/:transaction_id", () => {
  it("takes the held amount, once", async () => {
    const id = await openSettled("authorize", "none", { capture: "manual" });
    const first = await call(`/capture/${id}`, { amount: 1999 });
    expect(first).toMatchObject({ status: 200, body: { status: "success", amount: 1999 } });
    expect(await call(`/capture/${id}`, { amount: 1999 })).toEqual(first);
    expect((await call(`/capture/${id}`, { amount: 500 })).status).toBe(409);
  });

  it("takes a part, and reports it", async () => {
    const id = await openSettled("authorize");
    expect((await call(`/capture/${id}`, { amount: 500 })).body).toMatchObject({
      status: "success",
      amount: 1999,
      amount_captured: 500,
    });
    expect((await call(`/refund/${id}`, { refund_id: "re_1", amount: 501, currency: "USD" })).status).toBe(
      422,
    );
  });

  it("refuses more than was held, and what is not held", async () => {
    const held = await openSettled("authorize");
    expect((await call(`/capture/${held}`, { amount: 2000 })).status).toBe(422);
    const pending = await openSession();
    expect(await call(`/capture/${pending}`, { amount: 1 })).toMatchObject({
      status: 409,
      body: { status: "pending" },
    });
  });

  it("refuses bad input, and does not know an unknown one", async () => {
    const id = await openSettled("authorize");
    expect((await call(`/capture/${id}`, {})).status).toBe(422);
    expect((await call(`/capture/${newTransactionId()}`, { amount: 1 })).status).toBe(404);
  });
});

describe("POST /sandbox/refund/:transaction_id", () => {
  const refund = (refund_id: string, amount: number) => ({ refund_id, amount, currency: "USD" });

  it("gives back a part, then all", async () => {
    const id = await openSettled("success");
    expect(await call(`/refund/${id}`, refund("re_1", 999))).toEqual({
      status: 200,
      body: { refund_id: "re_1", status: "success" },
    });
    expect((await call(`/status/${id}`)).body).toMatchObject({ status: "success", amount_refunded: 999 });
    await call(`/refund/${id}`, refund("re_2", 1000));
    expect((await call(`/status/${id}`)).body).toMatchObject({ status: "refunded", amount_refunded: 1999 });
  });

  it("counts a repeated refund once", async () => {
    const id = await openSettled("success");
    const first = await call(`/refund/${id}`, refund("re_1", 1999));
    expect(await call(`/refund/${id}`, refund("re_1", 1999))).toEqual(first);
    expect((await call(`/refund/${id}`, refund("re_1", 1))).status).toBe(409);
    expect((await call(`/status/${id}`)).body).toMatchObject({ amount_refunded: 1999 });
  });

  it("gives back no more than came in", async () => {
    const id = await openSettled("success");
    await call(`/refund/${id}`, refund("re_1", 1500));
    expect((await call(`/refund/${id}`, refund("re_2", 500))).status).toBe(422);
    expect((await call(`/refund/${id}`, { ...refund("re_3", 1), currency: "EUR" })).status).toBe(422);
  });

  it("refuses what is not paid, another key, and an unknown one", async () => {
    const id = await openSession();
    expect((await call(`/refund/${id}`, refund("re_1", 1))).status).toBe(422);
    const request = callGateway(`/refund/${id}`, refund("re_1", 1));
    request.headers.delete("idempotency-key");
    expect((await app.request(request)).status).toBe(400);
    expect((await call(`/refund/${newTransactionId()}`, refund("re_1", 1))).status).toBe(404);
  });
});

describe("callbacks of the merchant's own calls", () => {
  it.each([
    ["expire", "pending", undefined, { status: "expired" }],
    ["capture", "authorize", { amount: 1999 }, { status: "success" }],
    [
      "refund",
      "success",
      { refund_id: "re_1", amount: 5, currency: "USD" },
      { status: "success", amount_refunded: 5 },
    ],
  ])("tells of %s, and not again of its repetition", async (verb, from, body, expected) => {
    const { received } = receiveCallbacks();
    const id = from === "pending" ? await openSession() : await openSettled(from);
    await call(`/${verb}/${id}`, body);
    await call(`/${verb}/${id}`, body);
    await runDurableObjectAlarm(sessions.getByName(id));
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ verified: true, body: { transaction_id: id, ...expected } });
  });
});
