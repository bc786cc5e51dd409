/**
 * S8 and S13: what is secret, and who somebody is, is nowhere afterwards: not in D1, not in an object, a log, a figure or
 * an answer.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { METRICS } from "../../src/lib/metrics.ts";
import { archiveTransactions } from "../../src/operations/archive-transactions.ts";
import { bucket, emptyBucket, YEARS } from "../support/archive.ts";
import { GATEWAY_API_KEY, GATEWAY_WEBHOOK_SECRET, signedCallback } from "../support/fake-gateway.ts";
import { FULFILMENT_SECRET } from "../support/fake-shop.ts";
import { createPaid } from "../support/money.ts";
import { Operator, PASSWORD } from "../support/operator.ts";
import { RecordedMetrics } from "../support/recorded-metrics.ts";
import {
  API_KEY,
  createSystem,
  dumpTables,
  emptyTables,
  initiate,
  newOrder,
  ORIGIN,
  type System,
} from "../support/system.ts";

const SECOND_KEY = "key_canary_second_0123456789";
const CLIENT_KEYS = ["client-key-canary-new-0123456789", "client-key-canary-old-0123456789"];
const HOOK_TOKEN = "canary-token-of-the-shop-address";
const PERSON = {
  email: "canary.person@mail.example",
  name: "Canary Person",
  pan: "4242424242424242",
  phone: "+49 30 901820",
  iban: "DE89370400440532013000",
  ip: "198.51.100.77",
} as const;

const rawOf = (secret: string) => secret.replace("whsec_", "");

/** The Worker's own, whatever form they may take. */
const SECRETS = [
  ...[API_KEY, SECOND_KEY, ...CLIENT_KEYS, PASSWORD, GATEWAY_API_KEY, HOOK_TOKEN],
  ...[GATEWAY_WEBHOOK_SECRET, FULFILMENT_SECRET].flatMap((secret) => [rawOf(secret), atob(rawOf(secret))]),
];
const PEOPLE = [...Object.values(PERSON), "canary.person", "Canary%20Person", "canary-shop-answer"];

let system: System;
let operator: Operator;
/** What came of being opened in this journey: secrets of one payment, of one session. */
const derived: string[] = [];
const answers: { readonly of: string; readonly text: string }[] = [];
const logged: string[] = [];
const metrics = new RecordedMetrics();
/** What shops and gateways call a payment: no secret, and yet nobody's to count by. */
const names: string[] = [];

async function keep(of: string, response: Response): Promise<string> {
  const text = response.status === 101 ? "" : await response.text();
  answers.push({ of, text: [text, ...[...response.headers].flat()].join("\n") });
  return text;
}

/** Callbacks as gateways send them, with more in them than anybody asked for. */
function chatty(id: string, status: Parameters<System["gateway"]["callback"]>[1], changes: object = {}) {
  const about = { customer: PERSON, payer: { ...PERSON }, card: { number: PERSON.pan }, note: PERSON.email };
  return system.gateway.callback(id, status, { ...about, failure_code: "card_declined", ...changes });
}

const order = () => newOrder({ customer: { email: PERSON.email, name: PERSON.name, country: "DE" } });

/** A payment from its start to its refund, and one for each way to fail. */
async function travel(): Promise<void> {
  for (const fault of [null, "refuse", "busy", "lost_answer", "nonsense"] as const) {
    system.gateway.fault = fault;
    const [ordered, key] = [order(), crypto.randomUUID()];
    const { body } = await initiate(system, ordered, key);
    names.push(ordered.order_id, key, body.id ?? body.transaction_id);
    derived.push(...(body.client_secret ? [body.client_secret] : []));
    system.gateway.fault = null;
    if (fault === null) {
      await accompany(body.id, body.client_secret);
    }
  }
  await operate();
  system.advance(3_600_000);
  await system.tick();
  await system.settle();
}

async function accompany(id: string, secret: string): Promise<void> {
  const page = `${ORIGIN}/status/${id}`;
  const headers = { "cf-connecting-ip": PERSON.ip, "user-agent": PERSON.name };
  await keep("buyer", await system.fetch(new Request(`${page}?client_secret=${secret}`, { headers })));
  const form = new URLSearchParams({ client_secret: secret, email: PERSON.email });
  await keep("buyer", await system.fetch(new Request(page, { method: "POST", headers, body: form })));
  for (const request of [
    chatty(id, "failure"),
    chatty(id, "success"),
    chatty(id, "success", { amount_refunded: 5 }),
    chatty("txn_00000000000000000000000000", "success"),
    signedCallback(JSON.stringify({ customer: PERSON })),
    signedCallback(JSON.stringify(PERSON), { secret: FULFILMENT_SECRET }),
  ]) {
    system.shop.answer = () => new Response(`canary-shop-answer ${PERSON.email}`, { status: 500 });
    await keep("gateway", await system.fetch(request));
    await system.settle();
  }
  system.gateway.settle(id, "success");
  for (const path of ["", "/events", "/refunds", "/nothing"]) {
    await keep("shop", await system.call("GET", `/transactions/${id}${path}`));
  }
  await keep("shop", await system.call("POST", `/transactions/${id}/refunds`, { amount: 7 }));
}

