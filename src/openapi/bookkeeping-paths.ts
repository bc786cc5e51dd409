/** The shop's calls about what it was told, and about what gateways told us. */
import { deliveriesQuery, eventsQuery, inboxQuery } from "../http/schemas.ts";
import { toParameters } from "./components.ts";
import { describeOperation, pathParameter } from "./describe-operation.ts";
import { deliveriesNotes, eventsNotes, inboxNotes } from "./request-notes.ts";
import type { Paths } from "./types.ts";

const eventId = pathParameter("id", "An event's id.", "evt_01kagt7mq3f6yvbz0c4x2n8e5d_42");
const inboxId = pathParameter(
  "id",
  "An entry's id, of GET /inbox.",
  "WyJ0eG5fMDEiLCJnZW5lcmljIiwiZXZ0XzEiXQ",
);

const feed = describeOperation({
  operationId: "listEvents",
  tag: "Events",
  summary: "Pull events",
  description:
    "Every outgoing event in the order of commit, also where nobody is set to be told: to catch up after an outage, or " +
    "instead of being called. Keep `next_cursor`, and ask with it as `after`; nothing is left out.",
  access: "shop",
  parameters: toParameters(eventsQuery, eventsNotes),
  answers: { 200: { description: "What came after.", schema: "EventFeed" } },
  problems: ["invalid_request"],
});

const replayEvent = describeOperation({
  operationId: "replayEvent",
  tag: "Events",
  summary: "Send an event again",
  description: "Now, with the same id and body, and on a fresh schedule.",
  access: "shop",
  parameters: [eventId],
  isPost: true,
  answers: { 202: { description: "It is on its way.", schema: "OwedEvent" } },
  problems: ["invalid_request"],
});

const deliveries = describeOperation({
  operationId: "listDeliveries",
  tag: "Events",
  summary: "See what became of each event",
  description: "Newest first, without the bodies.",
  access: "shop",
  parameters: toParameters(deliveriesQuery, deliveriesNotes),
  answers: { 200: { description: "A page.", schema: "DeliveryPage" } },
  problems: ["invalid_request"],
});

const replayDeliveries = describeOperation({
  operationId: "replayDeliveries",
  tag: "Events",
  summary: "Send dead letters again",
  description: "After an outage of yours: the oldest first, sent by the cron's next ticks.",
  access: "shop",
  body: { schema: "DeadLetterReplay", required: true },
  answers: { 202: { description: "They are owed again.", schema: "ReplayedDeliveries" } },
});

const inbox = describeOperation({
  operationId: "listInbox",
  tag: "Inbox",
  summary: "See what gateways told",
  description: "Verified webhooks and what became of them, newest transactions first.",
  access: "shop",
  parameters: toParameters(inboxQuery, inboxNotes),
  answers: { 200: { description: "A page.", schema: "InboxPage" } },
  problems: ["invalid_request"],
});

const replayWebhook = describeOperation({
  operationId: "replayWebhook",
  tag: "Inbox",
  summary: "Apply a webhook once more",
  description: "Through the same door: it changes only what it should.",
  access: "shop",
  parameters: [inboxId],
  isPost: true,
  answers: { 200: { description: "What became of it.", schema: "ReplayedWebhook" } },
  problems: ["invalid_request", "contention"],
});

const replayWebhooks = describeOperation({
  operationId: "replayWebhooks",
  tag: "Inbox",
  summary: "Apply many webhooks once more",
  description: "Go on with `next_cursor` until it is null.",
  access: "shop",
  body: { schema: "InboxReplay", required: true },
  answers: { 200: { description: "What became of them.", schema: "ReplayedWebhooks" } },
  problems: ["contention"],
});

export const bookkeepingPaths: Paths = {
  "/events": { get: feed },
  "/events/{id}/replay": { post: replayEvent },
  "/deliveries": { get: deliveries },
  "/deliveries/replay": { post: replayDeliveries },
  "/inbox": { get: inbox },
  "/inbox/replay": { post: replayWebhooks },
  "/inbox/{id}/replay": { post: replayWebhook },
};
