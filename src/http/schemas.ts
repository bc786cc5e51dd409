/**
 * What requests may say: zod schemas at the door, with JSON pointers for what is wrong. The OpenAPI document is made of
 * the same ones, so each rule is such that JSON Schema can say it too.
 */
import * as z from "zod";
import { CURRENCIES } from "../transactions/money.ts";
import { STATUSES } from "../transactions/transaction.ts";
import { HttpProblem } from "./problem.ts";

const MAX_EXPIRES_IN_SECONDS = 7 * 24 * 60 * 60;
const MAX_METADATA_ENTRIES = 50;
const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, { error: "must hold no control characters" });
const amount = z.int().min(1, { error: "must be a positive integer of the currency's minor unit" });

export const createBody = z.strictObject({
  order_id: text(255),
  amount,
  currency: z.enum(CURRENCIES, { error: "must be an ISO 4217 code in upper case, such as EUR" }),
  gateway: z.string().min(1).max(32).optional(),
  return_url: z.string().max(2048).optional(),
  description: text(255).optional(),
  customer: z
    .strictObject({
      email: z
        .string()
        .max(254)
        .regex(/^[^\s@]+@[^\s@]+$/, { error: "must be an e-mail address" })
        .optional(),
      name: text(255).optional(),
      country: z
        .string()
        .regex(/^[A-Z]{2}$/, { error: "must be an ISO 3166-1 code of two letters" })
        .optional(),
      locale: z
        .string()
        .regex(/^[a-zA-Z]{2,3}([-_][a-zA-Z0-9]{2,8})*$/, { error: "must be a BCP 47 tag" })
        .optional(),
    })
    .optional(),
  metadata: z
    .record(
      // One key is refused before zod sees it: `readJson`.
      text(40).regex(/^(?!__proto__$)/),
      z
        .string()
        .max(500)
        .regex(/^\P{Cs}*$/u, { error: "must be Unicode" }),
    )
    .refine((entries) => Object.keys(entries).length <= MAX_METADATA_ENTRIES, {
      error: `must have at most ${MAX_METADATA_ENTRIES} entries`,
    })
    .meta({ maxProperties: MAX_METADATA_ENTRIES })
    .optional(),
  expires_in: z.int().min(1).max(MAX_EXPIRES_IN_SECONDS).optional(),
  capture: z.enum(["automatic", "manual"]).optional(),
});

export const captureBody = z.strictObject({ amount: amount.optional() });
export const refundBody = z.strictObject({ amount: amount.optional(), reason: text(255).optional() });
/** A person's decision: why, and who. */
export const verdictBody = z.strictObject({ reason: text(500).optional(), by: text(255).optional() });

const limit = z.coerce.number().int().min(1).max(100).default(20);
const time = z.iso
  .datetime({ offset: true, error: "must be an RFC 3339 time" })
  .transform((value) => Date.parse(value));
const cursor = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, { error: "must be a next_cursor of an answer before" });

export const listQuery = z.strictObject({
  order_id: z.string().min(1).max(255).optional(),
  status: z.enum(STATUSES).optional(),
  gateway: z.string().min(1).max(32).optional(),
  created_after: time.optional(),
  created_before: time.optional(),
  limit,
  cursor: cursor.optional(),
});

/** An entry's place holds the gateway's own id of the event, which may be long. */
const inboxCursor = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,8192}$/, { error: "must be a next_cursor of an answer before" });

export const inboxQuery = z.strictObject({
  outcome: z.enum(["applied", "ignored", "parked"]).optional(),
  limit,
  cursor: inboxCursor.optional(),
});

export const inboxReplayBody = z.strictObject({
  outcome: z.enum(["ignored", "parked"]),
  limit: z.int().min(1).max(100).default(100),
  cursor: inboxCursor.optional(),
});

export const eventsQuery = z.strictObject({ after: cursor.optional(), limit });

export const deliveriesQuery = z.strictObject({
  status: z.enum(["owed", "delivered", "dead"]).optional(),
  limit,
  cursor: cursor.optional(),
});

export const replayBody = z.strictObject({
  status: z.literal("dead"),
  type: z
    .string()
    .regex(/^transaction\.[a-z]{1,32}$/, { error: "must be an event's type, such as transaction.succeeded" })
    .optional(),
  limit: z.int().min(1).max(1000).default(1000),
});

/** The header of that name. */
export const idempotencyKey = z
  .string()
  .regex(/^[\x20-\x7e]{1,255}$/, { error: "must have 1 to 255 printable ASCII characters" })
  .optional();

/** @throws HttpProblem 400 with a JSON pointer for each thing that is wrong */
export function check<T extends z.ZodType>(schema: T, value: unknown, root = ""): z.output<T> {
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
