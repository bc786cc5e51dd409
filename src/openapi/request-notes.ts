/** What to tell people of the requests' fields. The rules themselves are those of `http/schemas.ts`; every field has its note. */
import type * as z from "zod";
import type {
  captureBody,
  createBody,
  deliveriesQuery,
  eventsQuery,
  inboxQuery,
  inboxReplayBody,
  listQuery,
  refundBody,
  replayBody,
  verdictBody,
} from "../http/schemas.ts";

export interface Note {
  readonly description: string;
  readonly examples?: readonly unknown[];
  /** Of an object's own fields. */
  readonly fields?: Readonly<Record<string, Note>>;
}
type Notes<T extends z.core.$ZodType> = Readonly<Record<keyof z.input<T>, Note>>;
type CustomerNotes = Readonly<Record<keyof NonNullable<z.input<typeof createBody>["customer"]>, Note>>;

const customer: CustomerNotes = {
  email: { description: "Needed by some gateways.", examples: ["buyer@mail.example"] },
  name: { description: "As the buyer writes it.", examples: ["Ada Lovelace"] },
  country: { description: "ISO 3166-1, two letters.", examples: ["GB"] },
  locale: { description: "BCP 47: the language of the pages.", examples: ["en-GB"] },
};

export const createNotes: Notes<typeof createBody> = {
  order_id: {
    description:
      "Your own name of what is being paid. An order has at most one open payment and is paid once.",
    examples: ["order-1234"],
  },
  amount: {
    description: "Minor units: 1999 USD is $19.99, 500 JPY is ¥500, 1234 KWD is 1.234 dinar.",
    examples: [1999],
  },
  currency: { description: "ISO 4217, in upper case.", examples: ["USD"] },
  gateway: {
    description: "The gateway's name here; the deployment's default where it is left out.",
    examples: ["stripe"],
  },
  return_url: {
    description: "Where the buyer goes in the end. Its origin, or its scheme, must be in ALLOWED_ORIGINS.",
    examples: ["https://shop.example/thanks"],
  },
  description: { description: "What the buyer is told that this is for.", examples: ["Two mugs"] },
  customer: {
    description: "Goes to the gateway, and is forgotten here once that has answered.",
    fields: customer,
  },
  metadata: {
    description: "Yours: comes back with the transaction and its events. Up to 50 entries.",
    examples: [{ cart: "42" }],
  },
  expires_in: {
    description:
      "Seconds until it can be paid no longer, at most 7 days; bounded further by the gateway. TRANSACTION_TTL_SECONDS where it is left out.",
    examples: [1800],
  },
  capture: {
    description: "`manual` only holds the money, until you capture it. `automatic` where it is left out.",
    examples: ["automatic"],
  },
};

export const captureNotes: Notes<typeof captureBody> = {
  amount: { description: "Minor units; all that is held where it is left out.", examples: [1500] },
};

export const refundNotes: Notes<typeof refundBody> = {
  amount: { description: "Minor units; all that is left where it is left out.", examples: [500] },
  reason: { description: "For your records.", examples: ["One mug was broken"] },
};

export const verdictNotes: Notes<typeof verdictBody> = {
  reason: { description: "Why: stands in the history.", examples: ["Paid in full, in two parts"] },
  by: { description: "Who decides: stands in the history.", examples: ["ada"] },
};

export const deadLetterNotes: Notes<typeof replayBody> = {
  status: { description: "What is replayed.", examples: ["dead"] },
  type: { description: "Of one type of event alone.", examples: ["transaction.succeeded"] },
  limit: { description: "So many at most, the oldest first.", examples: [1000] },
};

export const inboxReplayNotes: Notes<typeof inboxReplayBody> = {
  outcome: { description: "What is replayed.", examples: ["parked"] },
  limit: { description: "So many at most, the newest transactions first.", examples: [100] },
  cursor: { description: "The `next_cursor` of the replay before." },
};

/** Without examples: a page that lets people try would fill them in. */
const page = {
  limit: { description: "So many at most." },
  cursor: { description: "The `next_cursor` of the page before." },
} as const;

export const listNotes: Notes<typeof listQuery> = {
  ...page,
  order_id: { description: "Of this order alone." },
  status: { description: "In this status alone." },
  gateway: { description: "Of this gateway alone." },
  created_after: { description: "RFC 3339, with any offset, such as `2026-11-22T00:00:00Z`." },
  created_before: { description: "RFC 3339, with any offset." },
};

export const inboxNotes: Notes<typeof inboxQuery> = {
  ...page,
  outcome: { description: "What became of it." },
};

export const eventsNotes: Notes<typeof eventsQuery> = {
  limit: page.limit,
  after: { description: "The `next_cursor` of the answer before; from the beginning where it is left out." },
};

export const deliveriesNotes: Notes<typeof deliveriesQuery> = {
  ...page,
  status: { description: "What became of it." },
};
