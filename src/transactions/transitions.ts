/** The table of moves: by status, not by trigger, for gateways report states in any order. Nothing else decides this. */
import type { Status } from "./transaction.ts";

const MOVES: Readonly<Record<Status, readonly Status[]>> = {
  pending: ["processing", "authorized", "succeeded", "failed", "canceled", "expired", "review"],
  processing: ["authorized", "succeeded", "failed", "canceled", "expired", "review"],
  authorized: ["succeeded", "failed", "canceled", "expired", "review"],
  review: ["succeeded", "canceled"],
  // Late money: gateways take it after they have said no.
  failed: ["succeeded", "review"],
  canceled: ["succeeded", "review"],
  expired: ["succeeded", "review"],
  // Refunds and disputes are amounts and events.
  succeeded: [],
};

export function canMove(from: Status, to: Status): boolean {
  return MOVES[from].includes(to);
}
