/**
 * Each vendor's whole path over HTTP, in one system that has all seven: paid, fulfilled, given back in part; expired,
 * paid late; and found by the cron where its webhook was lost.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FakeAdyen } from "../support/vendors/adyen.ts";
import { FakeMollie } from "../support/vendors/mollie.ts";
import { FakePaystack } from "../support/vendors/paystack.ts";
import { FakeRazorpay } from "../support/vendors/razorpay.ts";
import { FakeSquare } from "../support/vendors/square.ts";
import { FakeStripe } from "../support/vendors/stripe.ts";
import type { Vendor } from "../support/vendors/vendor.ts";
import type { NewTransaction, Transaction } from "./support/api.ts";
import { fetchDescribed } from "./support/contract.ts";
import { eventually } from "./support/eventually.ts";
import { listen } from "./support/sockets.ts";
import { LocalPayPal, startVendorWorld, type VendorWorld } from "./support/vendor-world.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** How we come to know what happened there, beside its webhooks. */
type Look = (transaction: Transaction) => Promise<void>;

interface Case {
  readonly vendor: Vendor;
  readonly terms: NewTransaction & { readonly amount: number };
  readonly page: RegExp;
  /** Whether a page that has expired here can be closed there. */
  readonly closes: boolean;
  /** What answers a webhook that comes for the first time, and one that comes again. */
  readonly heard: { readonly first: object; readonly again: object };
  readonly lookWhenPaid: Look;
  readonly lookWhenLate: Look;
}

let world: VendorWorld;

/** Nothing more: the webhooks have told all. */
const none: Look = async () => {};
const verified: Pick<Case, "heard" | "lookWhenPaid" | "lookWhenLate"> = {
  heard: {
    first: { status: 200, body: { outcome: expect.stringMatching(/^(applied|duplicate|ignored)$/) } },
    again: { status: 200, body: { outcome: "duplicate" } },
  },
  lookWhenPaid: none,
  lookWhenLate: none,
};
const refusal = { status: 401, body: { code: "unauthorized" } };

/** The buyer comes back from the vendor's page: what was approved there is taken now. */
const buyerReturns: Look = async ({ status_url }) => {
  const page = await fetchDescribed(`${status_url}&returned=1`);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("<html")]);
};
/** Late money is watched for 15 minutes after the end, and more seldom from then on. */
const cronWatches: Look = async ({ updated_at }) => {
  await world.system.tick(Date.parse(updated_at) + 16 * MINUTE);
};

const CASES: readonly Case[] = [
  {
    vendor: new FakeStripe(),
    terms: { amount: 1999, currency: "USD" },
    page: /^https:\/\/checkout\.stripe\.com\/c\/pay\/cs_test_/,
    closes: true,
    ...verified,
  },
  {
    // Its webhooks cannot verify here, for the system trusts PayPal's real roots alone: they are refused, and all that
    // they would tell is seen on the buyer's return and by the cron. It has no call that cancels an order.
    vendor: new LocalPayPal(),
    terms: { amount: 1999, currency: "USD" },
    page: /^https:\/\/www\.sandbox\.paypal\.com\/checkoutnow\?token=/,
    closes: false,
    heard: { first: refusal, again: refusal },
    lookWhenPaid: buyerReturns,
    lookWhenLate: cronWatches,
  },
  {
    vendor: new FakeAdyen(),
    terms: { amount: 2450, currency: "EUR" },
    page: /^https:\/\/test\.adyen\.link\/PL/,
    closes: true,
    ...verified,
  },
  {
    vendor: new FakeMollie(),
    terms: { amount: 1250, currency: "EUR" },
    page: /^https:\/\/pay\.mollie\.example\/checkout\/tr_/,
    closes: true,
    ...verified,
  },
  {
    vendor: new FakeRazorpay(),
    terms: { amount: 49_900, currency: "INR" },
    page: /^https:\/\/rzp\.io\/rzp\//,
    closes: true,
    ...verified,
  },
  {
    // Its pages have a session time-out of their own, and nothing that closes them.
    vendor: new FakePaystack(),
    terms: { amount: 750_000, currency: "NGN", customer: { email: "buyer@example.com" } },
    page: /^https:\/\/checkout\.paystack\.com\//,
    closes: false,
    ...verified,
  },
  {
    vendor: new FakeSquare(),
    terms: { amount: 1999, currency: "CAD" },
    page: /^https:\/\/sandbox\.square\.link\/u\//,
    closes: true,
    ...verified,
  },
];

beforeAll(async () => {
  world = await startVendorWorld(CASES.map(({ vendor }) => vendor));
});
afterAll(() => world?.stop());

/** The shop has been told of these, each once and in this order, and of nothing else. */
const isTold = (id: string, types: readonly string[]) =>
  eventually(() => {
    const told = world.shop.of(id);
    expect(told.map(({ event }) => event.type)).toEqual(types.map((type) => `transaction.${type}`));
    expect(told.every(({ authentic }) => authentic)).toBe(true);
    return told.map(({ event }) => event.data);
  });

