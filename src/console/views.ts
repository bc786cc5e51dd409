/** What the console's pages are given. They render it and decide nothing. Times are epoch milliseconds, money minor units. */
import type { ActionName, Attempt, Entry as Happened, ReceivedWebhook } from "../operations/read-payment.ts";
import type { Figures } from "../operations/statistics.ts";
import type { EventType } from "../transactions/event.ts";
import type { Dispute, Mode, ReviewReason, Status } from "../transactions/transaction.ts";

/** What surrounds each page. */
export interface Shell {
  /** Who is signed in. */
  readonly actor: string;
  /** Where signing out goes: our own form, or Cloudflare Access's page. */
  readonly signOut: "form" | "access";
  /** A token for each form. */
  readonly csrf: string;
  readonly now: number;
  /** The simulated gateway and the demo shop are on. */
  readonly sandbox: boolean;
}

/** A count that stops at a bound: `more` says that there are others. */
export interface Count {
  readonly value: number;
  readonly more: boolean;
}

export const PERIODS = ["24h", "7d", "30d"] as const;
export type Period = (typeof PERIODS)[number];

export interface Needs {
  readonly review: Count;
  readonly parked: Count;
  readonly dead: Count;
  /** Transactions whose gateway has not answered lately. */
  readonly silent: Count;
  readonly oldestPending: {
    readonly id: string;
    readonly createdAt: number;
    readonly expiresAt: number;
  } | null;
  /** What the shop is owed and has not got: since when the most overdue one is due; null: nothing is overdue. */
  readonly overdueDelivery: number | null;
  /** Null: it never ran. */
  readonly lastTick: number | null;
  readonly cronFailing: boolean;
}

export interface Bucket {
  readonly start: number;
  readonly figures: Readonly<Record<string, Figures>>;
}

export interface OverviewView {
  readonly period: Period;
  readonly needs: Needs;
  /** Oldest first, without gaps. */
  readonly buckets: readonly Bucket[];
  readonly bucketMs: number;
  /** The whole period, by gateway. */
  readonly totals: Readonly<Record<string, Figures>>;
  /** Up to when the figures are counted; null: not yet. */
  readonly countedUntil: number | null;
}

export interface TransactionRow {
  readonly id: string;
  readonly orderId: string;
  readonly gateway: string;
  readonly gatewayReference: string | null;
  readonly status: Status;
  readonly amount: number;
  readonly amountCaptured: number;
  readonly amountRefunded: number;
  readonly currency: string;
  readonly late: boolean;
  readonly reviewReason: ReviewReason | null;
  readonly failureCode: string | null;
  readonly dispute: Dispute | null;
  readonly createdAt: number;
}

/** As typed; empty where nothing is asked. */
export interface SearchFields {
  readonly q: string;
  readonly status: string;
  readonly gateway: string;
  readonly amount: string;
  readonly currency: string;
  /** `YYYY-MM-DDTHH:mm`, UTC, as <input type="datetime-local"> has it. */
  readonly from: string;
  readonly until: string;
}

export interface TransactionsView {
  readonly fields: SearchFields;
  /** By field: what is wrong with it. */
  readonly errors: Readonly<Partial<Record<keyof SearchFields, string>>>;
  readonly gateways: readonly string[];
  readonly rows: readonly TransactionRow[];
  /** The query string of the next page, without "?"; null: there is none. */
  readonly next: string | null;
  /** A page looks through so many payments at most: down to which moment it has looked, where it found less than a page. */
  readonly lookedBackTo: number | null;
  /** Of the exports; null where `q` is searched for, which is short. */
  readonly exportQuery: string | null;
  readonly isFirstPage: boolean;
}

/** One thing that happened, in the order of time. A webhook has its place in the inbox, for the replay. */
export type Entry =
  | Exclude<Happened, { kind: "webhook" }>
  | (Extract<Happened, { kind: "webhook" }> & { readonly key: string });

export interface Refundable {
  /** What is left. */
  readonly rest: number;
  readonly pending: number;
}

export interface TransactionView {
  readonly row: TransactionRow & {
    readonly version: number;
    readonly capture: "automatic" | "manual";
    readonly capturing: number | null;
    readonly mode: Mode | null;
    readonly description: string | null;
    readonly metadata: Readonly<Record<string, string>>;
    readonly returnUrl: string | null;
    readonly updatedAt: number;
    readonly expiresAt: number;
    readonly nextCheckAt: number | null;
    readonly silentSince: number | null;
  };
  readonly gatewayTitle: string;
  /** Why it is in this state, in one sentence or two. */
  readonly why: string;
  readonly entries: readonly Entry[];
  /** Calls older than the ones shown are forgotten. */
  readonly olderCallsForgotten: boolean;
  /** What can be done now, in the order of weight. */
  readonly actions: readonly ActionName[];
  readonly refundable: Refundable | null;
  /** Other transactions of the same order. */
  readonly siblings: readonly { readonly id: string; readonly status: Status; readonly createdAt: number }[];
  /** Opens the status socket, and the buyer's page. */
  readonly clientSecret: string;
  readonly statusUrl: string;
  /** It is in the archive, and can only be read. */
  readonly isArchived: boolean;
  /** What the last action came to, said once. */
  readonly flash: Flash | null;
}

