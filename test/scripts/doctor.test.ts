/** `npm run doctor`, before a Worker that answers as it is told: what it makes of that, and of the checkout. */
import { spawnSync } from "node:child_process";
import { afterEach, describe, expect, it } from "vitest";
import { Account, type State } from "./support/account.ts";
import { type Answers, type FakeWorker, startFakeWorker } from "./support/fake-worker.ts";

const KEY = "key_visibly_fake_of_this_test_0000";
/** Not this machine's system, and nobody listens there. */
const FAR = "https://127.0.0.1:1";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

async function openAccount(changes: Partial<State> = {}): Promise<Account> {
  const account = await Account.open(changes);
  open.push(account);
  return account;
}

async function startWorker(answers: Answers = {}): Promise<FakeWorker> {
  const worker = await startFakeWorker(KEY, answers);
  open.push(worker);
  return worker;
}

const examine = (account: Account, { url }: Pick<FakeWorker, "url">, ...more: string[]) =>
  account.run("doctor.ts", ["--url", url, ...more]);

const line = (mark: string, check: string, says: string) =>
  expect.stringMatching(new RegExp(`^${mark} ${check} +${says}`, "m"));

describe("npm run doctor", () => {
  it("says that all is well, and ends so", async () => {
    const { status, output } = await examine(await openAccount(), await startWorker(), "--key", KEY);
    expect([status, output]).toEqual([0, line("✓", "stripe: from outside", "A signed webhook is taken")]);
    expect(output).toContain("All is well.");
    expect(output).not.toMatch(/^[!✗]/m);
    expect(output).not.toContain(KEY);
  });

  it.each([
    ["--key", async (account: Account, worker: FakeWorker) => examine(account, worker, "--key", KEY)],
    [
      "API_KEYS, the first of them",
      async (account: Account, { url }: FakeWorker) =>
        account.run("doctor.ts", ["--url", url], { API_KEYS: ` ${KEY} ,another` }),
    ],
    [
      ".dev.vars",
      async (account: Account, worker: FakeWorker) => {
        await account.write(".dev.vars", `# secrets\nAPI_KEYS="${KEY}"\n`);
        return examine(account, worker);
      },
    ],
  ])("takes the key from %s", async (_name, run) => {
    const worker = await startWorker();
    const { status } = await run(await openAccount(), worker);
    expect([status, worker.askers]).toEqual([0, [`Bearer ${KEY}`]]);
  });

  it.each([
    [".dev.vars", (url: string) => [".dev.vars", `PUBLIC_URL=${url}/\nAPI_KEYS=${KEY}\n`]],
    [
      "wrangler.toml",
      (url: string) => ["wrangler.toml", `crons = ["* * * * *"]\n[vars]\nPUBLIC_URL = "${url}"\n`],
    ],
  ])("takes the address from %s where none is given", async (_name, write) => {
    const account = await openAccount();
    const worker = await startWorker();
    const [name = "", text = ""] = write(worker.url);
    await account.write(name, text);
    const { output } = await account.run("doctor.ts", ["--key", KEY]);
    expect(output).toContain(`payment-edge at ${worker.url}\n`);
    expect(worker.askers).toHaveLength(1);
  });

  it("shows what the Worker finds, with the advice below it, and fails for a fault alone", async () => {
    const found = { check: "cron", level: "warning", says: "It has never run.", advice: "Wait a minute." };
    const account = await openAccount();
    const warned = await examine(account, await startWorker({ findings: [found] }), "--key", KEY);
    expect(warned.output).toMatch(/^! cron +It has never run\.\n +→ Wait a minute\.$/m);
    expect([warned.status, warned.output]).toEqual([0, expect.stringContaining("0 faults, 1 warning.")]);
    const broken = await startWorker({ findings: [{ ...found, level: "fault" }] });
    const failed = await examine(account, broken, "--key", KEY);
    expect([failed.status, failed.output]).toEqual([1, expect.stringContaining("1 fault, 0 warnings.")]);
  });

  it("lets nobody write to the terminal what is no text", async () => {
    const says = "\u001b[2Jcleared\u0007\r\nall";
    const worker = await startWorker({ findings: [{ check: "cron", level: "ok", says, advice: null }] });
    const { output } = await examine(await openAccount(), worker, "--key", KEY);
    expect(output).toContain("[2Jclearedall");
    expect(output.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });

  it("says how it is called, for an argument that it does not know", async () => {
    const { status, output } = await (await openAccount()).run("doctor.ts", ["--uri", "x"]);
    expect([status, output]).toEqual([1, "Usage: npm run doctor -- [--url ADDRESS] [--key API_KEY]\n"]);
  });
});

describe("npm run doctor, of a Worker", () => {
  it.each([
    [
      "that is set up wrongly",
      { status: 500, body: { code: "misconfigured", detail: "API_KEYS is missing." } },
      line("✗", "configuration", "API_KEYS is missing\\."),
    ],
    ["that does not know the key", { status: 401, body: {} }, line("✗", "api key", ".* does not know it")],
    ["that is another", { status: 200, body: { hello: "world" } }, line("✗", "answer", ".* answered 200")],
    [
      "that is an old one",
      { status: 404, body: { code: "not_found" } },
      line("✗", "answer", ".* answered 404"),
    ],
  ])("says what to do about one %s", async (_name, all, expected) => {
    const { status, output } = await examine(await openAccount(), await startWorker({ all }), "--key", KEY);
    expect([status, output]).toEqual([1, expected]);
    expect(output).toContain("→ ");
  });

  it("says that nobody answers", async () => {
    const { status, output } = await examine(
      await openAccount(),
      { url: "http://127.0.0.1:1" },
      "--key",
      KEY,
    );
    expect([status, output]).toEqual([1, line("✗", "answer", "http://127.0.0.1:1 cannot be reached")]);
  });

  it("looks at /health alone without a key", async () => {
    const { status, output } = await examine(await openAccount(), await startWorker());
    expect([status, output]).toEqual([0, line("✓", "health", "D1 answers")]);
    expect(output).toEqual(line("!", "api key", "None is known here"));
  });

  it.each([
    [{ signed: 401 }, "A signed webhook got 401", "something on the way changes"],
    [{ signed: 302 }, "A signed webhook got 302", "Something stands before /webhooks"],
    [{ signed: 403 }, "A signed webhook got 403", "Something stands before /webhooks"],
    [{ forged: 200 }, "A forged webhook got 200", "Is it this Worker"],
  ])("calls it a fault where webhooks are answered so: %o", async (answers, says, advice) => {
    const { status, output } = await examine(await openAccount(), await startWorker(answers), "--key", KEY);
    expect([status, output]).toEqual([1, line("✗", "stripe: from outside", says)]);
    expect(output).toContain(advice);
  });
});

describe("npm run doctor, of a checkout", () => {
  it("finds .dev.vars in git", async () => {
    const account = await openAccount();
    await account.write(".dev.vars", `API_KEYS=${KEY}\n`);
    const git = (...args: string[]) => spawnSync("git", args, { cwd: account.directory });
    git("init");
    const worker = await startWorker();
    expect((await examine(account, worker)).output).toEqual(
      line("✓", "\\.dev\\.vars", "It is not kept in git"),
    );
    git("add", ".dev.vars");
    const { status, output } = await examine(account, worker);
    expect([status, output]).toEqual([1, line("✗", "\\.dev\\.vars", "It is kept in git")]);
  });

  it("finds no cron for each minute", async () => {
    const account = await openAccount();
    const toml = await account.read("wrangler.toml");
    await account.write("wrangler.toml", toml.replace('crons = ["* * * * *"]', 'crons = ["*/5 * * * *"]'));
    const { status, output } = await examine(account, await startWorker(), "--key", KEY);
    expect([status, output]).toEqual([1, line("✗", "cron trigger", "wrangler\\.toml has none")]);
  });

  it("asks Cloudflare nothing about a system on this machine", async () => {
    const account = await openAccount();
    await examine(account, await startWorker(), "--key", KEY);
    expect(await account.calls()).toEqual([]);
  });

  it("says so where it could not look at the secrets of a deployment", async () => {
    const account = await openAccount({ signedIn: false });
    const { output } = await examine(account, { url: FAR });
    expect(output).toEqual(line("!", "secrets there", "They could not be listed"));
    expect(output).toEqual(line("✗", "database id", "wrangler\\.toml has no database_id"));
  });

  it("names what a deployment lacks, and finds what it has", async () => {
    const account = await openAccount({ secrets: ["API_KEYS"] });
    expect((await examine(account, { url: FAR })).output).toEqual(
      line("✗", "secrets there", "CLIENT_SECRET_KEY, PUBLIC_URL: missing"),
    );
    await account.set({ secrets: ["API_KEYS", "CLIENT_SECRET_KEY"] });
    const toml = await account.read("wrangler.toml");
    await account.write("wrangler.toml", `${toml}\n[vars]\nPUBLIC_URL = "${FAR}"\n`);
    expect((await examine(account, { url: FAR })).output).toEqual(
      line("✓", "secrets there", "2, among them"),
    );
  });
});
