/**
 * The reference model: what a shop may rely on, said in terms of what the gateway's books have ever shown and of what
 * was asked for. It knows nothing of how the product decides.
 */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { FakeSession } from "../../../support/fake-gateway.ts";
import { checkInvariants, type Dump, type TransactionRow } from "../../../support/invariants.ts";
import type { Stage } from "./stage.ts";

const DAY = 86_400_000;

export interface Row extends TransactionRow {
  readonly created_at: number;
  readonly capturing: number | null;
  readonly dispute: string | null;
  readonly failure_code: string | null;
}

/** A refund of ours, as D1 has it. */
export interface RefundRow {
  readonly id: string;
  readonly transaction_id: string;
  readonly amount: number;
  readonly status: string;
}

/** What is known of a transaction from outside. */
interface Facts {
  /** Each state that the gateway's books ever had. */
  readonly booked: Set<string>;
  /** Each status it was seen in here. */
  readonly seen: Set<string>;
  /** The shop asked for its end, or for another transaction of its order. */
  isCalledOff: boolean;
  /** A signed callback said what the books do not. */
  isBelied: boolean;
  /** A person accepted it while the gateway did not answer. */
  isOnWord: boolean;
}

/** What the shop asks to be paid. */
export interface Terms {
  readonly order_id: string;
  readonly amount: number;
  readonly currency: string;
  readonly capture: string;
}

/** A key that was used, with its body; the id once it was accepted. */
export interface UsedKey {
  readonly key: string;
  readonly body: Terms;
  id: string | null;
}

export const isOpen = ({ status }: Row) => ["pending", "processing", "authorized"].includes(status);
/** It keeps money: its order is paid. */
export const isKept = (row: Row) => row.status === "succeeded" && row.amount_refunded < row.amount_captured;

export class Reference {
  readonly policy: string;
  /** Every command that was run. */
  readonly trail: string[] = [];
  readonly keys: UsedKey[] = [];
  /** Refunds that were accepted, by transaction and key. */
  readonly refundKeys = new Map<string, { readonly id: string; readonly amount: number | null }>();
  /** As of the last look, oldest first. */
  rows: readonly Row[] = [];
  refunds: readonly RefundRow[] = [];
  readonly #facts = new Map<string, Facts>();
  readonly #paidOrders = new Set<string>();
  #sessions: ReadonlyMap<string, FakeSession> = new Map();

  constructor(policy: string) {
    this.policy = policy;
  }

  facts(id: string): Facts {
    const none = { isCalledOff: false, isBelied: false, isOnWord: false };
    const facts = this.#facts.get(id) ?? { booked: new Set(), seen: new Set(), ...none };
    this.#facts.set(id, facts);
    return facts;
  }

  /** One of the run's transactions. */
  pick(index: number): Row | undefined {
    return this.rows[index % this.rows.length];
  }

  find(id: string): Row | undefined {
    return this.rows.find((row) => row.id === id);
  }

  ofOrder(orderId: string): readonly Row[] {
    return this.rows.filter((row) => row.order_id === orderId);
  }

  /** What the books cannot be held against. */
  isHonest({ id }: Row): boolean {
    const { isBelied, isOnWord } = this.facts(id);
    return !isBelied && !isOnWord;
  }

  /** What was taken at the gateway and not given back, in minor units. */
  keptAtGateway(id: string): number {
    const session = this.#sessions.get(id);
    return session ? capturedOf(session) - session.amountRefunded : 0;
  }

