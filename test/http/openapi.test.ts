/** The document says what the app does: all of its routes and no other. */
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { describe, expect, expectTypeOf, it } from "vitest";
import type * as z from "zod";
import type { StatusUpdate } from "../../src/channel/message.ts";
import { app } from "../../src/http/app.ts";
import type { ProblemCode } from "../../src/http/problem.ts";
import type * as bookkeeping from "../../src/openapi/bookkeeping-answers.ts";
import { createDocument } from "../../src/openapi/document.ts";
import type { problem } from "../../src/openapi/problem-answer.ts";
import type * as service from "../../src/openapi/service-answers.ts";
import type * as transactions from "../../src/openapi/transaction-answers.ts";
import type { Health } from "../../src/operations/check-health.ts";
import type * as views from "../../src/operations/views.ts";

type Json = Readonly<Record<string, unknown>>;

/** As it is served. */
const document = JSON.parse(JSON.stringify(createDocument("1.2.3"))) as ReturnType<typeof createDocument>;

/** Each object of the document, with its place. */
function* walk(node: unknown, place = ""): Generator<readonly [place: string, node: Json]> {
  if (node !== null && typeof node === "object") {
    yield [place, node as Json];
    for (const [key, inner] of Object.entries(node)) {
      yield* walk(inner, `${place}/${encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1"))}`);
    }
  }
}
const nodes = [...walk(document)];

const ajv = formats.default(new Ajv2020({ strictTypes: false, allErrors: true, strict: true }));
for (const word of ["openapi", "info", "tags", "paths", "webhooks", "components"]) {
  ajv.addKeyword(word);
}
ajv.addSchema({ ...document, $id: "document" });
const compile = (place: string) =>
  ajv.getSchema(`document#${place}`) ?? expect.unreachable(`no schema at ${place}`);

const operations = [document.paths, document.webhooks].flatMap((part) =>
  Object.entries(part).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  ),
);

