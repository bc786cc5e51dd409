/**
 * The contract of the API in OpenAPI 3.1, made of the schemas that check the requests. Built into dist/assets by
 * scripts/build-assets.ts; the Worker knows nothing of it.
 */
import { bookkeepingPaths } from "./bookkeeping-paths.ts";
import { buyerPaths } from "./buyer-paths.ts";
import { createSchemas, idempotencyKeySchema } from "./components.ts";
import { problemExamples } from "./examples.ts";
import { servicePaths } from "./service-paths.ts";
import { transactionPaths } from "./transaction-paths.ts";
import type { Header, Parameter } from "./types.ts";
import { createWebhooks } from "./webhooks.ts";

const DESCRIPTION = `Payments for web and mobile shops: start a payment at a gateway, learn reliably how it ended, tell
the buyer's browser at once, and fulfil exactly once.

**From here to there.** \`POST /transactions\` and send the buyer to \`payment_url\`. Show them how it stands: link to
\`status_url\`, or give \`id\` and \`client_secret\` to the client library. Fulfil on the signed event
\`transaction.succeeded\`, once for each \`webhook-id\`; never on what a browser says.

**Money** is an integer of the currency's minor unit with an ISO 4217 code: \`1999 USD\` is $19.99, \`500 JPY\` is ¥500,
\`1234 KWD\` is 1.234 dinar. **Times** are RFC 3339 in UTC. **New fields** may appear in answers and events: ignore what
you do not know.

**Who you are.** A shop sends \`Authorization: Bearer\` and an API key; a browser the \`client_secret\`, which shows one
transaction and nothing else. What your credentials do not show is 404, as if it did not exist.

**Errors** are \`application/problem+json\` with a \`code\` from a closed list. After 503, or no answer at all, send the
very same request again: with an \`Idempotency-Key\`, or for the same order, nothing is done twice.

**Late money.** Gateways take money after they have said no, so \`failed\`, \`canceled\` and \`expired\` can still become
\`succeeded\`. Each visible change is a new \`version\`: drop what is not newer than what you have.`;

const TAGS = [
  { name: "Transactions", description: "The shop's payments." },
  { name: "Refunds", description: "Money that goes back." },
  { name: "Reviews", description: "Money moved, but not as asked: a person decides." },
  { name: "Events", description: "What the shop is told, pushed or pulled." },
  { name: "Buyers", description: "How the payment stands, for the buyer's browser or app." },
  { name: "Inbox", description: "What gateways told us." },
  { name: "Gateways", description: "What gateways call." },
  { name: "Service", description: "Health, the client library, this description." },
];

const HEADERS: Readonly<Record<string, Header>> = {
  ETag: {
    description: "The transaction's version.",
    required: true,
    schema: { type: "string", pattern: '^"\\d+"$', examples: ['"2"'] },
  },
  Location: {
    description: "The address of what was made, or of where to go on.",
    required: true,
    schema: { type: "string", examples: ["/transactions/txn_01kagt7mq3f6yvbz0c4x2n8e5d"] },
  },
  RetryAfter: {
    description: "Seconds after which to send the same request again.",
    required: true,
    schema: { type: "string", pattern: "^\\d+$", examples: ["5"] },
  },
  RequestId: {
    description: "Names this request in the logs.",
    required: true,
    schema: { type: "string", minLength: 1, examples: ["5f0c8a52-6d0f-4f6a-9d51-2f2f6a3c9b10"] },
  },
  WwwAuthenticate: {
    description: "What credentials are wanted.",
    required: true,
    schema: { type: "string", const: "Bearer" },
  },
};

const PARAMETERS: Readonly<Record<string, Parameter>> = {
  TransactionId: {
    name: "id",
    in: "path",
    required: true,
    description: "The transaction's id.",
    schema: { type: "string", pattern: "^txn_[0-9a-z]{26}$", examples: ["txn_01kagt7mq3f6yvbz0c4x2n8e5d"] },
  },
  IdempotencyKey: {
    name: "Idempotency-Key",
    in: "header",
    description: "Your name for this attempt, such as the order's id: sent again, it is the same attempt.",
    schema: idempotencyKeySchema(),
  },
};

const SECURITY_SCHEMES = {
  apiKey: {
    type: "http",
    scheme: "bearer",
    description: "One of API_KEYS. For the shop's server; never in a browser.",
  },
  clientSecret: {
    type: "http",
    scheme: "bearer",
    description: "A transaction's `client_secret`: shows the public view of that one transaction.",
  },
};

/** @param version of the Worker */
export function createDocument(version: string) {
  return {
    openapi: "3.1.1",
    info: {
      title: "payment-edge",
      version,
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    tags: TAGS,
    paths: { ...transactionPaths, ...bookkeepingPaths, ...buyerPaths, ...servicePaths },
    webhooks: createWebhooks(),
    components: {
      schemas: createSchemas(),
      parameters: PARAMETERS,
      headers: HEADERS,
      examples: problemExamples(),
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}
