/** What buyers and their browsers call: the status page, and the status socket. */
import { PING, PONG, SECRET_SUBPROTOCOL_PREFIX, SUBPROTOCOL } from "../channel/message.ts";
import { refer } from "./components.ts";
import { describeOperation, problemResponses, TRANSACTION_ID } from "./describe-operation.ts";
import { statusUpdateExample } from "./examples.ts";
import type { Operation, Parameter, Paths, Response, Schema } from "./types.ts";

const query = (name: string, description: string, schema: Schema = { type: "string" }): Parameter => ({
  name,
  in: "query",
  description,
  schema,
});
const visit = [
  query("client_secret", "Opens the page. It is in `status_url`."),
  query("returned", "The buyer comes from the payment page.", { type: "string", const: "1" }),
  query("locale", "BCP 47; as the browser prefers where it is left out."),
];

const requestId = { "x-request-id": { $ref: "#/components/headers/RequestId" } };
const page = (description: string): Response => ({
  description,
  headers: requestId,
  content: { "text/html": { schema: { type: "string" } } },
});

/** A person is looking: nearly all of our troubles are told as a page. */
const troubles = {
  404: page("A page that says that there is no such payment, or that the secret is wrong."),
  ...problemResponses(["misconfigured"]),
  429: page("Too many looks in a short time: the same page as for 503."),
  503: page("A page that says that it will try again by itself, and does."),
};

const statusPage: Operation = {
  operationId: "showStatusPage",
  tags: ["Buyers"],
  summary: "The status page",
  description:
    "Says in plain words how the payment stands, live where there is JavaScript. Link to `status_url`, and add " +
    "`&locale=` as you like. Gateways send their buyers back to it.",
  security: [],
  parameters: [TRANSACTION_ID, ...visit],
  responses: { 200: page("The page."), ...troubles },
};

const form: Schema = {
  type: "object",
  properties: Object.fromEntries(
    visit.map(({ name, description, schema }) => [name, { ...schema, description }]),
  ),
  required: ["client_secret"],
};

const checkNow: Operation = {
  operationId: "checkStatusNow",
  tags: ["Buyers"],
  summary: "The status page's button",
  description: "Asks the gateway now, for a buyer without JavaScript.",
  security: [],
  parameters: [TRANSACTION_ID],
  requestBody: { required: true, content: { "application/x-www-form-urlencoded": { schema: form } } },
  responses: {
    303: {
      description: "Back to the page.",
      headers: { ...requestId, Location: { $ref: "#/components/headers/Location" } },
    },
    ...troubles,
    ...problemResponses(["payload_too_large"]),
  },
};

const upgraded: Response = {
  description: `The socket is open. Where subprotocols were offered, the answer is \`${SUBPROTOCOL}\`.`,
};

const socket = describeOperation({
  operationId: "watchTransaction",
  tag: "Buyers",
  summary: "The status socket",
  description:
    "A WebSocket that sends the present state, then each change. The client library does all of this: reconnects, " +
    `polling as a fallback, and \`sync\` each 20 s. Without it: \`new WebSocket(socket_url, ["${SUBPROTOCOL}", ` +
    `"${SECRET_SUBPROTOCOL_PREFIX}" + client_secret])\`, or the secret as a bearer where headers can be set; never in ` +
    "the address. An `Origin` must be the Worker's own or in ALLOWED_ORIGINS. `version` only grows: drop what is not " +
    "newer.",
  access: "shop or browser",
  parameters: [TRANSACTION_ID],
  answers: {},
  problems: ["invalid_request", "origin_not_allowed", "upgrade_required"],
  "x-websocket": {
    subprotocols: [SUBPROTOCOL, `${SECRET_SUBPROTOCOL_PREFIX}{client_secret}`],
    server_sends: { schema: refer("StatusUpdate"), example: statusUpdateExample },
    client_sends: { schema: refer("SyncRequest"), example: { type: "sync", version: 1 } },
    keep_alive: { client_sends: PING, server_answers: PONG },
    closes: {
      1008: "a message of another form, too many syncs, or no such transaction",
      1009: "a message of more than 1 KiB",
      1011: "the database did not answer: connect again",
    },
  },
});

export const buyerPaths: Paths = {
  "/transactions/{id}/socket": { get: { ...socket, responses: { 101: upgraded, ...socket.responses } } },
  "/status/{id}": { get: statusPage, post: checkNow },
};
