/** A payment of years ago, which is in the archive: still found by its id on every way, and nothing to be done with it. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { SUBPROTOCOL } from "../../src/channel/message.ts";
import {
  bucket,
  createPastSystem,
  DAY,
  emptyBucket,
  growOld,
  isGone,
  realArchive,
} from "../support/archive.ts";
import { createAs, createPaid, decideReview, later, pay, refund } from "../support/money.ts";
import { type Operator, PASSWORD, signIn } from "../support/operator.ts";
import {
  createPending,
  emptyTables,
  freezeClock,
  initiate,
  newOrder,
  ORIGIN,
  replaceServices,
  type System,
  type TransactionBody,
} from "../support/system.ts";

let system: System;
let operator: Operator;
/** By what has become of them. */
const payments: Record<string, TransactionBody> = {};
const key = crypto.randomUUID();

interface Said {
  readonly status: number;
  readonly etag: string | null;
  readonly text: string;
}

/** What each way to read a payment says. */
async function readAll({ id, client_secret: secret }: TransactionBody): Promise<Record<string, Said>> {
  const said: Record<string, Said> = {};
  const keep = async (name: string, answer: Promise<Response>) => {
    const { status, headers } = await answer;
    said[name] = { status, etag: headers.get("etag"), text: await (await answer).text() };
  };
  const buyer = { authorization: `Bearer ${secret}` };
  await keep("shop", system.call("GET", `/transactions/${id}`));
  const known = { ...buyer, "if-none-match": said.shop?.etag ?? "" };
  await keep("buyer", system.call("GET", `/transactions/${id}`, undefined, buyer));
  await keep("unchanged", system.call("GET", `/transactions/${id}`, undefined, known));
  await keep("events", system.call("GET", `/transactions/${id}/events`));
  await keep("refunds", system.call("GET", `/transactions/${id}/refunds`));
  await keep("page", system.fetch(new Request(`${ORIGIN}/status/${id}?client_secret=${secret}`)));
  return said;
}

/** But for what can be done, and for the sentence that says that nothing can. */
const timelineOf = (html: string) =>
  (/<section data-part="timeline"[\s\S]*?<\/section>/.exec(html)?.[0] ?? "").replace(
    /<a class="act"[\s\S]*?<\/a>/g,
    "",
  );

let before: Record<string, Record<string, Said>>;
let timelines: Record<string, string>;

beforeAll(async () => {
  await emptyTables();
  await emptyBucket();
  system = await createPastSystem({ CONSOLE_PASSWORD: PASSWORD });
  await live();
  await growOld(system);
  freezeClock(system);
  operator = await signIn(system);
  before = await eachPayment(readAll);
  timelines = await eachPayment(async ({ id }) =>
    timelineOf((await operator.open(`/console/payments/${id}`)).html),
  );
  await system.tick();
  expect(await eachPayment(({ id }) => isGone(id))).toEqual(await eachPayment(async () => true));
}, 60_000);

async function live(): Promise<void> {
  const metadata = { customer: "c-1" };
  payments.paid = (await initiate(system, newOrder({ metadata, description: "Two coffees" }), key)).body;
  await pay(system, payments.paid.id);
  payments.refunded = await createPaid(system);
  await refund(system, payments.refunded.id, { amount: 700 }, "refund-key");
  payments.returned = await createPaid(system);
  await refund(system, payments.returned.id);
  payments.failed = await createAs(system, "failure");
  payments.canceled = await createAs(system, "cancelled");
  payments.expired = await createAs(system, "expired");
  payments.reviewed = await createPending(system);
  await pay(system, payments.reviewed.id, { amount: 5 });
  await decideReview(system, payments.reviewed.id, "accept", { by: "Ada", reason: "it is enough" });
  payments.superseded = await createAs(system, "failure");
  await createPaid(system, { order_id: payments.superseded.order_id });
  await later(system, DAY);
}

async function eachPayment<T>(ask: (payment: TransactionBody) => Promise<T>): Promise<Record<string, T>> {
  const answers: Record<string, T> = {};
  for (const [name, payment] of Object.entries(payments)) {
    answers[name] = await ask(payment);
  }
  return answers;
}

const idOf = (name: string) => payments[name]?.id ?? "";
const post = async (path: string, body?: unknown, headers?: Record<string, string>) => {
  const response = await system.call("POST", path, body, headers);
  return {
    status: response.status,
    body: (await response.json()) as TransactionBody & {
      code: string;
      detail: string;
      transaction_id: string;
    },
  };
};

