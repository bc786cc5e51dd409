/** The store of an environment: one database, or as many as DATABASES names. */
import { joinStores } from "./books.ts";
import { type Layout, parseLayout } from "./layout.ts";
import { createStore, type OneStore, type Store } from "./store.ts";

/** By their settings: an isolate sees one. */
const layouts = new Map<string, Layout>();
const stores = new WeakMap<D1Database, Store>();

/**
 * For requests: one for all that have the same first database, for it remembers nothing but how many statements there were.
 * @param env whose bindings DATABASES names, as the configuration has looked; where it is missing, DB alone
 */
export function sharedStore(env: { readonly DB: D1Database }): Store {
  const store = stores.get(env.DB) ?? openStore(env);
  stores.set(env.DB, store);
  return store;
}

/** For the cron, which counts its statements. @param ticking the number of the database that the tick works on */
export function openStore(env: object, ticking = 0): Store {
  const layout = layoutOf(env);
  const bindings = env as Readonly<Record<string, D1Database>>;
  const opened: OneStore[] = [];
  const storeOf = (database: number): OneStore => {
    opened[database] ??= createStore(bindings[layout.databases[database] ?? ""] as D1Database);
    return opened[database];
  };
  const statementCount = () => opened.reduce((sum, store) => sum + store.statementCount(), 0);
  return layout.databases.length === 1
    ? storeOf(0)
    : joinStores(layout, storeOf, statementCount, { ticking });
}

/** How many ticks a minute has: each database has its own. */
export function databaseCount(env: object): number {
  return layoutOf(env).databases.length;
}

function layoutOf(env: object): Layout {
  const setting = (env as { readonly DATABASES?: string }).DATABASES || "DB";
  const layout = layouts.get(setting) ?? parseLayout(setting);
  layouts.set(setting, layout);
  return layout;
}
