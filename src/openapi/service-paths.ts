/** What gateways and passers-by call: webhooks, health, and the static files; and the shop's doctor. */
import { refer } from "./components.ts";
import { describeOperation, pathParameter, problemResponses } from "./describe-operation.ts";
import type { Operation, Paths, Schema } from "./types.ts";

const webhook: Operation = {
  ...describeOperation({
    operationId: "receiveWebhook",
    tag: "Gateways",
    summary: "A gateway tells what has happened",
    description:
      "The address to give to a gateway. The raw bytes are verified by the gateway's own scheme, then applied; the " +
      "answer comes after the commit. Gateways repeat what is not answered with 2xx, and the same event is applied once.",
    access: "anyone",
    parameters: [pathParameter("gateway", "The gateway's name here.", "stripe")],
    isPost: true,
    answers: { 200: { description: "It is committed.", schema: "WebhookOutcome" } },
    problems: ["malformed_webhook", "unauthorized", "not_found", "gateway_unavailable", "contention"],
  }),
  requestBody: {
    required: true,
    description: "In the gateway's own form, 256 KiB at most.",
    content: { "*/*": { schema: {} } },
  },
};

const health: Operation = {
  operationId: "getHealth",
  tags: ["Service"],
  summary: "Is the house in order?",
  description: "For monitors: whether D1 can be read and the cron ticks.",
  security: [],
  responses: {
    200: healthAnswer("All is well."),
    ...problemResponses(["rate_limited", "internal", "misconfigured"]),
    503: healthAnswer("Something is not: see `checks`."),
  },
};

function healthAnswer(description: string) {
  return {
    description,
    headers: { "x-request-id": { $ref: "#/components/headers/RequestId" } },
    content: { "application/json": { schema: refer("Health") } },
  };
}

const examine = describeOperation({
  operationId: "examine",
  tag: "Service",
  summary: "What is well, and what is not?",
  description:
    "The doctor: looks at the settings, the database, the cron, what is owed and each gateway, and says what to do. " +
    "`npm run doctor` prints it.",
  access: "shop",
  answers: { 200: { description: "All findings.", schema: "Examination" } },
});

const probe = describeOperation({
  operationId: "signProbes",
  tag: "Service",
  summary: "Webhooks to try the way in with",
  description:
    "Signed ones and forged ones, which change nothing: send them to see from outside that what is signed is taken, and " +
    "nothing else.",
  access: "shop",
  isPost: true,
  answers: { 200: { description: "To be sent within minutes.", schema: "Probes" } },
});

/** Built beforehand, and served without the Worker. */
function file(
  operationId: string,
  summary: string,
  description: string,
  type: string,
  schema: Schema,
): Operation {
  return {
    ...{ operationId, tags: ["Service"], summary, description, security: [] },
    responses: {
      200: { description: "The file.", content: { [type]: { schema } } },
      304: { description: "It is the one that you have." },
    },
  };
}
const text = { type: "string" };

export const servicePaths: Paths = {
  "/webhooks/{gateway}": { post: webhook },
  "/health": { get: health },
  "/doctor": { get: examine },
  "/doctor/probes": { post: probe },
  "/client.js": {
    get: file(
      "getClientLibrary",
      "The client library",
      'One ES module for browsers: `import { watchTransaction } from "https://pay.example.com/client.js"`.',
      "text/javascript",
      text,
    ),
  },
  "/element.js": {
    get: file(
      "getElement",
      "The custom element",
      "An ES module that defines `<payment-status>`, with the client library in it.",
      "text/javascript",
      text,
    ),
  },
  "/openapi.json": {
    get: file(
      "getOpenApi",
      "This description",
      "OpenAPI 3.1, for people and programs. Any origin may read it.",
      "application/json",
      { type: "object" },
    ),
  },
  "/docs": {
    get: file("showDocs", "A page to read it", "This description for people.", "text/html", text),
  },
};
