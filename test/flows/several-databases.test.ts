/** Three local databases behind one Worker: payments are spread over them, and each has a tick of its own. */
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrateLocally } from "../../scripts/migrate-local.ts";
import { type Api, createApi, type Transaction } from "./support/api.ts";
import { eventually } from "./support/eventually.ts";
import { FakeGateway } from "./support/fake-gateway.ts";
import { listen } from "./support/sockets.ts";
import {
  gatewayVariables,
  removeDirectory,
  type System,
  shopVariables,
  startSystem,
} from "./support/system.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const PROGRAMS = `${join(ROOT, "node_modules/.bin")}:${process.env.PATH ?? ""}`;

let directory: string;
let gateway: FakeGateway;
let system: System;
let api: Api;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "payment-edge-flow-"));
  gateway = await FakeGateway.start();
  const config = await writeConfig();
  expect(migrateLocally(directory, { ...process.env, PATH: PROGRAMS }, config)).toBeNull();
  system = await startSystem({
    directory,
    args: ["--config", config],
    vars: {
      ...shopVariables,
      ...gatewayVariables(gateway.url),
      FULFILMENT_URL: "",
      DATABASES: "DB DB_2 DB_3",
    },
  });
  api = createApi(system.url);
}, 180_000);
afterAll(async () => {
  await system?.stop();
  await gateway?.stop();
  await removeDirectory(directory);
});

/** wrangler.toml with two databases more. */
async function writeConfig(): Promise<string> {
  const path = (name: string) => JSON.stringify(join(ROOT, name));
  const text = (await readFile(join(ROOT, "wrangler.toml"), "utf8"))
    .replace('main = "src/index.ts"', `main = ${path("src/index.ts")}`)
    .replace('directory = "dist/assets"', `directory = ${path("dist/assets")}`)
    .replace('migrations_dir = "migrations"', `migrations_dir = ${path("migrations")}`);
  const more = ["DB_2", "DB_3"].map(
    (name) =>
      `\n[[d1_databases]]\nbinding = "${name}"\ndatabase_name = "${name}"\nmigrations_dir = ${path("migrations")}\n`,
  );
  await mkdir(join(directory, "config"));
  const file = join(directory, "config", "wrangler.toml");
  await writeFile(file, text + more.join(""));
  return file;
}

/** The eleventh letter of a UUIDv8, which names its database, is one of these. */
const isOfFirst = ({ id }: Transaction) => !/^txn_.{10}[gh]/.test(id);

describe("payments in three databases", () => {
  it("are paid, watched, listed and expired wherever they are", async () => {
    const made: Transaction[] = [];
    // Where an order goes is chance: one in three is of the first.
    for (
      let index = 0;
      index < 100 && (index < 6 || made.every(isOfFirst) || !made.some(isOfFirst));
      index += 1
    ) {
      made.push(await api.start({ expires_in: 600 }));
    }
    const [watched, ...others] = made.filter((transaction) => !isOfFirst(transaction));
    const socket = await listen(watched as Transaction);
    await gateway.tell((watched as Transaction).id, "success");
    await eventually(() =>
      expect(socket.updates().at(-1)).toMatchObject({ status: "succeeded", version: 2 }),
    );
    socket.close();
    const unpaid = [...others, ...made.filter(isOfFirst)];
    await system.tick(Date.parse((made.at(-1) as Transaction).expires_at) + 1000);
    for (const { id } of unpaid) {
      await eventually(async () => expect((await api.get(id)).status).toBe("expired"));
    }
    const { body } = await api.call<{ data: Transaction[] }>("/transactions?limit=50");
    expect(body.data.map(({ id }) => id)).toEqual(
      made
        .map(({ id }) => id)
        .sort()
        .reverse(),
    );
    expect((await api.call("/health", { bearer: null })).body).toMatchObject({ status: "ok" });
  });
});
