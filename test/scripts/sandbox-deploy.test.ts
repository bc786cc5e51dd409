/** The two files of wrangler: that of a shop's Worker, and that with a sandbox, which agrees with it in all else. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { experimental_readRawConfig } from "wrangler";
import { Account } from "./support/account.ts";

const root = resolve(import.meta.dirname, "../..");
const open: Account[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

type Named = Readonly<Record<string, string>>;

/** As much of a file as is looked at by name. */
interface Raw {
  readonly [name: string]: unknown;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly d1_databases: readonly Named[];
  readonly durable_objects: { readonly bindings: readonly Named[] };
  readonly ratelimits: readonly Named[];
  readonly assets: Named;
}

const read = (file: string) =>
  experimental_readRawConfig({ config: join(root, file) }).rawConfig as unknown as Raw;

const OF_SANDBOX = ["SandboxSession", "DemoOrder"];

/** What a deployer adds to one of them, or a deployment fills in. */
const ADDED = ["vars", "routes", "services", "analytics_engine_datasets", "r2_buckets", "workers_dev"];

/** Without that, and without what is its own. */
function common({ name, main, ...all }: Raw) {
  const rest = Object.fromEntries(Object.entries(all).filter(([key]) => !ADDED.includes(key))) as typeof all;
  const isShared = (each: string | undefined) => !OF_SANDBOX.includes(each ?? "");
  return {
    ...rest,
    d1_databases: rest.d1_databases.slice(0, 1).map(({ database_id, database_name, ...each }) => each),
    durable_objects: rest.durable_objects.bindings.filter(({ class_name }) => isShared(class_name)),
    exports: Object.entries(rest.exports).filter(([each]) => isShared(each)),
    ratelimits: rest.ratelimits.map(({ namespace_id, ...each }) => each),
    assets: { ...rest.assets, directory: null },
  };
}

describe("wrangler.sandbox.toml", () => {
  const [shop, sandbox] = [read("wrangler.toml"), read("wrangler.sandbox.toml")];

  it("agrees with wrangler.toml in all that is not the sandbox", () => {
    expect(common(sandbox)).toEqual(common(shop));
  });

  it("is of another Worker, with a database and counters of its own", () => {
    const own = ({ name, main, d1_databases, ratelimits, assets }: Raw) => [
      ...[name, main, assets.directory, d1_databases[0]?.database_name],
      ...ratelimits.map(({ namespace_id }) => namespace_id),
    ];
    expect(own(sandbox).filter((each) => own(shop).includes(each))).toEqual([]);
    expect(sandbox.vars).toMatchObject({ SANDBOX: "on" });
  });

  it("has the sandbox’s objects, which the other has not", () => {
    expect(Object.keys(sandbox.exports)).toEqual(["TransactionChannel", ...OF_SANDBOX]);
    expect(readFileSync(join(root, "wrangler.toml"), "utf8")).not.toMatch(/SandboxSession|DemoOrder|SANDBOX/);
  });
});

describe("npm run deploy -- --sandbox", () => {
  it("is of that file alone in all that it does, and keeps there what it was given", async () => {
    const account = await Account.open();
    open.push(account);
    const before = await account.read("wrangler.toml");
    expect((await account.run("deploy.ts", ["--sandbox", "--dry-run"])).output).toContain("Built: ");
    expect((await account.run("deploy.ts", ["--sandbox"], { WORKERS_CI: "1" })).output).toContain(
      "Missing: ",
    );
    const given = {
      PUBLIC_URL: "https://127.0.0.1:1",
      FULFILMENT_URL: "https://127.0.0.1:1/demo/fulfilment",
    };
    expect((await account.run("deploy.ts", ["--sandbox"], given)).output).toContain("Missing: API_KEYS");

    const commands = await account.commands();
    expect(commands).toContain("d1 create payment-edge-sandbox");
    expect(commands).toContain("deploy");
    const files = (await account.calls()).map(({ args }) => args.slice(args.indexOf("--config")));
    expect(new Set(files.map((file) => file.join(" ")))).toEqual(new Set(["--config wrangler.sandbox.toml"]));
    expect(await account.read("wrangler.toml")).toBe(before);
    expect(await account.read("wrangler.sandbox.toml")).toContain(
      'database_id = "uuid-of-payment-edge-sandbox"',
    );
  });
});