  /** Holds what is there now against everything known. */
  async look(stage: Stage): Promise<Dump> {
    const { gateway, shop } = stage.system;
    this.#sessions = gateway.sessions;
    for (const [id, session] of gateway.sessions) {
      this.facts(id).booked.add(session.status);
    }
    const dump = await checkInvariants({ gateway, shop });
    const before = new Map(this.rows.map((row) => [row.id, row]));
    this.rows = (dump.transactions as Row[]).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    this.refunds = (await env.DB.prepare("SELECT * FROM refunds ORDER BY id").all<RefundRow>()).results;
    for (const event of dump.events) {
      if (event.status === "succeeded") {
        this.#paidOrders.add(this.find(event.transaction_id)?.order_id ?? "");
      }
    }
    const problems = this.rows.flatMap((row) => this.#judge(row, before.get(row.id), stage.clock.now()));
    for (const { id, status } of this.rows) {
      this.facts(id).seen.add(status);
    }
    const lost = [...before.keys()].filter((id) => !this.find(id)).map((id) => `${id} is gone`);
    expect([...problems, ...lost, ...this.#fulfilments(stage), ...stage.errors]).toEqual([]);
    return dump;
  }

  #judge(row: Row, before: Row | undefined, now: number): string[] {
    const { id, status, version, amount_captured, amount_refunded } = row;
    const session = this.#sessions.get(id);
    const honest = this.isHonest(row);
    const rules: [boolean, string][] = [
      [before === undefined || version >= before.version, "the version fell"],
      [before?.version !== version || isSame(before, row), "a change without a version"],
      [before?.status !== "succeeded" || status === "succeeded", "a success was taken back"],
      [
        before === undefined || amount_refunded >= before.amount_refunded || !honest,
        "a refund was taken back",
      ],
      [amount_refunded <= amount_captured, "more refunded than captured"],
      [!honest || amount_captured <= (session ? capturedOf(session) : 0), "captured more than the gateway"],
      [!honest || amount_refunded <= (session?.amountRefunded ?? 0), "refunded more than the gateway"],
      [version === 0 || this.#isJustified(row, now), `${status} is justified by nothing`],
    ];
    return rules
      .filter(([holds]) => !holds)
      .map(([, rule]) => `${rule}: ${id} is ${status} (${row.review_reason ?? row.failure_code ?? "-"})`);
  }

  /** Some fact allows that status. */
  #isJustified(row: Row, now: number): boolean {
    const { id, order_id, status, expires_at } = row;
    const { booked, seen, isCalledOff, isOnWord } = this.facts(id);
    const isPaid = booked.has("success") || booked.has("refunded");
    const isSilent = now >= expires_at + DAY;
    switch (status) {
      case "pending":
        return seen.size === 0 || (seen.size === 1 && seen.has("pending"));
      case "processing":
      case "authorized":
        return booked.has(status);
      case "succeeded":
        return isPaid || isOnWord;
      case "failed":
        return booked.has("failure") || (row.failure_code === "gateway_unavailable" && isSilent);
      case "canceled":
        return (
          booked.has("cancelled") ||
          isCalledOff ||
          this.#paidOrders.has(order_id) ||
          isPaid ||
          seen.has("review")
        );
      case "expired":
        return now >= expires_at || booked.has("expired");
      default:
        return this.#isReviewJustified(row, isPaid, isSilent);
    }
  }

  #isReviewJustified(
    { id, order_id, review_reason, amount, amount_captured }: Row,
    isPaid: boolean,
    isSilent: boolean,
  ) {
    const { isBelied, seen } = this.facts(id);
    switch (review_reason) {
      case "wrong_amount":
        return isBelied || (isPaid && amount_captured !== amount) || seen.has("authorized");
      case "duplicate_payment":
        return isPaid && this.#paidOrders.has(order_id);
      case "late_payment":
        return isPaid && this.policy !== "accept";
      case "gateway_silent":
        return isSilent;
      case "refund_failed":
        return isPaid || isBelied;
      default:
        return false;
    }
  }

  /** The shop was told of a success under one id, with one body, and only of what succeeded. */
  #fulfilments({ system: { shop } }: Stage): string[] {
    const told = Map.groupBy(shop.distinct("transaction.succeeded"), ({ data }) => String(data.id));
    const bodies = new Map<string, string>();
    return [
      ...[...told].filter(([, events]) => events.length > 1).map(([id]) => `fulfilled under two ids: ${id}`),
      ...[...told.keys()]
        .filter((id) => this.find(id)?.status !== "succeeded")
        .map((id) => `fulfilled, and not succeeded: ${id}`),
      ...shop.received
        .filter(({ id, body }) => {
          const first = bodies.get(id) ?? body;
          bodies.set(id, first);
          return first !== body;
        })
        .map(({ id }) => `two bodies under ${id}`),
    ];
  }
}

export function capturedOf({ status, amountCaptured, request }: FakeSession): number {
  const isPaid = status === "success" || status === "refunded";
  return isPaid ? (amountCaptured ?? Number(request.amount)) : 0;
}

function isSame(a: Row, b: Row): boolean {
  return (
    a.status === b.status &&
    a.amount_captured === b.amount_captured &&
    a.amount_refunded === b.amount_refunded
  );
}
