/** The doctor's look at D1 and at what it keeps: migrations, the cron's heartbeat, and what waits for too long. */
import type { Services } from "../services.ts";
import { StoreError } from "../store/store-error.ts";
import { isCronFailing } from "./check-health.ts";
import { type Finding, fault, ok, sayDuration, warning } from "./finding.ts";
import { parseFacts, SPAN_MS } from "./roll-up.ts";
import { addFacts, type Facts } from "./statistics.ts";
import { toTimestamp } from "./views.ts";

const SLOW_MS = 1000;
/** What is due for so long has been passed over by the cron, which comes each minute. */
const OVERDUE_MS = 5 * 60_000;
/** For so long back webhooks are counted. */
export const COUNTED_MS = 7 * 24 * 60 * 60_000;

/** What is read for all checks, without a write. */
export interface Books {
  readonly answeredInMs: number;
  readonly overview: Awaited<ReturnType<Services["store"]["readOverview"]>>;
  readonly health: Awaited<ReturnType<Services["store"]["listGatewayHealth"]>>;
  /** Of the last seven days. */
  readonly facts: Facts;
}

/** @returns what was found, and the books where they can be read */
export async function examineBooks(
  services: Services,
): Promise<{ readonly findings: readonly Finding[]; readonly books: Books | null }> {
  try {
    const began = services.wallClock();
    const missing = await services.store.listMissingMigrations();
    const answeredInMs = services.wallClock() - began;
    if (missing.length > 0) {
      return { findings: [toMigrate(missing)], books: null };
    }
    const books = await readBooks(services, answeredInMs);
    return { findings: judge(books, services), books };
  } catch (error) {
    if (error instanceof StoreError) {
      return { findings: [toUnread(error)], books: null };
    }
    throw error;
  }
}

async function readBooks({ store, now }: Services, answeredInMs: number): Promise<Books> {
  const since = now() - COUNTED_MS;
  const [overview, health] = await Promise.all([
    store.readOverview("quarter", since - (since % SPAN_MS.quarter), now() - OVERDUE_MS),
    store.listGatewayHealth(),
  ]);
  return {
    answeredInMs,
    overview,
    health,
    facts: overview.figures.map(parseFacts).reduce<Facts>(addFacts, {}),
  };
}

function toMigrate(missing: readonly string[]): Finding {
  return fault(
    "migrations",
    `D1 lacks ${missing.join(", ")}.`,
    "npm run db:migrate:remote; in development npm run db:migrate.",
  );
}

function toUnread({ message }: StoreError): Finding {
  return fault(
    "database",
    `D1 cannot be read (${message}).`,
    'If it was never migrated: npm run db:migrate:remote. Otherwise RUNBOOK.md, "D1 does not answer".',
  );
}

function judge(books: Books, { now, wallClock }: Services): Finding[] {
  const { review, parked, dead, silent, lastTick, overdueSince, oldestPending } = books.overview;
  return [
    ok("migrations", "All are applied."),
    judgeAnswer(books.answeredInMs),
    judgeCron(lastTick, wallClock()),
    judgeAge("outbox", "An event for the shop", { since: overdueSince, now: now(), advice: OUTBOX }),
    judgeAge("pending", "A payment past its time", {
      since: oldestPending?.expiresAt ?? null,
      now: now(),
      advice: PENDING,
    }),
    judgeCount("dead letters", dead, "Events that the shop has not taken, and nobody sends again", DEAD),
    judgeCount("parked webhooks", parked, "Verified webhooks for which no payment is known", PARKED),
    judgeCount("reviews", review, "Payments that wait for a person's decision", REVIEW),
    judgeCount("silent gateways", silent, "Payments whose gateway does not answer", SILENT),
  ];
}

const OUTBOX = 'RUNBOOK.md, "Events are overdue".';
const PENDING = 'RUNBOOK.md, "A payment is pending past its time".';
const DEAD = "Mend the shop's endpoint, then replay: the console, Deliveries, or POST /deliveries/replay.";
const PARKED = "Look in the console, Webhooks: they may be another system's that uses the same account.";
const REVIEW = "Decide them in the console, Payments, In review.";
const SILENT = "See the gateway's findings here; its own status page; the console, Payments.";

function judgeAnswer(ms: number): Finding {
  return ms < SLOW_MS
    ? ok("database", `D1 answers in ${ms} ms.`)
    : warning("database", `D1 took ${ms} ms to answer.`, 'RUNBOOK.md, "D1 does not answer".');
}

function judgeCron(lastTick: number | null, now: number): Finding {
  if (lastTick === null) {
    return warning(
      "cron",
      "It has never run: nothing is looked up, expired or sent again.",
      "Wait a minute after the first deploy. In development npm run dev ticks it. Otherwise see [triggers] in wrangler.toml.",
    );
  }
  const says = `It ran last at ${toTimestamp(lastTick)}.`;
  return isCronFailing(lastTick, now)
    ? fault("cron", says, 'RUNBOOK.md, "The cron is silent".')
    : ok("cron", says);
}

function judgeAge(
  check: string,
  what: string,
  { since, now, advice }: { readonly since: number | null; readonly now: number; readonly advice: string },
): Finding {
  return since === null || now - since < OVERDUE_MS
    ? ok(check, "Nothing is overdue.")
    : warning(check, `${what} has been due for ${sayDuration(now - since)}.`, advice);
}

type Count = Books["overview"]["dead"];

function judgeCount(check: string, { value, more }: Count, what: string, advice: string): Finding {
  return value === 0
    ? ok(check, "None.")
    : warning(check, `${what}: ${value}${more ? " and more" : ""}.`, advice);
}
