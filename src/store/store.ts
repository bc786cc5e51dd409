/** The store: every query that the Worker makes, over one D1 database. Several are one by books.ts. */
import { archiveQueries } from "./archive.ts";
import { commitQueries } from "./commit.ts";
import { sessionQueries } from "./console-sessions.ts";
import { connect } from "./database.ts";
import { deliveryQueries } from "./deliveries.ts";
import { elsewhereQueries } from "./elsewhere.ts";
import { inboxQueries } from "./inbox.ts";
import { jobQueries } from "./jobs.ts";
import { migrationQueries } from "./migrations.ts";
import { operatorActionQueries } from "./operator-actions.ts";
import { refundQueries } from "./refunds.ts";
import { type Deadlines, reliableD1 } from "./reliable-d1.ts";
import { searchQueries } from "./search.ts";
import { statisticsQueries } from "./statistics.ts";
import { timelineQueries } from "./timeline.ts";
import { transactionQueries } from "./transactions.ts";

/** Over one database. */
export type OneStore = ReturnType<typeof createStore>;
/** Over all of them, however many there are. */
export type Store = Omit<OneStore, keyof ReturnType<typeof elsewhereQueries>>;

/** @param deadlines other than D1's usual ones, for tests */
export function createStore(binding: D1Database, deadlines?: Deadlines) {
  const d1 = reliableD1(binding, deadlines);
  const db = connect(d1);
  return {
    ...transactionQueries(db),
    ...commitQueries(db),
    ...inboxQueries(db),
    ...deliveryQueries(db),
    ...refundQueries(db),
    ...jobQueries(db),
    ...searchQueries(db),
    ...timelineQueries(db),
    ...statisticsQueries(db),
    ...operatorActionQueries(db),
    ...sessionQueries(db),
    ...migrationQueries(db),
    ...archiveQueries(db),
    ...elsewhereQueries(db),
    /** Where a new payment of the order goes, for its id. */
    placeFor: async (_orderId: string, _now: number): Promise<number> => 0,
    /** How many statements were run so far. D1 allows 1,000 in one invocation. */
    statementCount: d1.statementCount,
  };
}