async function operate(): Promise<void> {
  operator = new Operator(system);
  const guess = { name: "Ada", password: "canary-of-a-wrong-guess" };
  await operator.submit(await operator.open("/console/sign-in"), guess);
  await operator.signIn("Ada");
  const home = await operator.open("/console");
  derived.push(guess.password, home.forms[0]?.fields.csrf ?? "");
  derived.push(...[...operator.cookies.values()].flatMap((value) => value.split(".")));
  for (const path of ["/console/payments", "/console/webhooks", "/console/deliveries", "/console/gateways"]) {
    await keep("operator", await operator.send("GET", path));
  }
}

beforeAll(async () => {
  await emptyTables();
  await emptyBucket();
  const spies = (["log", "info", "warn", "error", "debug"] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation((...values: unknown[]) => void logged.push(values.join(" "))),
  );
  system = await createSystem({
    ...{ API_KEYS: `${API_KEY},${SECOND_KEY}`, CLIENT_SECRET_KEY: CLIENT_KEYS.join(",") },
    ...{
      METRICS: metrics,
      CONSOLE_PASSWORD: PASSWORD,
      FULFILMENT_URL: `https://shop.example/hooks?token=${HOOK_TOKEN}`,
    },
  });
  await travel();
  for (const spy of spies) {
    spy.mockRestore();
  }
});
afterAll(() => {
  vi.restoreAllMocks();
});

/** Which of the words are in the text. */
const found = (text: string, words: readonly string[]) => words.filter((word) => text.includes(word));

describe("S8 and S13: after payments that went well and badly", () => {
  it("there is something to look through", async () => {
    expect(derived.length).toBeGreaterThanOrEqual(5);
    expect(derived.filter((secret) => secret.length < 20)).toEqual([]);
    expect(answers.length).toBeGreaterThan(15);
    expect(logged.length).toBeGreaterThan(30);
    const rows = JSON.parse(await dumpTables()) as [string, unknown[]][];
    const filled = rows.filter(([, found]) => found.length > 0).map(([name]) => name);
    expect(filled).toEqual(
      expect.arrayContaining([
        "transactions",
        "events",
        "inbox",
        "deliveries",
        "refunds",
        "console_sessions",
      ]),
    );
  });

  it("S13: D1 holds no secret, no session, no buyer and no caller", async () => {
    expect(found(await dumpTables(), [...SECRETS, ...derived, ...PEOPLE])).toEqual([]);
    expect(found(await dumpTables(), ["2001:db8"])).toEqual([]);
  });

  it("S13: a payment's object holds nothing at all", async () => {
    const [row] = (await env.DB.prepare("SELECT id FROM transactions").all<{ id: string }>()).results;
    const held = await runInDurableObject(env.CHANNEL.getByName(row?.id ?? ""), async (_, ctx) => [
      ...(await ctx.storage.list()).keys(),
    ]);
    expect(held).toEqual([]);
  });

  it("S8: no line of the log holds any of it", () => {
    expect(found(logged.join("\n"), [...SECRETS, ...derived, ...PEOPLE, "2001:db8"])).toEqual([]);
  });

  it("S8: no figure holds any of it, nor the name of an order, a payment or an event", () => {
    const text = metrics.points.map(({ indexes, blobs }) => [...indexes, ...blobs].join("\n")).join("\n");
    expect(new Set(metrics.points.map(({ indexes }) => indexes[0]))).toEqual(new Set(Object.keys(METRICS)));
    expect(names.filter((name) => name?.length > 20).length).toBeGreaterThanOrEqual(10);
    expect(found(text, [...SECRETS, ...derived, ...PEOPLE, ...names, "2001:db8", "order-"])).toEqual([]);
    expect(text).not.toMatch(/\b(txn|evt|rfd|tst)_[0-9a-z]{26}/);
    const words = metrics.points.flatMap(({ blobs }) => blobs);
    expect(words.filter((word) => word === "other")).toEqual([]);
    expect(new Set(words).size).toBeLessThan(60);
  });

  it("S13: nor does the archive, years later", async () => {
    const years = await createSystem({ ARCHIVE: bucket, CLIENT_SECRET_KEY: CLIENT_KEYS.join(",") });
    years.advance(YEARS);
    await env.DB.batch(
      [
        "UPDATE refunds SET status = 'failed', failure_code = 'lost', next_attempt_at = NULL WHERE status = 'pending'",
        "UPDATE deliveries SET next_attempt_at = NULL, delivered_at = 1",
        "UPDATE inbox SET outcome = 'ignored'",
      ].map((change) => env.DB.prepare(change)),
    );
    await createPaid(years);
    await archiveTransactions(years.services, () => true);
    const { objects } = await bucket.list();
    const texts = await Promise.all(objects.map(async ({ key }) => (await bucket.get(key))?.text()));
    expect(texts.join("\n")).toContain('"kind":"webhook"');
    expect(found(texts.join("\n"), [...SECRETS, ...derived, ...PEOPLE])).toEqual([]);
  });

  it("S8: no answer holds a secret of the Worker's, nor anything of a person", () => {
    for (const { of, text } of answers) {
      expect([of, found(text, [...SECRETS, ...PEOPLE])]).toEqual([of, []]);
    }
  });

  it("S8: what opens one payment is told to the shop and to whoever has it, and to nobody else", () => {
    const elsewhere = answers.filter(({ of }) => of === "gateway");
    expect(elsewhere.filter(({ text }) => found(text, derived).length > 0)).toEqual([]);
    for (const { body } of system.shop.received) {
      expect(found(body, [...SECRETS, ...derived, ...PEOPLE])).toEqual([]);
    }
    expect(system.shop.received.length).toBeGreaterThan(3);
  });
});