export interface Flash {
  readonly tone: "done" | "care" | "stop";
  readonly text: string;
}

/** A page between the wish and the deed. It posts to `action`. */
export interface ConfirmView {
  readonly title: string;
  /** What will happen, sentence by sentence. */
  readonly sentences: readonly string[];
  /** The deed, as the button says it. */
  readonly button: string;
  readonly dangerous: boolean;
  readonly action: string;
  readonly back: string;
  readonly hidden: Readonly<Record<string, string>>;
  /** The first of two steps asks for a sum; null otherwise. */
  readonly amount: {
    readonly label: string;
    readonly value: string;
    readonly hint: string;
    readonly currency: string;
    readonly error: string | null;
  } | null;
  /** Asks why; `required` where the record needs it. Null: it is asked on another page. */
  readonly note: {
    readonly label: string;
    readonly value: string;
    readonly required: boolean;
    readonly error: string | null;
  } | null;
  readonly step: { readonly now: number; readonly of: number } | null;
  /** Why it could not be done just now; null on the way there. */
  readonly problem: string | null;
}

/** With its place in the inbox, for the replay. */
export type WebhookRow = ReceivedWebhook & { readonly key: string };

export interface GatewayHealth {
  readonly gateway: string;
  readonly goodAt: number | null;
  readonly goodSecret: number | null;
  /** How far its clock was ahead of ours, the way included. */
  readonly skewMs: number | null;
  readonly badAt: number | null;
  readonly badReason: string | null;
}

export interface WebhooksView {
  readonly outcome: "all" | "applied" | "ignored" | "parked";
  readonly rows: readonly WebhookRow[];
  readonly next: string | null;
  readonly health: readonly GatewayHealth[];
  readonly flash: Flash | null;
}

export interface DeliveryRow {
  readonly eventId: string;
  readonly transactionId: string;
  readonly type: EventType;
  readonly version: number;
  readonly status: "owed" | "delivered" | "dead" | "unsent";
  readonly attempts: readonly Attempt[];
  readonly nextAttemptAt: number | null;
  readonly deliveredAt: number | null;
  readonly lastError: string | null;
  readonly createdAt: number;
}

export interface DeliveriesView {
  readonly status: "all" | "owed" | "delivered" | "dead";
  readonly rows: readonly DeliveryRow[];
  readonly next: string | null;
  readonly dead: Count;
  /** Null: nobody is told; events are pulled. */
  readonly shop: string | null;
  readonly flash: Flash | null;
}

export interface GatewayCard {
  readonly id: string;
  readonly title: string;
  readonly mode: Mode | null;
  readonly isDefault: boolean;
  readonly capabilities: readonly {
    readonly name: string;
    readonly has: boolean;
    /** What follows from it, for an operator. */
    readonly meaning: string;
  }[];
  /** Of a payment page's life; null: as we allow. */
  readonly lifetime: { readonly minMs: number; readonly maxMs: number } | null;
  readonly needs: readonly string[];
  readonly webhookUrl: string;
  readonly webhookEvents: readonly string[];
  readonly advice: string;
  readonly health: GatewayHealth | null;
  /** Verified webhooks of the last 7 days, by the secret's position. */
  readonly secrets: Readonly<Record<string, number>>;
  readonly canTest: boolean;
}

/** What a test made of a gateway, call by call. */
export interface GatewayTest {
  readonly gateway: string;
  readonly steps: readonly {
    readonly call: string;
    readonly durationMs: number;
    readonly outcome: string;
    readonly failed: boolean;
  }[];
  readonly passed: boolean;
  /** Why not, in the adapter's words. */
  readonly problem: string | null;
}

export interface GatewaysView {
  readonly cards: readonly GatewayCard[];
  /** Ids of the adapters that are built in and have no variables set. */
  readonly off: readonly string[];
  readonly test: GatewayTest | null;
}

export interface ActivityView {
  readonly rows: readonly {
    readonly id: string;
    readonly transactionId: string | null;
    readonly action: string;
    readonly actor: string;
    readonly note: string | null;
    readonly outcome: string | null;
    readonly createdAt: number;
  }[];
  readonly next: string | null;
}