const becomes = (id: string, expected: Partial<Transaction>) =>
  eventually(async () => {
    const transaction = await world.api.get(id);
    expect(transaction).toMatchObject(expected);
    return transaction;
  });

/** What its history says that the shop is to be told of, and who brought it. */
const changesOf = async (id: string) => {
  const history = await world.api.call<{ data: { type: string; source: string }[] }>(
    `/transactions/${id}/events`,
  );
  const untold = ["transaction.created", "transaction.referenced"];
  return history.body.data
    .filter(({ type }) => !untold.includes(type))
    .map(({ type, source }) => [type, source]);
};

describe.each(CASES)("a payment through $vendor.id", (at) => {
  const { vendor, heard } = at;
  const { amount, currency } = at.terms;
  const part = 700;

  const start = () => world.api.start({ ...at.terms, gateway: vendor.id });

  /** The vendor calls. @returns what calls with the same once more, as each of them does now and then */
  const tell = async () => {
    const webhooks = await world.takeWebhooks(vendor);
    expect(webhooks).not.toEqual([]);
    const answers = await world.send(webhooks);
    expect(answers).toMatchObject(webhooks.map(() => heard.first));
    return async () => {
      const repeated = await world.send(webhooks);
      expect(repeated).toMatchObject(webhooks.map(() => heard.again));
    };
  };

  const startExpired = async () => {
    const { id, expires_at } = await start();
    await world.system.tick(Date.parse(expires_at) + SECOND);
    const expired = await becomes(id, { status: "expired", amount_captured: 0 });
    await isTold(id, ["expired"]);
    return expired;
  };

  beforeEach(async () => {
    // What earlier tests have left untold.
    await world.takeWebhooks(vendor);
  });

  it("is fulfilled once when the buyer has paid, and goes back in part", async () => {
    const transaction = await start();
    const { id } = transaction;
    expect(transaction).toMatchObject({ status: "pending", gateway: vendor.id, amount, currency });
    expect(transaction.gateway_reference).toEqual(expect.any(String));
    expect(transaction.payment_url).toMatch(at.page);
    const socket = await listen(transaction);
    await socket.received(1);

    vendor.pay(id);
    const tellAgain = await tell();
    await at.lookWhenPaid(transaction);
    const updates = await socket.received(2);
    expect(updates.map(({ status }) => status)).toEqual(["pending", "succeeded"]);
    expect(updates[1]).toMatchObject({ amount, currency, final: true, late: false });
    const [told] = await isTold(id, ["succeeded"]);
    expect(told).toMatchObject({ amount, currency, amount_captured: amount, amount_refunded: 0 });
    const { version } = await world.api.get(id);
    await tellAgain();
    expect(await world.api.get(id)).toMatchObject({ status: "succeeded", version });

    const body = { amount: part, reason: "a broken cup" };
    const refund = await world.api.call(`/transactions/${id}/refunds`, { body });
    expect(refund).toMatchObject({ status: 201, body: { amount: part, currency } });
    expect(vendor.refunded(id)).toBe(part);
    const tellOfRefundAgain = await tell();
    await becomes(id, { status: "succeeded", amount_refunded: part });
    await tellOfRefundAgain();
    const refunds = await world.api.call(`/transactions/${id}/refunds`);
    expect(refunds.body).toMatchObject({ data: [{ amount: part, status: "succeeded" }] });
    expect(vendor.refunded(id)).toBe(part);
    const [, given] = await isTold(id, ["succeeded", "refunded"]);
    expect(given).toMatchObject({ amount_captured: amount, amount_refunded: part });
    await socket.received(3);
    socket.close();
  });

  it("expires when nobody has paid, and its page is closed where that can be done", async () => {
    const { id, payment_url } = await startExpired();
    expect(payment_url).toBeNull();
    expect(vendor.isOpen(id)).toBe(!at.closes);
  });

  it("succeeds late when the money comes after that, and is fulfilled once", async () => {
    const expired = await startExpired();
    const { id } = expired;
    vendor.payLate(id);
    const tellAgain = await tell();
    await at.lookWhenLate(expired);
    const paid = { status: "succeeded", late: true, amount_captured: amount };
    const { version } = await becomes(id, paid);
    await tellAgain();
    expect(await world.api.get(id)).toMatchObject({ ...paid, version });
    const [, told] = await isTold(id, ["expired", "succeeded"]);
    expect(told).toMatchObject(paid);
  });

  it("is found by the cron when its webhooks are lost, and fulfilled once", async () => {
    const { id, created_at } = await start();
    vendor.pay(id);
    const lost = await world.takeWebhooks(vendor);
    expect(lost).not.toEqual([]);
    await world.system.tick(Date.parse(created_at) + MINUTE + SECOND);
    const paid = { status: "succeeded", late: false, amount_captured: amount };
    expect(await world.api.get(id)).toMatchObject(paid);
    // They come after all.
    const answers = await world.send(lost);
    expect(answers).toMatchObject(lost.map(() => heard.first));
    expect(await world.api.get(id)).toMatchObject(paid);
    expect(await changesOf(id)).toEqual([["transaction.succeeded", "cron"]]);
    await isTold(id, ["succeeded"]);
  });
});
