/** One operation of the document: what all of them have in common is said here. */
import { type ProblemCode, statusOf } from "../http/problem.ts";
import { refer, type SchemaName } from "./components.ts";
import { PROBLEM_MEANINGS } from "./problem-answer.ts";
import type { Content, Example, Operation, Parameter, Reference, Response } from "./types.ts";

/** Who may call it. */
type Access = "shop" | "shop or browser" | "anyone";
type HeaderName = "ETag" | "Location" | "RetryAfter" | "RequestId" | "WwwAuthenticate";

export interface Answer {
  readonly description: string;
  readonly schema?: SchemaName;
  /** Where it is none of those. */
  readonly content?: Content;
  readonly headers?: readonly HeaderName[];
  readonly examples?: Readonly<Record<string, Example>>;
}

interface Description extends Omit<Operation, "security" | "tags" | "requestBody" | "responses"> {
  readonly tag: string;
  readonly access: Access;
  readonly body?: {
    readonly schema: SchemaName;
    /** Without it, no body is the same as `{}`. */
    readonly required: boolean;
    readonly examples?: Readonly<Record<string, Example>>;
  };
  /** It reads a body, be there one or not. */
  readonly isPost?: boolean;
  readonly answers: Readonly<Record<number, Answer>>;
  /** Beside those that its access and its body bring along. */
  readonly problems?: readonly ProblemCode[];
}

const SECURITY = {
  shop: [{ apiKey: [] }],
  "shop or browser": [{ apiKey: [] }, { clientSecret: [] }],
  anyone: [],
} as const;

export function describeOperation(description: Description): Operation {
  const { tag, access, body, isPost = body !== undefined, answers, problems = [], ...rest } = description;
  const all: readonly ProblemCode[] = [
    ...problems,
    ...(access === "anyone" ? [] : (["unauthorized", "not_found"] as const)),
    ...(body ? (["invalid_request"] as const) : []),
    ...(isPost ? (["payload_too_large"] as const) : []),
    ...(["rate_limited", "database_unavailable", "internal", "misconfigured"] as const),
  ];
  return {
    tags: [tag],
    security: SECURITY[access],
    ...rest,
    ...(body ? { requestBody: describeBody(body) } : {}),
    responses: { ...mapValues(answers, toResponse), ...problemResponses(all) },
  };
}

/** Each kind of answer that is a problem: by status, with the codes that it can have there. */
export function problemResponses(problems: readonly ProblemCode[]): Record<string, Response> {
  const codes = [...new Set(problems)];
  const statuses = [...new Set(codes.map((code) => statusOf(code)[0]))].sort();
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      toProblem(
        status,
        codes.filter((code) => statusOf(code)[0] === status),
      ),
    ]),
  );
}

function toProblem(status: number, codes: readonly ProblemCode[]): Response {
  const headers: HeaderName[] = [
    "RequestId",
    ...(status === 401 ? (["WwwAuthenticate"] as const) : []),
    ...(status === 429 || status === 503 ? (["RetryAfter"] as const) : []),
  ];
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEM_MEANINGS[code]}.`).join("\n\n"),
    headers: toHeaders(headers),
    content: {
      "application/problem+json": {
        schema: { ...refer("Problem"), properties: { code: { enum: codes } } },
        examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
      },
    },
  };
}

function toResponse({ description, schema, content, headers = [], examples }: Answer): Response {
  const json = schema && {
    "application/json": { schema: refer(schema), ...(examples ? { examples } : {}) },
  };
  return {
    description,
    headers: toHeaders(["RequestId", ...headers]),
    ...(json || content ? { content: { ...json, ...content } } : {}),
  };
}

function toHeaders(names: readonly HeaderName[]): Record<string, Reference> {
  return Object.fromEntries(
    names.map((name) => [HEADER_NAMES[name], { $ref: `#/components/headers/${name}` }]),
  );
}

const HEADER_NAMES: Readonly<Record<HeaderName, string>> = {
  ETag: "ETag",
  Location: "Location",
  RetryAfter: "Retry-After",
  RequestId: "x-request-id",
  WwwAuthenticate: "WWW-Authenticate",
};

function describeBody({ schema, required, examples }: NonNullable<Description["body"]>) {
  const media = { schema: refer(schema), ...(examples ? { examples } : {}) };
  return { required, content: { "application/json": media } };
}

function mapValues<T, U>(record: Readonly<Record<number, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

export const TRANSACTION_ID: Reference = { $ref: "#/components/parameters/TransactionId" };
export const IDEMPOTENCY_KEY: Reference = { $ref: "#/components/parameters/IdempotencyKey" };

export function pathParameter(name: string, description: string, example: string): Parameter {
  return { name, in: "path", required: true, description, schema: { type: "string", examples: [example] } };
}
