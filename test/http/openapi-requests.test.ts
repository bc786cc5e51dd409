/** The document's schemas of the requests, and the rules by which requests are taken, are one: whatever comes. */
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type * as z from "zod/mini";
import * as bodies from "../../src/http/schemas.ts";
import { createSchemas } from "../../src/openapi/components.ts";

const SEED = 20261122;
const ajv = new Ajv2020({ allErrors: true, strict: true });
const schemas = createSchemas();

describe("createSchemas", () => {
  /** What the door says of these bytes. */
  const taken = async (schema: z.ZodMiniType, text: string): Promise<boolean> => {
    const request = new Request("https://pay.example/", { method: "POST", body: text });
    try {
      bodies.check(schema, await bodies.readJson(request));
      return true;
    } catch {
      return false;
    }
  };

  /** Texts about as long as they may be, of characters of one, two and four bytes, and some that may not be. */
  const near = (max: number) =>
    fc
      .tuple(
        fc.constantFrom(0, 1, max - 1, max, max + 1),
        fc.constantFrom("x", "é", "🛒"),
        fc.constantFrom("", "", "", "\ud800", "\u0007", "\u2028", "@", " "),
      )
      .map(([length, unit, odd]) => unit.repeat(length) + odd);
  const field = (good: fc.Arbitrary<unknown>, max: number) =>
    fc.oneof(
      { arbitrary: good, weight: 60 },
      { arbitrary: near(max), weight: 3 },
      { arbitrary: fc.jsonValue({ maxDepth: 1 }), weight: 1 },
    );
  const word = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" });
  const number = fc.oneof(
    { arbitrary: fc.integer({ min: 1, max: 604_800 }), weight: 40 },
    fc.constantFrom(0, -1, 1, 1.5, 604_800, 604_801, 2 ** 53 - 1, 2 ** 53, 1e300),
  );
  const key = fc.oneof({ arbitrary: word, weight: 60 }, near(40), fc.constant("__proto__"));
  const value = fc.oneof({ arbitrary: word, weight: 60 }, near(500), fc.jsonValue({ maxDepth: 0 }));
  const many = fc
    .constantFrom(49, 50, 51)
    .map((count) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, "v"])));
  const metadata = fc.oneof(
    { arbitrary: fc.array(fc.tuple(key, value), { maxLength: 3 }).map(Object.fromEntries), weight: 12 },
    { arbitrary: many, weight: 1 },
  );
  const customer = fc.record(
    {
      email: field(fc.constantFrom("buyer@mail.example", `${"b".repeat(241)}@mail.example`), 254),
      name: field(word, 255),
      country: field(fc.constantFrom("GB", "DE"), 2),
      locale: field(fc.constantFrom("en-GB", "de", "zh-Hans-CN"), 8),
    },
    { requiredKeys: [] },
  );
  const newTransaction = fc.record(
    {
      order_id: field(word, 255),
      amount: field(number, 1),
      currency: field(fc.constantFrom("USD", "JPY", "KWD"), 3),
      gateway: field(fc.constant("generic"), 32),
      return_url: field(fc.constant("https://shop.example/a?b#c"), 2048),
      description: field(word, 255),
      customer: fc.oneof({ arbitrary: customer, weight: 30 }, fc.jsonValue({ maxDepth: 1 })),
      metadata: fc.oneof({ arbitrary: metadata, weight: 30 }, fc.jsonValue({ maxDepth: 1 })),
      expires_in: field(number, 1),
      capture: field(fc.constantFrom("automatic", "manual"), 9),
    },
    { requiredKeys: ["order_id", "amount", "currency"] },
  );
  const odd = fc.constantFrom(
    { callback_url: "https://evil.example" },
    { currency: "usd" },
    { currency: "XXX" },
    { order_id: undefined },
    { customer: { phone: "1" } },
    { customer: { email: "@" } },
    { customer: { country: "gb" } },
    { customer: { locale: "!" } },
    { metadata: { a: 1 } },
    { metadata: { a: "\ud800" } },
    { metadata: { a: "🛒".repeat(500) } },
    { metadata: { a: "🛒".repeat(501) } },
  );
  const withOdd = fc
    .tuple(newTransaction, fc.oneof({ arbitrary: fc.constant({}), weight: 6 }, odd))
    .map(([body, more]) => ({ ...body, ...more }));
  const other = fc.record(
    {
      amount: field(number, 1),
      reason: field(word, 500),
      by: field(word, 255),
      status: fc.constantFrom("dead", "dead", "owed"),
      type: fc.constantFrom("transaction.succeeded", "transaction.", "order.paid"),
      limit: fc.constantFrom(0, 1, 7, 50, 100, 101, 1000, 1001, 1.5, "7"),
      outcome: fc.constantFrom("ignored", "ignored", "parked", "parked", "applied"),
      cursor: fc.constantFrom("abc_-1", "", "a b", "x".repeat(8192), "x".repeat(8193)),
    },
    { requiredKeys: [] },
  );

  /** What is not known to a schema is refused by it: those fields alone, most of the time. */
  const only = (names: readonly string[]) =>
    fc
      .tuple(other, fc.nat(9))
      .map(([body, luck]) =>
        luck === 0 ? body : Object.fromEntries(Object.entries(body).filter(([name]) => names.includes(name))),
      );

  it.each([
    ["NewTransaction", bodies.createBody, withOdd],
    ["Capture", bodies.captureBody, only(["amount"])],
    ["NewRefund", bodies.refundBody, only(["amount", "reason"])],
    ["Verdict", bodies.verdictBody, only(["reason", "by"])],
    ["DeadLetterReplay", bodies.replayBody, only(["status", "type", "limit"])],
    ["InboxReplay", bodies.inboxReplayBody, only(["outcome", "limit", "cursor"])],
  ] as const)(`say of any %s what the door says (seed ${SEED})`, async (name, schema, arbitrary) => {
    const valid = ajv.compile(schemas[name] ?? false);
    const seen = { true: 0, false: 0 };
    await fc.assert(
      fc.asyncProperty(fc.oneof({ arbitrary, weight: 20 }, fc.jsonValue({ maxDepth: 1 })), async (body) => {
        const text = JSON.stringify(body);
        const verdict = await taken(schema, text);
        expect(valid(JSON.parse(text)), `${text} ${ajv.errorsText(valid.errors)}`).toBe(verdict);
        seen[`${verdict}`] += 1;
      }),
      { numRuns: 1000, seed: SEED },
    );
    expect(Math.min(seen.true, seen.false), "both kinds are tried").toBeGreaterThan(100);
  });
});
