import { describe, expect, it } from "vitest";
import { postForm } from "./build-sandbox.ts";
import { openShop } from "./demo-shop.ts";

/** An order whose payment is in this state; `offers` are the buttons of its page, as their form sends them. */
async function orderIn(state: Record<string, unknown>) {
  const shop = openShop();
  const id = await shop.order();
  shop.api.change({ payment_url: null, version: 2, ...state });
  const html = await shop.show(id);
  const offers = [...html.matchAll(/name="deed" value="([^"]+)"/g)].map(([, deed]) => deed);
  const click = (deed: string, version = "2") =>
    shop.app.request(postForm(`/demo/orders/${id}/deeds`, { deed, version }));
  return {
    shop,
    id,
    offers,
    click,
    calls: () => shop.api.calls.filter(({ method }) => method === "POST").slice(1),
  };
}

describe("the shop's side of an order", () => {
  it.each([
    [{ status: "pending", version: 1 }, ["cancel"]],
    [{ status: "processing" }, []],
    [{ status: "authorized" }, ["capture"]],
    [{ status: "failed" }, []],
    [{ status: "review" }, ["accept", "reject"]],
    [{ status: "succeeded", amount_captured: 1999 }, ["refund 999", "refund 1999"]],
    [{ status: "succeeded", amount_captured: 1999, amount_refunded: 999 }, ["refund 1000"]],
    [{ status: "succeeded", amount_captured: 1999, amount_refunded: 1999 }, []],
    [{ status: "succeeded", amount_captured: 1 }, ["refund 1"]],
  ])("offers for %o: %o", async (state, offers) => {
    expect((await orderIn(state)).offers).toEqual(offers);
  });
});

describe("POST /demo/orders/:id/deeds", () => {
  it.each(["capture", "cancel", "accept", "reject"])("calls %s of the API and leads back", async (deed) => {
    const { id, click, calls } = await orderIn({});
    const answer = await click(deed);
    expect([answer.status, answer.headers.get("location")]).toEqual([303, `/demo/orders/${id}`]);
    expect(calls()).toMatchObject([
      { path: expect.stringMatching(`^/transactions/txn_\\w+/${deed}$`), body: {} },
    ]);
  });

  it("names a refund by what its button was shown for: a second click is the same refund", async () => {
    const { click, calls } = await orderIn({ status: "succeeded" });
    await click("refund 999", "2");
    await click("refund 999", "2");
    await click("refund 1000", "3");
    expect(calls().map(({ body }) => body)).toEqual([{ amount: 999 }, { amount: 999 }, { amount: 1000 }]);
    const [first, second, third] = calls().map(({ headers }) => headers.get("idempotency-key"));
    expect(first).toBeTruthy();
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it("shows why it did not work", async () => {
    const { shop, click } = await orderIn({ status: "authorized" });
    shop.api.failNext(409, {
      title: "Cannot be captured",
      detail: "It is too late.",
      code: "not_capturable",
    });
    const answer = await click("capture");
    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain("It is too late.");
  });

  it("refuses a deed that there is not, and an order that there is not", async () => {
    const { shop, click, calls } = await orderIn({});
    expect((await click("steal")).status).toBe(400);
    expect((await shop.app.request(postForm("/demo/orders/order_x/deeds", { deed: "cancel" }))).status).toBe(
      404,
    );
    expect(calls()).toEqual([]);
  });
});
