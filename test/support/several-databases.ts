/** Three local databases behind one Worker, each with the tables and nothing in them. */
import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { runTick } from "../../src/jobs/run-tick.ts";
import { homeOf, parseLayout } from "../../src/store/layout.ts";
import { openStore } from "../../src/store/open-store.ts";
import { countingD1 } from "./counting-d1.ts";
import { createSystem, emptyDatabase, newOrder, type System } from "./system.ts";

interface Bound {
  readonly DB: D1Database;
  readonly TEST_DB_2: D1Database;
  readonly TEST_DB_3: D1Database;
  readonly TEST_MIGRATIONS: D1Migration[];
}

const { DB, TEST_DB_2, TEST_DB_3, TEST_MIGRATIONS } = env as unknown as Bound;
/** By number. */
export const DATABASES: readonly D1Database[] = [DB, TEST_DB_2, TEST_DB_3];

export const BEFORE = "DB";
/** What comes after it: all three are open, from then on. */
export const AFTER = "DB; 2026-01-01 DB DB_2 DB_3";
/** The first one is full. */
export const MOVED = "DB; 2026-01-01 DB_2 DB_3";

/** An order whose home is that database, by number. @param setting of DATABASES */
export function newOrderAt(setting: string, database: number): Record<string, unknown> {
  const layout = parseLayout(setting);
  for (let tries = 0; tries < 1000; tries += 1) {
    const order = newOrder();
    if (homeOf(layout, order.order_id, Date.now()) === database) {
      return order;
    }
  }
  throw new Error(`no order is at home in database ${database}`);
}

export async function emptyDatabases(): Promise<void> {
  for (const database of DATABASES) {
    await applyD1Migrations(database, TEST_MIGRATIONS);
    await emptyDatabase(database);
  }
}

export interface Spread extends System {
  /** Whether the first one was alone before. */
  readonly hasGrown: boolean;
  /** Round trips to each database so far. */
  roundTrips(): number[];
  /** The cron's tick of each database. */
  tickAll(): Promise<void>;
}

/** @param setting of DATABASES */
export async function createSpread(
  setting: string,
  variables: Record<string, unknown> = {},
): Promise<Spread> {
  const [second, third] = [countingD1(TEST_DB_2), countingD1(TEST_DB_3)];
  const bindings = { DATABASES: setting, DB_2: second.db, DB_3: third.db };
  const system = await createSystem({ ...bindings, ...variables });
  return {
    ...system,
    hasGrown: setting.includes(";"),
    roundTrips: () => [system.counts, second.counts, third.counts].map(({ roundTrips }) => roundTrips),
    tickAll: async () => {
      for (const ticking of DATABASES.keys()) {
        const store = openStore({ DB, DATABASES: setting, DB_2: TEST_DB_2, DB_3: TEST_DB_3 }, ticking);
        await runTick({ ...system.services, store });
      }
      await system.settle();
    },
  };
}

/** How many rows of the table each database has. */
export async function countRows(table: string, condition = "1"): Promise<number[]> {
  const counts = DATABASES.map((database) =>
    database.prepare(`SELECT count(*) AS count FROM ${table} WHERE ${condition}`).first<number>("count"),
  );
  return (await Promise.all(counts)).map((count) => count ?? 0);
}
