/** What we call: the events that go to the shop, signed by Standard Webhooks. */
import { refer } from "./components.ts";
import { eventExample } from "./examples.ts";
import type { Method, Operation, Parameter } from "./types.ts";
import { OUTGOING_MEANINGS } from "./words.ts";

const header = (name: string, description: string, example: string): Parameter => ({
  ...{ name, in: "header", required: true, description },
  schema: { type: "string", examples: [example] },
});

const HEADERS = [
  header(
    "webhook-id",
    "The event's id, the same over all attempts: fulfil once for each.",
    "evt_01kagt7mq3f6yvbz0c4x2n8e5d_42",
  ),
  header("webhook-timestamp", "When this attempt was signed, in seconds since 1970.", "1795342601"),
  header(
    "webhook-signature",
    "`v1,` and the base64 of HMAC-SHA256 over `webhook-id.webhook-timestamp.body`; one for each live secret, with spaces between.",
    "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
  ),
];

const DESCRIPTION =
  "Sent to FULFILMENT_URL at least once, until it is answered: at once, then after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, " +
  "14 h, 20 h and 24 h. Verify it with any Standard Webhooks library and FULFILMENT_SECRET, over the raw bytes. What is " +
  "given up is a dead letter until it is replayed. A shop that is a Worker gets the same by its method " +
  "`onTransactionEvent({ id, type, timestamp, data })` instead.";

const RESPONSES = {
  "2XX": { description: "Taken. Answer within 15 s." },
  410: { description: "Nobody wants it any more: it is not sent again." },
  default: {
    description: "Not taken: it is sent again. Redirects are not followed.",
    headers: {
      "Retry-After": {
        description: "Postpones the next attempt, by a day at most: seconds, or a date.",
        schema: { type: "string", examples: ["120"] },
      },
    },
  },
} as const;

export function createWebhooks(): Record<string, Partial<Record<Method, Operation>>> {
  return Object.fromEntries(
    Object.entries(OUTGOING_MEANINGS).map(([type, meaning]) => [type, { post: describe(type, meaning) }]),
  );
}

function describe(type: string, meaning: string): Operation {
  const schema = { ...refer("OutgoingEvent"), properties: { type: { const: type } } };
  const examples = type === eventExample.value.type ? { [type]: eventExample } : {};
  return {
    operationId: `on ${type}`.replaceAll(/[ .](\w)/g, (_, letter: string) => letter.toUpperCase()),
    tags: ["Events"],
    summary: `${meaning.charAt(0).toUpperCase()}${meaning.slice(1)}`,
    description: DESCRIPTION,
    parameters: HEADERS,
    requestBody: { required: true, content: { "application/json": { schema, examples } } },
    responses: RESPONSES,
  };
}
