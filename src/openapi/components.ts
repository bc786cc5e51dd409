/** The schemas of the document, by name: the ones that requests are checked by, and those of the answers. */
import * as z from "zod";
import {
  captureBody,
  createBody,
  idempotencyKey,
  inboxReplayBody,
  refundBody,
  replayBody,
  verdictBody,
} from "../http/schemas.ts";
import * as bookkeeping from "./bookkeeping-answers.ts";
import { problem } from "./problem-answer.ts";
import * as notes from "./request-notes.ts";
import * as service from "./service-answers.ts";
import * as transactions from "./transaction-answers.ts";
import type { Parameter, Reference, Schema } from "./types.ts";

const list = (item: z.core.$ZodType, description: string) =>
  z.object({ data: z.array(item) }).meta({ description });
const page = (item: z.core.$ZodType, description: string) =>
  z
    .object({
      data: z.array(item),
      next_cursor: z
        .string()
        .nullable()
        .meta({ description: "Where the next page begins. Null: this is the last." }),
    })
    .meta({ description });

const SCHEMAS = {
  NewTransaction: createBody,
  Capture: captureBody,
  NewRefund: refundBody,
  Verdict: verdictBody,
  DeadLetterReplay: replayBody,
  InboxReplay: inboxReplayBody,
  Transaction: transactions.transaction,
  BuyerTransaction: transactions.buyerTransaction,
  TransactionPage: page(transactions.transaction, "Transactions, newest first."),
  History: list(transactions.historyEvent, "A transaction's history, oldest first."),
  Refund: transactions.refund,
  RefundList: list(transactions.refund, "A transaction's refunds, oldest first."),
  OutgoingEvent: bookkeeping.outgoingEvent,
  EventFeed: z
    .object({
      data: z.array(bookkeeping.feedEvent),
      next_cursor: z.string().nullable().meta({
        description: "Where to go on, also when nothing is newer yet. Null: there never was an event.",
      }),
    })
    .meta({ description: "Outgoing events, in the order of commit." }),
  OwedEvent: bookkeeping.owedEvent,
  DeliveryPage: page(bookkeeping.delivery, "What became of each event, newest first."),
  ReplayedDeliveries: bookkeeping.replayedDeliveries,
  InboxPage: page(bookkeeping.inboxEntry, "Verified webhooks, newest transactions first."),
  ReplayedWebhook: bookkeeping.replayedWebhook,
  ReplayedWebhooks: bookkeeping.replayedWebhooks,
  WebhookOutcome: bookkeeping.webhookOutcome,
  Health: service.health,
  Examination: service.examination,
  Probes: service.probes,
  StatusUpdate: bookkeeping.statusUpdate,
  SyncRequest: bookkeeping.syncRequest,
  Problem: problem,
} as const satisfies Record<string, z.core.$ZodType>;

export type SchemaName = keyof typeof SCHEMAS;

const NOTES: Partial<Record<SchemaName, Readonly<Record<string, notes.Note>>>> = {
  NewTransaction: notes.createNotes,
  Capture: notes.captureNotes,
  NewRefund: notes.refundNotes,
  Verdict: notes.verdictNotes,
  DeadLetterReplay: notes.deadLetterNotes,
  InboxReplay: notes.inboxReplayNotes,
};

export function refer(name: SchemaName): Reference & Schema {
  return { $ref: `#/components/schemas/${name}` };
}

export function createSchemas(): Readonly<Record<string, Schema>> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(SCHEMAS)) {
    registry.add(schema, { id });
  }
  const { schemas } = z.toJSONSchema(registry, { ...OPTIONS, uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      annotate(toSchema(schema), NOTES[name as SchemaName]),
    ]),
  );
}

/** A query's schema as parameters. */
export function toParameters(
  query: z.core.$ZodType,
  words: Readonly<Record<string, notes.Note>>,
): Parameter[] {
  const { properties = {}, required = [] } = z.toJSONSchema(query, OPTIONS);
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    description: words[name]?.description ?? "",
    ...(required.includes(name) ? { required: true } : {}),
    schema: toSchema(schema as Schema),
  }));
}

export function idempotencyKeySchema(): Schema {
  return toSchema(z.toJSONSchema(idempotencyKey, OPTIONS));
}

/** What may be sent is what goes in: defaults are filled in later. Answers have neither defaults nor transforms. */
const OPTIONS = { io: "input" } as const;

function toSchema({ $schema, $id, ...schema }: Schema): Schema {
  return tidy(schema) as Schema;
}

/** Zod's way to say "or null" hides the description; and its expression for a time, which the format says, fills half a page. */
function tidy(node: unknown): unknown {
  if (Array.isArray(node)) {
    return node.map(tidy);
  }
  if (node === null || typeof node !== "object") {
    return node;
  }
  const { anyOf, pattern, ...rest } = Object.fromEntries(
    Object.entries(node).map(([key, inner]) => [key, tidy(inner)]),
  );
  const [schema, other] = (anyOf ?? []) as Schema[];
  return {
    ...(pattern === undefined || rest.format === "date-time" ? {} : { pattern }),
    ...(other?.type === "null" ? orNull(schema ?? {}) : anyOf === undefined ? {} : { anyOf }),
    ...rest,
  };
}

function orNull({ type, enum: words, ...schema }: Schema): Schema {
  return { type: [type, "null"], ...(Array.isArray(words) ? { enum: [...words, null] } : {}), ...schema };
}

function annotate(schema: Schema, fields: Readonly<Record<string, notes.Note>> = {}): Schema {
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  const noted = Object.entries(properties).map(([name, property]) => {
    const { fields: inner, ...note } = fields[name] ?? {};
    return [name, { ...annotate(property, inner), ...note }];
  });
  return schema.properties ? { ...schema, properties: Object.fromEntries(noted) } : schema;
}
