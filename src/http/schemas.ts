/**
 * What requests may say: zod schemas at the door, with JSON pointers for what is wrong. The OpenAPI document is made of
 * the same ones, so each rule is such that JSON Schema can say it too.
 */
import * as z from "zod/mini";
import "../lib/zod-words.ts";
import { CURRENCIES } from "../transactions/money.ts";
import { STATUSES } from "../transactions/transaction.ts";
import { HttpProblem } from "./problem.ts";

const MAX_EXPIRES_IN_SECONDS = 7 * 24 * 60 * 60;
const MAX_METADATA_ENTRIES = 50;
const text = (max: number) =>
  z
    .string()
    .check(
      z.minLength(1),
      z.maxLength(max),
      z.regex(/^[^\p{Cc}\p{Cs}]*$/u, { error: "must hold no control characters" }),
    );
const amount = z
  .int()
  .check(z.minimum(1, { error: "must be a positive integer of the currency's minor unit" }));

export const createBody = z.strictObject({
  order_id: text(255),
  amount,
  currency: z.enum(CURRENCIES, { error: "must be an ISO 4217 code in upper case, such as EUR" }),
  gateway: z.optional(z.string().check(z.minLength(1), z.maxLength(32))),
  return_url: z.optional(z.string().check(z.maxLength(2048))),
  description: z.optional(text(255)),
  customer: z.optional(
    z.strictObject({
      email: z.optional(
        z
          .string()
          .check(z.maxLength(254), z.regex(/^[^\s@]+@[^\s@]+$/, { error: "must be an e-mail address" })),
      ),
      name: z.optional(text(255)),
      country: z.optional(
        z.string().check(z.regex(/^[A-Z]{2}$/, { error: "must be an ISO 3166-1 code of two letters" })),
      ),
      locale: z.optional(
        z
          .string()
          .check(z.regex(/^[a-zA-Z]{2,3}([-_][a-zA-Z0-9]{2,8})*$/, { error: "must be a BCP 47 tag" })),
      ),
    }),
  ),
  metadata: z.optional(
    z
      .record(
        // One key is refused before zod sees it: `readJson`.
        text(40).check(z.regex(/^(?!__proto__$)/)),
        z.string().check(z.maxLength(500), z.regex(/^\P{Cs}*$/u, { error: "must be Unicode" })),
      )
      .check(
        z.refine((entries) => Object.keys(entries).length <= MAX_METADATA_ENTRIES, {
          error: `must have at most ${MAX_METADATA_ENTRIES} entries`,
        }),
      )
      .register(z.globalRegistry, { maxProperties: MAX_METADATA_ENTRIES }),
  ),
  expires_in: z.optional(z.int().check(z.minimum(1), z.maximum(MAX_EXPIRES_IN_SECONDS))),
  capture: z.optional(z.enum(["automatic", "manual"])),
});

export const captureBody = z.strictObject({ amount: z.optional(amount) });
export const refundBody = z.strictObject({ amount: z.optional(amount), reason: z.optional(text(255)) });
/** A person's decision: why, and who. */
export const verdictBody = z.strictObject({ reason: z.optional(text(500)), by: z.optional(text(255)) });

const limit = z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100)), 20);
const time = z.pipe(
  z.iso.datetime({ offset: true, error: "must be an RFC 3339 time" }),
  z.transform((value) => Date.parse(value)),
);
const cursor = z
  .string()
  .check(z.regex(/^[A-Za-z0-9_-]{1,64}$/, { error: "must be a next_cursor of an answer before" }));

export const listQuery = z.strictObject({
  order_id: z.optional(z.string().check(z.minLength(1), z.maxLength(255))),
  status: z.optional(z.enum(STATUSES)),
  gateway: z.optional(z.string().check(z.minLength(1), z.maxLength(32))),
  created_after: z.optional(time),
  created_before: z.optional(time),
  limit,
  cursor: z.optional(cursor),
});

/** An entry's place holds the gateway's own id of the event, which may be long; a delivery's, a number for each database. */
const longCursor = z
  .string()
  .check(z.regex(/^[A-Za-z0-9_-]{1,8192}$/, { error: "must be a next_cursor of an answer before" }));

export const inboxQuery = z.strictObject({
  outcome: z.optional(z.enum(["applied", "ignored", "parked"])),
  limit,
  cursor: z.optional(longCursor),
});

export const inboxReplayBody = z.strictObject({
  outcome: z.enum(["ignored", "parked"]),
  limit: z._default(z.int().check(z.minimum(1), z.maximum(100)), 100),
  cursor: z.optional(longCursor),
});

export const eventsQuery = z.strictObject({ after: z.optional(longCursor), limit });

export const deliveriesQuery = z.strictObject({
  status: z.optional(z.enum(["owed", "delivered", "dead"])),
  limit,
  cursor: z.optional(longCursor),
});

export const replayBody = z.strictObject({
  status: z.literal("dead"),
  type: z.optional(
    z.string().check(
      z.regex(/^transaction\.[a-z]{1,32}$/, {
        error: "must be an event's type, such as transaction.succeeded",
      }),
    ),
  ),
  limit: z._default(z.int().check(z.minimum(1), z.maximum(1000)), 1000),
});

/** The header of that name. */
export const idempotencyKey = z.optional(
  z
    .string()
    .check(z.regex(/^[\x20-\x7e]{1,255}$/, { error: "must have 1 to 255 printable ASCII characters" })),
);

/** @throws HttpProblem 400 with a JSON pointer for each thing that is wrong */
export function check<T extends z.ZodMiniType>(schema: T, value: unknown, root = ""): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) {
    return result.data;
  }
  const errors = result.error.issues.flatMap((issue) => {
    const path = [...(root ? [root] : []), ...issue.path];
    return issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ pointer: toPointer([...path, key]), detail: "is not known" }))
      : [{ pointer: toPointer(path), detail: issue.message }];
  });
  throw new HttpProblem("invalid_request", "Some of the input is not valid; see errors.", { errors });
}

function toPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** @throws HttpProblem 400 for what is not JSON in UTF-8 */
export async function readJson(request: Request): Promise<unknown> {
  return parseJson(await request.arrayBuffer());
}

/** As `readJson`; no body at all is an empty object. */
export async function readOptionalJson(request: Request): Promise<unknown> {
  const bytes = await request.arrayBuffer();
  return bytes.byteLength === 0 ? {} : parseJson(bytes);
}

function parseJson(bytes: ArrayBuffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes), refuseProto);
  } catch (error) {
    if (error instanceof HttpProblem) {
      throw error;
    }
    throw new HttpProblem("invalid_request", "The body is not JSON.", {
      errors: [{ pointer: "", detail: "must be JSON" }],
    });
  }
}

/** A key that objects treat in a way of their own would be lost on its way. */
function refuseProto(key: string, value: unknown): unknown {
  if (key === "__proto__") {
    const errors = [{ pointer: "", detail: "must not hold the key __proto__" }];
    throw new HttpProblem("invalid_request", "Some of the input is not valid; see errors.", { errors });
  }
  return value;
}
