/** The store: every query that the Worker makes, over one D1 database. */
import { commitQueries } from "./commit.ts";
import { connect } from "./database.ts";
import { deliveryQueries } from "./deliveries.ts";
import { inboxQueries } from "./inbox.ts";
import { jobQueries } from "./jobs.ts";
import { transactionQueries } from "./transactions.ts";

export type Store = ReturnType<typeof createStore>;

export function createStore(d1: D1Database) {
  const db = connect(d1);
  return {
    ...transactionQueries(db),
    ...commitQueries(db),
    ...inboxQueries(db),
    ...deliveryQueries(db),
    ...jobQueries(db),
  };
}
