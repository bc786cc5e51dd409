import { describe, expect, it } from "vitest";
import {
  buildSandbox,
  callGateway,
  newTransactionId,
  openSession,
  openSettled,
  postForm,
} from "./build-sandbox.ts";

const app = buildSandbox();
const choose = (id: string, fields: Record<string, string>) =>
  app.request(postForm(`/sandbox/pay/${id}`, fields));
const show = (id: string) => app.request(`/sandbox/pay/${id}`);

async function statusOf(id: string): Promise<string> {
  const answer = await app.request(callGateway(`/status/${id}`));
  return (await answer.json<{ status: string }>()).status;
}

describe("GET /sandbox/pay/:transaction_id", () => {
  it("shows what is to be paid, and that nothing is", async () => {
    const id = await openSession({ description: "Beans" });
    const answer = await show(id);
    const html = await answer.text();
    expect(answer.status).toBe(200);
    expect(html).toContain("$19.99");
    expect(html).toContain("order-1");
    expect(html).toContain("Beans");
    expect(html).toContain("shop.test");
    expect(html).toContain("No money moves");
    expect(html).toMatch(/value="once"[^>]*checked/);
  });

  it.each([
    [1234, "KWD", "1.234"],
    [500, "JPY", "¥500"],
    [5, "USD", "$0.05"],
    [9_007_199_254_740_991, "USD", "$90,071,992,547,409.91"],
  ])("shows %i %s as %s", async (amount, currency, text) => {
    const html = await (await show(await openSession({ amount, currency }))).text();
    expect(html).toContain(text);
  });

  it("escapes what it shows", async () => {
    const evil = "<script>alert(1)</script>";
    const html = await (await show(await openSession({ order_id: evil, description: evil }))).text();
    expect(html).not.toContain("<script>");
    expect(html).toContain("&lt;script&gt;");
  });

  it("is answered with a strict policy that lets the form lead back to the shop", async () => {
    const { headers } = await show(await openSession());
    const policy = headers.get("content-security-policy");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("form-action 'self' https://shop.test;");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
  });

  it("has nothing inline", async () => {
    const html = await (await show(await openSession())).text();
    expect(html).not.toMatch(/<style|style=|<script(?![^>]*src=)| on\w+=/);
  });

  it("does not know an unknown one", async () => {
    expect((await show(newTransactionId())).status).toBe(404);
  });
});

describe("POST /sandbox/pay/:transaction_id", () => {
  it.each([
    ["success", "success"],
    ["failure", "failure"],
    ["processing", "processing"],
    ["authorize", "authorized"],
  ])("turns %s into %s and sends the buyer back", async (outcome, status) => {
    const id = await openSession();
    const answer = await choose(id, { outcome, webhook: "none" });
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe("https://shop.test/back?client_secret=s");
    expect(await statusOf(id)).toBe(status);
  });

  it("sends a buyer who cancels to the cancel address", async () => {
    const id = await openSession();
    const answer = await choose(id, { outcome: "cancel", webhook: "none" });
    expect(answer.headers.get("location")).toBe("https://shop.test/cancelled");
    expect(await statusOf(id)).toBe("cancelled");
  });

  it("lets a buyer try again after a failure", async () => {
    const id = await openSettled("failure");
    expect(await (await show(id)).text()).toContain("try again");
    expect((await choose(id, { outcome: "success", webhook: "none" })).status).toBe(303);
    expect(await statusOf(id)).toBe("success");
  });

  it.each(["processing", "authorize"])("settles what is %s, and nothing else", async (first) => {
    const id = await openSettled(first);
    expect((await choose(id, { outcome: "cancel" })).status).toBe(409);
    expect((await choose(id, { outcome: "success", webhook: "none" })).status).toBe(303);
    expect(await statusOf(id)).toBe("success");
  });

  it.each(["success", "cancel"])("refuses a choice after %s, with a way back", async (first) => {
    const id = await openSettled(first);
    const answer = await choose(id, { outcome: "failure" });
    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain('href="https://shop.test/back?client_secret=s"');
  });

  it.each(["success", "processing", "cancel"])(
    "leads back again after a double click on %s",
    async (outcome) => {
      const id = await openSession();
      const fields = { outcome, webhook: "none" };
      const [first, second] = [await choose(id, fields), await choose(id, fields)];
      expect(second.status).toBe(303);
      expect(second.headers.get("location")).toBe(first.headers.get("location"));
    },
  );

  it("refuses a choice on an expired session", async () => {
    const id = await openSession();
    await app.request(callGateway(`/expire/${id}`));
    expect((await choose(id, { outcome: "success" })).status).toBe(409);
    expect(await statusOf(id)).toBe("expired");
  });

  it.each([{ outcome: "steal" }, { outcome: "success", webhook: "never" }, { webhook: "once" }, {}])(
    "refuses %o, and lists what there is",
    async (fields: Record<string, string>) => {
      const id = await openSession();
      const answer = await choose(id, fields);
      const html = await answer.text();
      expect(answer.status).toBe(400);
      expect(html).toContain("success, failure, cancel, processing, authorize");
      expect(html).toContain("once, none, thrice, late, reordered, wrong_amount, bad_signature");
      expect(await statusOf(id)).toBe("pending");
    },
  );

  it("does not know an unknown one", async () => {
    expect((await choose(newTransactionId(), { outcome: "success" })).status).toBe(404);
  });

  it("refuses a form that is too large", async () => {
    expect((await choose("x", { outcome: "a".repeat(300_000) })).status).toBe(413);
  });
});
