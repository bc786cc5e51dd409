/** The console's long lists, from their first page to their last, over a shop's month. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { openSeededConsole, type SeededConsole } from "../bench/console-system.ts";

let seeded: SeededConsole;

beforeAll(async () => {
  seeded = await openSeededConsole(1000);
}, 60_000);

/** What all pages of a list show, in their order. @param shown finds it in a page, once a row */
async function walk(path: string, shown: RegExp): Promise<{ rows: string[]; pages: number }> {
  const rows: string[] = [];
  let pages = 0;
  for (let next: string | null = path; next !== null; pages += 1) {
    const html: string = await (await seeded.get(next)).text();
    rows.push(...[...html.matchAll(shown)].map(([, name = ""]) => name));
    next = /rel="next" href="([^"]+)"/.exec(html)?.[1]?.replaceAll("&amp;", "&") ?? null;
  }
  return { rows, pages };
}

async function select(query: string): Promise<string[]> {
  const { results } = await env.DB.prepare(query).all<{ name: string }>();
  return results.map(({ name }) => name);
}

const EVENT = "'evt_' || substr(transaction_id, 5) || '_' || position AS name";
const SENT_AGAIN = /id="send-(evt_[^"]+)"/g;

describe("GET /console/deliveries", () => {
  it.each([
    ["", "true", "position DESC"],
    ["?status=owed", "next_attempt_at IS NOT NULL", "next_attempt_at, position"],
    ["?status=delivered", "delivered_at IS NOT NULL", "position DESC"],
    ["?status=dead", "delivered_at IS NULL AND next_attempt_at IS NULL", "position DESC"],
  ])("leads to every one once: %s", async (query, condition, order) => {
    const all = await select(`SELECT ${EVENT} FROM deliveries WHERE ${condition} ORDER BY ${order}`);
    expect(all.length).toBeGreaterThan(0);
    const { rows, pages } = await walk(`/console/deliveries${query}`, SENT_AGAIN);
    expect(rows).toEqual(all);
    // What is filtered out may fill a page: of 100 that are looked at, none.
    expect(pages).toBeLessThanOrEqual(Math.ceil(all.length / 25) + 11);
  });
});

describe("GET /console/webhooks", () => {
  it.each(["applied", "ignored", "parked"])("leads to every one once: %s", async (outcome) => {
    const all = await select(
      `SELECT transaction_id || ' ' || gateway || ' ' || event_id AS name FROM inbox WHERE outcome = '${outcome}'
      ORDER BY transaction_id DESC, gateway DESC, event_id DESC`,
    );
    expect(all.length).toBeGreaterThan(0);
    const { rows } = await walk(
      `/console/webhooks?outcome=${outcome}`,
      /\/console\/webhooks\/([\w-]+)\/replay/g,
    );
    const keys = rows.map((key) => {
      const text = new TextDecoder().decode(Uint8Array.fromBase64(key, { alphabet: "base64url" }));
      return (JSON.parse(text) as string[]).join(" ");
    });
    expect(keys).toEqual(all);
  });
});
