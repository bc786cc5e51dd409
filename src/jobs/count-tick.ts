/** A tick of the cron in figures: what it did, and what waited when it began. */
import type { Services } from "../services.ts";
import type { Tick } from "./run-tick.ts";

type Waiting = Awaited<ReturnType<Services["store"]["claimDue"]>>["waiting"];

export interface TickFigures {
  readonly counts: Tick;
  readonly hasFailed: boolean;
  readonly durationMs: number;
  readonly statements: number;
  /** Null: it was not read. */
  readonly waiting: Waiting;
  /** When it began, by the clock that things are due by; epoch milliseconds. */
  readonly began: number;
}

export function countTick({ metrics }: Services, figures: TickFigures): void {
  const { counts, hasFailed, durationMs, statements, waiting, began } = figures;
  metrics.write("tick", {
    ...{ outcome: hasFailed ? "failed" : "ok", duration_ms: durationMs, statements },
    ...{ ...counts, points_dropped: metrics.dropped(), ...toFigures(waiting, began) },
  });
}

/** In milliseconds: 0 where nothing waits, or nothing is late. */
function toFigures(waiting: Waiting, now: number) {
  const since = (at: number | null) => (at === null ? 0 : Math.max(0, now - at));
  return {
    oldest_pending_ms: waiting && since(waiting.pendingSince),
    pending_overdue_ms: waiting && since(waiting.pendingUntil),
    outbox_age_ms: waiting && since(waiting.owedSince),
    outbox_overdue_ms: waiting && since(waiting.dueAt),
    owed: waiting?.owed ?? null,
    dead_letters: waiting?.dead ?? null,
    reviews: waiting?.reviews ?? null,
    parked: waiting?.parked ?? null,
    silent: waiting?.silent ?? null,
  };
}
