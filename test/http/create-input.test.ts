/** What POST /transactions refuses: each field by its pointer, and never with a 5xx. */
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  API_KEY,
  createPending,
  createSystem,
  dumpTables,
  initiate,
  newOrder,
  ORIGIN,
  read,
} from "../support/system.ts";

const SEED = 20261122;
const long = (length: number) => "x".repeat(length);
const entries = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, "v"]));

describe("POST /transactions", () => {
  it.each<[string, Record<string, unknown>]>([
    ["/order_id", { order_id: undefined }],
    ["/order_id", { order_id: "" }],
    ["/order_id", { order_id: 7 }],
    ["/order_id", { order_id: long(256) }],
    ["/order_id", { order_id: "a\nb" }],
    ["/order_id", { order_id: "a\u0000b" }],
    ["/amount", { amount: undefined }],
    ["/amount", { amount: 0 }],
    ["/amount", { amount: -1 }],
    ["/amount", { amount: 19.99 }],
    ["/amount", { amount: "1999" }],
    ["/amount", { amount: 2 ** 53 }],
    ["/amount", { amount: 1e300 }],
    ["/amount", { amount: null }],
    ["/amount", { amount: true }],
    ["/currency", { currency: undefined }],
    ["/currency", { currency: "usd" }],
    ["/currency", { currency: "XXX" }],
    ["/currency", { currency: "US" }],
    ["/currency", { currency: "constructor" }],
    ["/gateway", { gateway: "stripe" }],
    ["/gateway", { gateway: "" }],
    ["/gateway", { gateway: "__proto__" }],
    ["/gateway", { gateway: 1 }],
    ["/return_url", { return_url: "shop.example/done" }],
    ["/return_url", { return_url: 1 }],
    ["/return_url", { return_url: `https://shop.example/${long(2048)}` }],
    ["/description", { description: "" }],
    ["/description", { description: long(256) }],
    ["/description", { description: "\u001b[31m" }],
    ["/customer", { customer: "Ada" }],
    ["/customer", { customer: null }],
    ["/customer/email", { customer: { email: "no address" } }],
    ["/customer/email", { customer: { email: `${long(250)}@mail.example` } }],
    ["/customer/name", { customer: { name: "" } }],
    ["/customer/country", { customer: { country: "gb" } }],
    ["/customer/country", { customer: { country: "GBR" } }],
    ["/customer/locale", { customer: { locale: "!" } }],
    ["/customer/phone", { customer: { phone: "1" } }],
    ["/metadata", { metadata: [] }],
    ["/metadata", { metadata: entries(51) }],
    ["/metadata/a~1b~0c", { metadata: { "a/b~c": 1 } }],
    ["/metadata/note", { metadata: { note: long(501) } }],
    [`/metadata/${long(41)}`, { metadata: { [long(41)]: "v" } }],
    ["/expires_in", { expires_in: 0 }],
    ["/expires_in", { expires_in: 604_801 }],
    ["/expires_in", { expires_in: 1.5 }],
    ["/expires_in", { expires_in: "60" }],
    ["/capture", { capture: "later" }],
    ["/callback_url", { callback_url: "https://evil.example" }],
    ["/status", { status: "succeeded" }],
  ])("refuses what is wrong at %s: %o", async (pointer, changes) => {
    const system = await createSystem();
    const before = await dumpTables();
    const { status, body } = await initiate(system, { ...newOrder(), ...changes }, crypto.randomUUID());
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: "invalid_request", status: 400 });
    expect(body.errors.map((error) => error.pointer)).toContain(pointer);
    expect(body.errors.every(({ detail }) => detail.length > 0)).toBe(true);
    expect(system.gateway.calls).toEqual([]);
    expect(await dumpTables()).toBe(before);
  });

  it("refuses half a character", async () => {
    const system = await createSystem();
    const { status, body } = await initiate(system, newOrder({ order_id: "\ud800" }));
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ pointer: "/order_id" }]);
  });

  it("names everything that is wrong at once", async () => {
    const system = await createSystem();
    const { body } = await initiate(system, { amount: 0, currency: "usd", x: 1, customer: { email: "a" } });
    expect(body.errors.map(({ pointer }) => pointer).toSorted()).toEqual(
      ["/amount", "/currency", "/customer/email", "/order_id", "/x"].toSorted(),
    );
  });

  it.each([
    ["nothing", ""],
    ["no JSON", "order_id=1&amount=2"],
    ["half a JSON", '{"order_id":'],
    ["no object", "[]"],
    ["null", "null"],
    ["a text", '"order"'],
    ["bytes that are not UTF-8", new Uint8Array([0x7b, 0xff, 0x7d])],
    ["60 thousand brackets", "[".repeat(60_000)],
  ])("refuses a body that is %s", async (_, body) => {
    const system = await createSystem();
    const headers = { authorization: `Bearer ${API_KEY}` };
    const response = await system.fetch(
      new Request(`${ORIGIN}/transactions`, { method: "POST", headers, body }),
    );
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ pointer: "" }] });
  });

  it.each([
    ["empty", ""],
    ["too long", long(256)],
    ["not printable", "a\tb"],
    ["not ASCII", "caf\u00e9"],
  ])("refuses an Idempotency-Key that is %s", async (_, key) => {
    const system = await createSystem();
    const { status, body } = await initiate(system, newOrder(), key);
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ pointer: "/Idempotency-Key" }]);
  });

  it("takes what is just within the bounds, and gives it back as it came", async () => {
    const system = await createSystem();
    const order: Record<string, unknown> = newOrder({
      ...{ order_id: "🛒".repeat(127), amount: Number.MAX_SAFE_INTEGER, currency: "KWD" },
      ...{ description: "ü".repeat(255), expires_in: 604_800, capture: "manual", gateway: "generic" },
      ...{ metadata: { ...entries(49), "a'b\"c": "'; DROP TABLE transactions; --" } },
      customer: { email: "a@b.example", name: "O'Neill", country: "IE", locale: "en-IE" },
    });
    const { status, body } = await initiate(system, order, "k".repeat(255));
    expect(status).toBe(201);
    const { expires_in: _in, capture: _capture, customer: _customer, ...echoed } = order;
    expect(await read(system, body.id)).toMatchObject(echoed);
  });

  it("loses no metadata key that has a meaning in JavaScript", async () => {
    const system = await createSystem();
    const headers = { authorization: `Bearer ${API_KEY}` };
    const metadata = '{"__proto__":"a","constructor":"b","toString":"c"}';
    const body = JSON.stringify(newOrder()).replace("}", `,"metadata":${metadata}}`);
    const response = await system.fetch(
      new Request(`${ORIGIN}/transactions`, { method: "POST", headers, body }),
    );
    const text = await response.text();
    expect(response.status === 400 || text.includes(metadata), "refused, or kept: not dropped").toBe(true);
  });

  it(`never answers 5xx, whatever comes: 500 bodies (seed ${SEED})`, async () => {
    const system = await createSystem();
    const anything = fc.anything({ maxDepth: 2, withNullPrototype: false });
    const field = <T>(good: fc.Arbitrary<T>, bad: fc.Arbitrary<unknown> = fc.string({ unit: "binary" })) =>
      fc.oneof(
        { arbitrary: good, weight: 20 },
        { arbitrary: anything, weight: 1 },
        { arbitrary: bad, weight: 1 },
      );
    const words = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" });
    const order = fc.record(
      {
        order_id: field(words),
        amount: field(fc.integer({ min: 1 }), fc.oneof(fc.maxSafeInteger(), fc.double())),
        currency: field(fc.constantFrom("USD", "JPY", "KWD")),
        gateway: field(fc.constant("generic")),
        return_url: field(fc.constant("https://shop.example/a?b#c"), fc.webUrl()),
        description: field(words),
        customer: field(
          fc.record({
            email: field(fc.constant("buyer@mail.example"), fc.emailAddress()),
            name: field(words),
          }),
        ),
        metadata: field(fc.dictionary(words, words), fc.dictionary(fc.string(), anything)),
        expires_in: field(fc.integer({ min: 1, max: 604_800 }), fc.nat()),
        capture: field(fc.constantFrom("automatic", "manual")),
      },
      { requiredKeys: ["order_id", "amount", "currency"] },
    );
    const text = (value: unknown) =>
      JSON.stringify(value, (_, entry: unknown) => (typeof entry === "bigint" ? Number(entry) : entry)) ?? "";
    const body = fc.oneof(
      { arbitrary: order.map(text), weight: 6 },
      { arbitrary: fc.json(), weight: 1 },
      { arbitrary: fc.string({ unit: "binary" }), weight: 1 },
      { arbitrary: fc.uint8Array().map((bytes) => new Uint8Array(bytes)), weight: 1 },
    );
    const seen = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(body, async (raw) => {
        const headers = { authorization: `Bearer ${API_KEY}` };
        const response = await system.fetch(
          new Request(`${ORIGIN}/transactions`, { method: "POST", headers, body: raw }),
        );
        const answer = (await response.json()) as { code?: string; id?: string };
        seen.set(response.status, (seen.get(response.status) ?? 0) + 1);
        expect(response.status).toBeLessThan(500);
        expect(response.status < 300 ? answer.id : answer.code).toMatch(/^[a-z_0-9]+$/);
      }),
      { numRuns: 500, seed: SEED },
    );
    expect(Math.min(seen.get(201) ?? 0, seen.get(400) ?? 0), "both kinds are tried").toBeGreaterThan(100);
  }, 30_000);

  it("does not mistake one order for another whose name looks like a pattern", async () => {
    const system = await createSystem();
    const mark = crypto.randomUUID();
    for (const order_id of [
      `${mark}%`,
      `${mark}_`,
      `${mark}'`,
      `${mark}*`,
      mark,
      `${mark} `,
      mark.toUpperCase(),
    ]) {
      await createPending(system, { order_id });
    }
    const { results } = await env.DB.prepare("SELECT DISTINCT order_id FROM transactions").all<{
      order_id: string;
    }>();
    expect(results.filter((row) => row.order_id.toLowerCase().startsWith(mark))).toHaveLength(7);
  });
});