describe("createDocument", () => {
  /** The operators' pages, and other parties'. */
  const NOT_PUBLIC = /^\/((console|sandbox|demo)(\/|$)|$)/;
  /** Static files: the app never sees them. */
  const FILES = ["/client.js", "/element.js", "/openapi.json", "/docs"];

  it("describes each public route of the app, the static files, and nothing else", () => {
    const served = app.routes
      .filter(({ method, path }) => method !== "ALL" && !NOT_PUBLIC.test(path))
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(served.length).toBeGreaterThan(20);
    expect(described.toSorted()).toEqual(
      [...new Set(served), ...FILES.map((path) => `GET ${path}`)].toSorted(),
    );
  });

  it("is OpenAPI 3.1: its parts are there, and each reference leads somewhere", () => {
    expect(document).toMatchObject({ openapi: "3.1.1", info: { title: "payment-edge", version: "1.2.3" } });
    const places = new Set(nodes.map(([place]) => `#${place}`));
    const references = nodes.flatMap(([, { $ref }]) => (typeof $ref === "string" ? [$ref] : []));
    expect(references.length).toBeGreaterThan(100);
    expect(references.filter((reference) => !places.has(reference))).toEqual([]);
  });

  it("names each operation once, in words, under a tag that is explained and a security that is defined", () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const tags = document.tags.map(({ name }) => name);
    const schemes = Object.keys(document.components.securitySchemes);
    for (const { operation } of operations) {
      expect(operation.operationId).toMatch(/^[a-z][a-zA-Z]+$/);
      expect(operation.summary).not.toBe("");
      expect(tags).toEqual(expect.arrayContaining([...operation.tags]));
      expect(schemes).toEqual(
        expect.arrayContaining((operation.security ?? []).flatMap((each) => Object.keys(each))),
      );
    }
  });

  it("describes each parameter of a path as required, and none that is not there", () => {
    const known: Json = document.components.parameters;
    for (const { path, operation } of operations) {
      const parameters = (operation.parameters ?? []).map((each) =>
        "$ref" in each ? (known[each.$ref.split("/").at(-1) ?? ""] as Json) : { ...each },
      );
      const inPath = parameters.filter((each) => each.in === "path");
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
      expect(inPath.every(({ required }) => required === true)).toBe(true);
      const names = parameters.map(({ name, in: where }) => `${where} ${name}`);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it("describes answers, each by a status and in words", () => {
    for (const { operation } of operations) {
      const answers = Object.entries(operation.responses);
      expect(answers.length).toBeGreaterThan(1);
      for (const [status, { description }] of answers) {
        expect(status).toMatch(/^([1-5]\d\d|2XX|default)$/);
        expect(description).toMatch(/\.$/m);
      }
    }
  });

  it("explains every field and every code", () => {
    const silent = nodes.filter(
      ([place, node]) =>
        /^\/components\/schemas\/.*\/properties\/[^/]+$/.test(place) &&
        !("description" in node || "$ref" in node || "const" in node || node.type === "array") &&
        place !== "/components/schemas/Health/properties/checks" &&
        !place.startsWith("/components/schemas/Health/properties/checks/properties/"),
    );
    expect(silent.map(([place]) => place)).toEqual([]);
  });

  it("has schemas that JSON Schema 2020-12 takes", () => {
    const schemas = nodes.flatMap(([place, node]) => ("schema" in node ? [`${place}/schema`] : []));
    const named = Object.keys(document.components.schemas).map((name) => `/components/schemas/${name}`);
    expect(schemas.length).toBeGreaterThan(50);
    for (const place of [...named, ...schemas]) {
      expect(() => compile(place), place).not.toThrow();
    }
  });

  it("has examples that are of their schemas", () => {
    let count = 0;
    const hold = (place: string, value: unknown) => {
      const valid = compile(place);
      expect(valid(value), `${place} ${JSON.stringify(value)} ${ajv.errorsText(valid.errors)}`).toBe(true);
      count += 1;
    };
    const shared: Json = document.components.examples;
    for (const [place, { schema, examples = {} }] of nodes) {
      for (const each of Array.isArray(examples) ? examples : []) {
        hold(place, each);
      }
      for (const each of schema && !Array.isArray(examples) ? Object.values(examples as Json) : []) {
        const { $ref, value } = each as { $ref?: string; value?: unknown };
        const found = $ref === undefined ? value : (shared[$ref.split("/").at(-1) ?? ""] as Json).value;
        hold(`${place}/schema`, found);
      }
    }
    expect(count).toBeGreaterThan(100);
  });
});

describe("createDocument, for answers", () => {
  it("have the fields of what the app answers", () => {
    type ShopView = Awaited<ReturnType<typeof views.toShopView>>;
    type PublicView = ReturnType<typeof views.toPublicView>;
    type RefundView = ReturnType<typeof views.toRefundView>;
    expectTypeOf<ShopView>().toExtend<z.output<typeof transactions.transaction>>();
    expectTypeOf<keyof ShopView>().toEqualTypeOf<keyof z.output<typeof transactions.transaction>>();
    expectTypeOf<PublicView>().toExtend<z.output<typeof transactions.buyerTransaction>>();
    expectTypeOf<keyof PublicView>().toEqualTypeOf<keyof z.output<typeof transactions.buyerTransaction>>();
    expectTypeOf<RefundView>().toExtend<z.output<typeof transactions.refund>>();
    expectTypeOf<keyof RefundView>().toEqualTypeOf<keyof z.output<typeof transactions.refund>>();
    expectTypeOf<Health>().toExtend<z.output<typeof service.health>>();
    expectTypeOf<StatusUpdate>().toExtend<z.output<typeof bookkeeping.statusUpdate>>();
    expectTypeOf<ProblemCode>().toEqualTypeOf<z.output<typeof problem>["code"]>();
  });
});
