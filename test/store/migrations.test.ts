/** The list of migrations that the Worker carries, held against the folder and against D1. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { MIGRATIONS } from "../../src/store/migrations.ts";
import { createStore } from "../../src/store/store.ts";

describe("MIGRATIONS", () => {
  it("are the files of the folder, in their order", () => {
    const { TEST_MIGRATIONS } = env as unknown as { TEST_MIGRATIONS: readonly { readonly name: string }[] };
    expect(MIGRATIONS).toEqual(TEST_MIGRATIONS.map(({ name }) => name));
  });
});

describe("listMissingMigrations", () => {
  const store = createStore(env.DB);

  it("is empty where all are applied, also where D1 knows later ones", async () => {
    expect(await store.listMissingMigrations()).toEqual([]);
    await env.DB.prepare("INSERT INTO d1_migrations (name) VALUES ('9999_later.sql')").run();
    expect(await store.listMissingMigrations()).toEqual([]);
    await env.DB.prepare("DELETE FROM d1_migrations WHERE name = '9999_later.sql'").run();
  });

  it("names what D1 has not seen", async () => {
    const rows = await env.DB.prepare("SELECT name FROM d1_migrations ORDER BY name DESC LIMIT 2").all<{
      name: string;
    }>();
    const [last, before] = rows.results.map(({ name }) => name);
    const remove = env.DB.prepare("DELETE FROM d1_migrations WHERE name = ?");
    const add = env.DB.prepare("INSERT INTO d1_migrations (name) VALUES (?)");
    await env.DB.batch([remove.bind(last), remove.bind(before)]);
    try {
      expect(await store.listMissingMigrations()).toEqual([before, last]);
    } finally {
      await env.DB.batch([add.bind(before), add.bind(last)]);
    }
  });
});