describe("an archived payment, read", () => {
  it.each(["shop", "buyer", "unchanged", "events", "refunds", "page"])(
    "says the same as before to %s",
    async (way) => {
      const after = await eachPayment(readAll);
      for (const name of Object.keys(payments)) {
        expect([name, after[name]?.[way]]).toEqual([name, before[name]?.[way]]);
        expect(after[name]?.[way]?.status).toBe(way === "unchanged" ? 304 : 200);
      }
    },
  );

  it("has the same timeline in the console, which says that it is archived and offers nothing", async () => {
    for (const [name, { id }] of Object.entries(payments)) {
      const { html, text, links, status } = await operator.open(`/console/payments/${id}`);
      expect([name, status, timelineOf(html)]).toEqual([name, 200, timelines[name]]);
      expect(text).toContain("It is archived");
      expect(
        links.filter((link) => /replay|\/(check|cancel|capture|refund|accept|reject)$/.test(link)),
      ).toEqual([]);
      expect(timelines[name]).toContain("What happened");
    }
    expect((await operator.open(`/console/payments?q=${idOf("paid")}`)).address).toBe(
      `/console/payments/${idOf("paid")}`,
    );
  });

  it("is told to a browser that opens a socket", async () => {
    const { id, client_secret: secret } = payments.refunded as TransactionBody;
    await runInDurableObject(env.CHANNEL.getByName(id), (channel) => {
      Object.assign(channel, { env: { ...env, ARCHIVE: bucket } });
    });
    const headers = { upgrade: "websocket", "sec-websocket-protocol": `${SUBPROTOCOL}, secret.${secret}` };
    const { webSocket } = await system.fetch(new Request(`${ORIGIN}/transactions/${id}/socket`, { headers }));
    const heard = new Promise<MessageEvent>((resolve) => webSocket?.addEventListener("message", resolve));
    webSocket?.accept();
    const { version, status } = JSON.parse(before.refunded?.shop?.text ?? "{}") as TransactionBody;
    expect(JSON.parse(String((await heard).data))).toMatchObject({ transaction_id: id, status, version });
    webSocket?.close();
  });

  it("asks R2 nothing for an id that is too young, or none", async () => {
    const gets = countGets(system);
    const young = system.services.newId("txn");
    for (const id of [young, "txn_1", `${idOf("paid")}x`, "..%2Fsecrets"]) {
      expect((await system.call("GET", `/transactions/${id}`)).status).toBe(404);
    }
    expect(gets.count).toBe(0);
    expect((await system.call("GET", `/transactions/${idOf("paid")}`)).status).toBe(200);
    expect(gets.count).toBe(1);
    gets.end();
  });

  it("is not found where neither has it, and 503 where R2 does not answer", async () => {
    const unknown = `txn_01${"0".repeat(24)}`;
    for (const path of ["", "/events", "/refunds"]) {
      expect((await system.call("GET", `/transactions/${unknown}${path}`)).status).toBe(404);
    }
    const failing = { ...bucket, get: () => Promise.reject(new Error("R2 is down")) };
    const broken = await createPastSystem({ ARCHIVE: { ...failing, put: null } });
    const answer = await broken.call("GET", `/transactions/${idOf("paid")}`);
    expect(answer.status).toBe(404);
    broken.advance(800 * DAY);
    const late = await broken.call("GET", `/transactions/${idOf("paid")}`);
    expect([late.status, ((await late.json()) as { code: string }).code]).toEqual([
      503,
      "database_unavailable",
    ]);
  });
});

/** A bucket that counts what is read of it. */
function countGets(target: System): { readonly count: number; end(): void } {
  const { archive } = target.services;
  const counter = { count: 0, end: () => replaceServices(target, { archive }) };
  const get = (key: string) => {
    counter.count += 1;
    return bucket.get(key);
  };
  replaceServices(target, { archive: realArchive({ ...bucket, get }) });
  return counter;
}

describe("what is asked of an archived payment", () => {
  it.each([
    ["paid", "/cancel", "not_cancelable"],
    ["paid", "/refunds", "not_refundable"],
    ["refunded", "/refunds", "not_refundable"],
    ["returned", "/refunds", "refund_exceeds_rest"],
    ["failed", "/refunds", "not_refundable"],
    ["failed", "/cancel", "not_cancelable"],
    ["failed", "/capture", "not_capturable"],
    ["paid", "/accept", "not_in_review"],
    ["reviewed", "/reject", "not_in_review"],
  ])("is refused with 409: %s, %s", async (name, path, code) => {
    const { status, body } = await post(`/transactions/${idOf(name)}${path}`);
    expect([status, body.code, body.transaction_id]).toEqual([409, code, idOf(name)]);
    expect(await isGone(idOf(name))).toBe(true);
  });

  it("is answered as before where it was done before", async () => {
    for (const [name, path] of [
      ["canceled", "/cancel"],
      ["expired", "/cancel"],
      ["paid", "/capture"],
    ] as const) {
      const { status, body } = await post(`/transactions/${idOf(name)}${path}`);
      expect([name, status, body]).toEqual([name, 200, JSON.parse(before[name]?.shop?.text ?? "")]);
    }
    const again = await post(
      `/transactions/${idOf("refunded")}/refunds`,
      { amount: 700 },
      { "idempotency-key": "refund-key" },
    );
    expect([again.status, again.body]).toMatchObject([
      200,
      { transaction_id: idOf("refunded"), amount: 700 },
    ]);
  });

  it("says of a refund where to give the money back", async () => {
    const { body } = await post(`/transactions/${idOf("paid")}/refunds`);
    expect(body.detail).toBe(
      "The payment is archived: it can only be read. Give the money back at the gateway itself.",
    );
  });

  it("is refused in the console, too, also when the form was opened before", async () => {
    const page = `/console/payments/${idOf("paid")}`;
    expect((await operator.open(`${page}/refund`)).address).toBe(`${page}?done=late`);
    const csrf = (await operator.open("/console")).forms[0]?.fields.csrf ?? "";
    const fields = { csrf, step: "2", amount: "19.99", note: "why", rest: "1999", key: crypto.randomUUID() };
    const answer = await operator.post(`${page}/refund`, fields);
    expect([answer.status, (await answer.text()).includes("archived")]).toEqual([409, true]);
    const check = await operator.post(`${page}/check`, { csrf, note: "" });
    expect([check.status, (await check.text()).includes("archived")]).toEqual([409, true]);
  });

  it("asks no gateway when its buyer presses the button", async () => {
    const { id, client_secret: secret } = payments.expired as TransactionBody;
    const calls = system.gateway.calls.length;
    const body = new URLSearchParams({ client_secret: secret });
    const response = await system.fetch(
      new Request(`${ORIGIN}/status/${id}`, { method: "POST", body, headers: { origin: ORIGIN } }),
    );
    expect([response.status, system.gateway.calls.length - calls]).toEqual([303, 0]);
  });
});
