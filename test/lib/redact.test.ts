/** What a gateway sent, as an operator may see it: what it means, and nobody's data. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactPayload } from "../../src/lib/redact.ts";
import { CANARIES, PAYLOADS } from "../support/buyers-payloads.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const redact = (body: unknown) =>
  redactPayload(encode(typeof body === "string" ? body : JSON.stringify(body)));
const read = (body: unknown): unknown => JSON.parse(redact(body) ?? expect.unreachable("nothing is left"));

/** Every value of a JSON text that is no object. */
function leavesOf(value: unknown): unknown[] {
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(leavesOf) : [value];
}

describe("redactPayload", () => {
  it.each(PAYLOADS.map((each, index) => [`${each.gateway} ${index}`, each] as const))(
    "hides whatever %s tells of its buyer, and shows what is needed to understand it",
    (_, { body, told }) => {
      const text = redact(body) ?? expect.unreachable("nothing is left");
      for (const canary of CANARIES) {
        expect(text).not.toContain(canary);
      }
      const leaves = leavesOf(JSON.parse(text));
      for (const each of told) {
        expect(leaves).toContain(each);
      }
      expect(text.length).toBeLessThanOrEqual(4096);
    },
  );

  it("hides canaries wherever they stand, but in a field that holds a gateway's own words", () => {
    // A single word, or a number, may be a gateway's own.
    const personal = fc.constantFrom(...CANARIES.filter((word) => /[@ +]/.test(word)));
    const name = fc.oneof(
      fc.constantFrom(
        "email",
        "name",
        "note",
        "last4",
        "ip",
        "vpa",
        "iban",
        "customer",
        "payer",
        "card",
        "data",
      ),
      fc.constantFrom("amount", "currency", "value", "created_at", "purchase_units", "items", "__proto__"),
      personal,
    );
    const { payload } = fc.letrec((tie) => ({
      payload: fc.oneof({ depthSize: "medium", withCrossShrink: true }, personal, tie("list"), tie("object")),
      list: fc.array(tie("payload"), { maxLength: 4 }),
      object: fc.dictionary(name, tie("payload"), { maxKeys: 5 }),
    }));
    fc.assert(
      fc.property(fc.dictionary(name, payload, { minKeys: 1, maxKeys: 5 }), (body) => {
        const text = redact(body);
        for (const canary of CANARIES) {
          expect(text).not.toContain(canary);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("keeps ids, types, statuses, times and sums", () => {
    expect(
      read({
        ...{ id: "pay_1", type: "payment.paid", status: "paid", created: 1_795_617_005 },
        ...{
          createdAt: "2026-11-25T14:30:05.123+01:00",
          expires_at: 1_795_617_005_000,
          live: true,
          error: null,
        },
        amount: { value: "-19.99", currency: "EUR" },
      }),
    ).toEqual({
      ...{ id: "pay_1", type: "payment.paid", status: "paid", created: 1_795_617_005 },
      ...{
        createdAt: "2026-11-25T14:30:05.123+01:00",
        expires_at: 1_795_617_005_000,
        live: true,
        error: null,
      },
      amount: { value: "-19.99", currency: "EUR" },
    });
  });

  it.each([
    ["a sum without a currency", { amount: 4929 }],
    [
      "a birthday",
      { birth_date: "1985-12-10T00:00:00Z", birthDate: 1_795_617_005, date_of_birth: "1985-12-10" },
    ],
    ["a date that is no moment", { paid_at: "yesterday", created_at: "1985-12-10 by Ada" }],
    ["a number that is no time", { paid_at: 4929, created_at: "4929 000 000 006", expire_by: 0.5 }],
    ["an id of several words", { id: "Ada Lovelace", reference: "ada@example.com", status: "Ada's" }],
    ["a text in a list", { id: ["Ada"], items: ["Ada", 4929, "pay_1"] }],
    ["a long word", { id: "x".repeat(101) }],
    ["a word of another script", { id: "Ада", status: "Ａｄａ" }],
    ["a lone surrogate", { id: "\ud800", type: "a\udfff" }],
  ])("hides %s", (_, body) => {
    expect(leavesOf(read(body)).every((leaf) => leaf === "…")).toBe(true);
  });

  it("hides a field's name that is no name of a field", () => {
    expect(
      read({ "ada@example.com": true, "Ada Lovelace": null, "\ud800": true, "+447700900123": true }),
    ).toEqual({
      "…": true,
    });
    expect(read({ "4929000000006": true, "ada.lovelace": true })).toEqual({ "…": true });
  });

  it("shows an id of ours wherever it stands, and nothing that only begins like one", () => {
    const id = "txn_01m8b81bgvf06tzpkmg7jwbqnp";
    expect(read({ custom_id: id, notes: "txn_ada", other: `${id}@example.com`, list: [id] })).toEqual({
      ...{ custom_id: id, notes: "…", other: "…", list: [id] },
    });
  });

  it("leaves nothing behind in the objects of this house", () => {
    const body =
      '{"__proto__": {"polluted": true, "id": "x"}, "constructor": {"prototype": {"polluted": true}}}';
    expect(redact(body)).toBe(
      '{"__proto__":{"polluted":true,"id":"x"},"constructor":{"prototype":{"polluted":true}}}',
    );
    expect({}).not.toHaveProperty("polluted");
  });
});

describe("redactPayload, of what is too long", () => {
  it("leaves out what says nothing before it leaves out what says something", () => {
    const empty = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`field_${index}`, null]));
    const hidden = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`secret_${index}`, "Ada"]));
    const text = redact({
      id: "evt_1",
      data: { object: { id: "pay_1", status: "paid", ...empty, ...hidden } },
    });
    expect(JSON.parse(text ?? "")).toEqual({
      ...{ id: "evt_1", data: { object: { id: "pay_1", status: "paid", "…": "…" } } },
    });
  });

  it("keeps the outer parts of what is deep", () => {
    const many = Array.from({ length: 20 }, (_, index) => ({
      id: `${index}`.padEnd(90, "x"),
      status: "s".repeat(90),
    }));
    const text = redact({ id: "evt_1", status: "paid", data: { list: many } });
    expect(JSON.parse(text ?? "")).toMatchObject({ id: "evt_1", status: "paid" });
    expect(text?.length).toBeLessThan(4097);
  });

  it.each([
    ["a list of a hundred thousand", JSON.stringify(Array(100_000).fill(1))],
    ["a list of lists", JSON.stringify(Array(50).fill(Array(25).fill(Array(20).fill({ id: "x" }))))],
    [
      "very many fields",
      JSON.stringify(Object.fromEntries(Array.from({ length: 30_000 }, (_, n) => [`f${n}`, n]))),
    ],
    ["a deep list", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
    ["a deep object", `${'{"data":'.repeat(20_000)}1${"}".repeat(20_000)}`],
    ["a long text", JSON.stringify({ id: "x".repeat(250_000) })],
    ["a long name", JSON.stringify({ ["x".repeat(250_000)]: true })],
    ["a long form", `id=${"x".repeat(250_000)}`],
    [
      "long words in many fields",
      JSON.stringify({ data: Array(20).fill({ id: "x".repeat(100), type: "y".repeat(100) }) }),
    ],
  ])("is short, and quick, of %s", (_, body) => {
    const started = performance.now();
    const text = redact(body);
    expect(text?.length).toBeLessThanOrEqual(4096);
    expect(() => JSON.parse(text ?? "")).not.toThrow();
    expect(performance.now() - started).toBeLessThan(8000);
  });

  it("is valid and short for any JSON", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 12 }), (body) => {
        const text = redact(body);
        const isStructure = /^\s*[[{]/.test(body);
        expect(text !== null).toBe(isStructure);
        expect(text === null || JSON.parse(text)).not.toBeUndefined();
        expect(text?.length ?? 0).toBeLessThanOrEqual(4096);
      }),
    );
  });
});

describe("redactPayload, of other forms", () => {
  it("reads a form as it reads JSON", () => {
    expect(read("id=tr_1&status=paid&email=ada%40example.com&name=Ada+Lovelace")).toEqual({
      ...{ id: "tr_1", status: "paid", email: "…", name: "…" },
    });
  });

  it("minds neither a mark of the order of bytes nor blanks before it", () => {
    expect(read('\ufeff {"id": "evt_1"}')).toEqual({ id: "evt_1" });
    expect(read('\r\n\t[{"id": "evt_1"}]')).toEqual([{ id: "evt_1" }]);
  });

  it.each([
    "",
    "Ada Lovelace",
    "<xml>Ada</xml>",
    '"Ada"',
    "4929",
    "null",
    "{",
    '{"id": "evt_1"',
    "[1, 2",
    "=",
    "&a=b",
  ])("is null for %j", (body) => {
    expect(redact(body)).toBeNull();
  });

  it("is null for what is no UTF-8", () => {
    expect(redactPayload(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toBeNull();
    expect(redactPayload(new Uint8Array())).toBeNull();
  });
});
