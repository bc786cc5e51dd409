/** `npm run deploy` before a wrangler that notes its calls: nothing here reaches Cloudflare. */
import { afterEach, describe, expect, it } from "vitest";
import { runDeploy } from "../../scripts/run-deploy.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import { Account, type State } from "./support/account.ts";
import { startFakeWorker } from "./support/fake-worker.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

async function openAccount(changes: Partial<State> = {}): Promise<Account> {
  const account = await Account.open(changes);
  open.push(account);
  return account;
}

/** Nobody listens there: the doctor says so at once. */
const URL = "https://127.0.0.1:1";
const ANSWERS = {
  PUBLIC_URL: URL,
  FULFILMENT_URL: "https://shop.example/hooks",
  ALLOWED_ORIGINS: "https://shop.example,myshop://",
  "A gateway": "stripe",
  STRIPE_SECRET_KEY: "sk_test_visibly_fake_of_the_shop",
  STRIPE_WEBHOOK_SECRET: "whsec_visibly_fake_of_the_shop",
  "Is 127.0.0.1": "n",
};

/** Somebody who answers by how a question begins; of a list one after the other. */
class Person implements Terminal {
  readonly isInteractive = true;
  readonly asked: string[] = [];
  readonly hidden: string[] = [];
  text = "";
  readonly #answers: Map<string, string[]>;

  constructor(answers: Readonly<Record<string, string | readonly string[]>>) {
    this.#answers = new Map(
      Object.entries(answers).map(([name, answer]) => [name, [answer].flat() as string[]]),
    );
  }

  print(text: string): void {
    this.text += `${text}\n`;
  }

  async ask(question: string): Promise<string> {
    this.asked.push(question);
    const found = [...this.#answers].find(([name]) => question.startsWith(name));
    return found?.[1].shift() ?? expect.unreachable(`nobody expects to be asked: ${question}`);
  }

  askSecret(question: string): Promise<string> {
    this.hidden.push(question);
    return this.ask(question);
  }
}

function deployAs(person: Terminal, account: Account, environment: NodeJS.ProcessEnv = {}): Promise<boolean> {
  const { directory, wrangler } = account;
  const options = { directory, file: "wrangler.toml", wrangler, coloured: false, patienceMs: 0 } as const;
  return runDeploy({ ...options, terminal: person, environment });
}

async function putSecrets(account: Account): Promise<Record<string, string>> {
  const inputs = (await account.calls()).filter(({ args }) => args[0] === "secret" && args[1] === "bulk");
  return Object.assign({}, ...inputs.map(({ input }) => JSON.parse(input) as object));
}

const MIGRATE = "d1 migrations apply DB --remote";

describe("npm run deploy, on a terminal", () => {
  it("leads from a fresh account to a running Worker, in one go", async () => {
    const account = await openAccount();
    await deployAs(new Person(ANSWERS), account);
    expect(await account.commands()).toEqual([
      "whoami --json",
      "d1 list --json",
      "d1 create payment-edge",
      "d1 list --json",
      "secret list --format json",
      "secret bulk",
      MIGRATE,
      "deploy",
      // The doctor's.
      "secret list --format json",
    ]);
  });

  it("writes what is no secret into wrangler.toml, and changes nothing else there", async () => {
    const account = await openAccount();
    const before = await account.read("wrangler.toml");
    await deployAs(new Person(ANSWERS), account);
    const after = await account.read("wrangler.toml");
    const added = after.split("\n").filter((line) => !before.split("\n").includes(line));
    expect(added).toEqual([
      'database_id = "uuid-of-payment-edge"',
      "[vars]",
      `PUBLIC_URL = "${URL}"`,
      'FULFILMENT_URL = "https://shop.example/hooks"',
      'ALLOWED_ORIGINS = "https://shop.example,myshop://"',
    ]);
    expect(before.split("\n").filter((line) => !after.split("\n").includes(line))).toEqual([]);
    expect(after).toMatch(/database_name = "payment-edge"\n(.*\n)?database_id = /);
  });

  it("makes the secrets that can be made, and puts all of them by standard input alone", async () => {
    const account = await openAccount();
    await deployAs(new Person(ANSWERS), account);
    const secrets = await putSecrets(account);
    expect(secrets).toEqual({
      API_KEYS: expect.stringMatching(/^key_[\w-]{43}$/),
      CLIENT_SECRET_KEY: expect.stringMatching(/^[\w-]{43}$/),
      FULFILMENT_SECRET: expect.stringMatching(/^whsec_[\w+/]{43}=$/),
      CONSOLE_PASSWORD: expect.stringMatching(/^[\w-]{32}$/),
      STRIPE_SECRET_KEY: ANSWERS.STRIPE_SECRET_KEY,
      STRIPE_WEBHOOK_SECRET: ANSWERS.STRIPE_WEBHOOK_SECRET,
    });
    const commands = (await account.commands()).join("\n");
    expect(Object.values(secrets).filter((value) => commands.includes(value))).toEqual([]);
  });

  it("shows what it made once, and nothing of what was typed", async () => {
    const account = await openAccount();
    const person = new Person(ANSWERS);
    await deployAs(person, account);
    const { STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET, ...made } = await putSecrets(account);
    for (const [name, value] of Object.entries(made)) {
      expect(person.text.split(value)).toHaveLength(2);
      expect(person.text).toContain(`${name}=${value}`);
    }
    expect(person.text).not.toContain(STRIPE_SECRET_KEY);
    expect(person.text).not.toContain(STRIPE_WEBHOOK_SECRET);
    expect(person.hidden).toEqual(["STRIPE_SECRET_KEY:", "STRIPE_WEBHOOK_SECRET:"]);
  });

  it("ends with what the doctor finds", async () => {
    const account = await openAccount();
    const person = new Person(ANSWERS);
    expect(await deployAs(person, account)).toBe(false);
    expect(person.text).toContain(`✗ answer         ${URL} cannot be reached.`);
    expect(person.text).toContain("✓ secrets there  6, among them all that are required.");
  });

  it("asks nothing, makes nothing and shows nothing the second time", async () => {
    const account = await openAccount();
    await deployAs(new Person(ANSWERS), account);
    const toml = await account.read("wrangler.toml");
    await account.write("calls.jsonl", "");
    const person = new Person({});
    await deployAs(person, account);
    expect(person.asked).toEqual([]);
    expect(person.text).not.toContain("Made just now");
    expect(await account.read("wrangler.toml")).toBe(toml);
    expect((await account.commands()).slice(0, 4)).toEqual([
      "whoami --json",
      "secret list --format json",
      MIGRATE,
      "deploy",
    ]);
  });

  it("takes no for an answer: neither shop nor gateway", async () => {
    const account = await openAccount();
    const none = { FULFILMENT_URL: "", ALLOWED_ORIGINS: "", "A gateway": "" };
    await deployAs(new Person({ ...ANSWERS, ...none }), account);
    expect(Object.keys(await putSecrets(account))).toEqual([
      "API_KEYS",
      "CLIENT_SECRET_KEY",
      "CONSOLE_PASSWORD",
    ]);
    expect(await account.read("wrangler.toml")).not.toMatch(/^(FULFILMENT_URL|ALLOWED_ORIGINS)/m);
  });

  it("sets no half of a gateway, and none that it does not know", async () => {
    const half = await openAccount();
    await deployAs(new Person({ ...ANSWERS, STRIPE_WEBHOOK_SECRET: "" }), half);
    expect(Object.keys(await putSecrets(half))).not.toContain("STRIPE_SECRET_KEY");
    const unknown = await openAccount();
    const person = new Person({ ...ANSWERS, "A gateway": "constructor" });
    await deployAs(person, unknown);
    expect(person.text).toContain("There is no gateway of the name constructor");
  });

  it("asks again until an address will do", async () => {
    const account = await openAccount();
    const person = new Person({
      ...ANSWERS,
      PUBLIC_URL: ["", "pay.example", "http://pay.example", "https://pay.example/path", `${URL}/`],
      FULFILMENT_URL: ["shop.example", "https://shop.example/hooks"],
    });
    await deployAs(person, account);
    expect(person.asked.filter((question) => question.startsWith("PUBLIC_URL"))).toHaveLength(5);
    expect(await account.read("wrangler.toml")).toContain(`PUBLIC_URL = "${URL}"`);
  });

  it("leads a domain of the account's to the Worker", async () => {
    const account = await openAccount();
    await deployAs(new Person({ ...ANSWERS, "Is 127.0.0.1": "y" }), account);
    expect(await account.read("wrangler.toml")).toContain(
      '[[routes]]\npattern = "127.0.0.1"\ncustom_domain = true\n',
    );
  });

  it("signs in where nobody is, and ends where that does not work", async () => {
    const account = await openAccount({ signedIn: false });
    await deployAs(new Person(ANSWERS), account);
    expect((await account.commands()).slice(0, 3)).toEqual(["whoami --json", "login", "whoami --json"]);
    const stranger = await openAccount({ signedIn: false, canSignIn: false });
    await expect(deployAs(new Person({}), stranger)).rejects.toThrow("npx wrangler login");
    expect(await stranger.commands()).toHaveLength(3);
  });

  it("uses the database that has the name already", async () => {
    const databases = [
      { uuid: "uuid-of-another", name: "another" },
      { uuid: "uuid-of-old", name: "payment-edge" },
    ];
    const account = await openAccount({ databases });
    await deployAs(new Person(ANSWERS), account);
    expect(await account.read("wrangler.toml")).toContain('database_id = "uuid-of-old"');
    expect(await account.commands()).not.toContain("d1 create payment-edge");
  });

  it("leaves a console closed that was closed on purpose", async () => {
    const account = await openAccount({ secrets: ["API_KEYS", "CLIENT_SECRET_KEY", "PUBLIC_URL"] });
    await deployAs(new Person({}), account);
    expect(await putSecrets(account)).toEqual({});
  });

  it.each([
    ["d1 list", "could not be listed"],
    ["d1 create", "was not made"],
    ["secret list", "could not be listed"],
    ["secret bulk", "were not put"],
    ["d1 migrations", "were not applied"],
    ["deploy", "was not deployed"],
  ])("stops where %s fails", async (fails, says) => {
    const account = await openAccount({ fails });
    await expect(deployAs(new Person(ANSWERS), account)).rejects.toThrow(says);
    expect((await account.commands()).at(-1)).toMatch(new RegExp(`^${fails}`));
  });
});

const KEY = "key_visibly_fake_of_this_test_0000";
const GIVEN = { API_KEYS: KEY, CLIENT_SECRET_KEY: "visibly-fake-client-secret-key-000" };

describe("npm run deploy, in CI", () => {
  it("names what is missing, changes nothing and fails", async () => {
    const account = await openAccount();
    const { status, output } = await account.run("deploy.ts");
    expect(status).toBe(1);
    expect(output).toContain("Missing: PUBLIC_URL, API_KEYS, CLIENT_SECRET_KEY.");
    const commands = (await account.commands()).join("\n");
    expect(commands).not.toMatch(/^(deploy|secret bulk|d1 migrations)/m);
  });

  it("names what the shop's address needs", async () => {
    const account = await openAccount();
    const { output } = await account.run("deploy.ts", [], {
      ...GIVEN,
      PUBLIC_URL: "http://127.0.0.1:1",
      FULFILMENT_URL: "https://shop.example/hooks",
    });
    expect(output).toContain("Missing: FULFILMENT_SECRET.");
  });

  it("deploys with what the environment gives, and shows none of it", async () => {
    const account = await openAccount();
    const worker = await startFakeWorker(KEY);
    open.push(worker);
    const { status, output } = await account.run("deploy.ts", [], { ...GIVEN, PUBLIC_URL: worker.url });
    expect([status, output]).toEqual([0, expect.stringContaining("All is well.")]);
    expect(await putSecrets(account)).toEqual(GIVEN);
    expect(output).not.toContain(KEY);
    expect(output).not.toContain(GIVEN.CLIENT_SECRET_KEY);
    expect(worker.askers).toEqual([`Bearer ${KEY}`]);
    expect(await account.commands()).toContain("deploy");
  });

  it("fails where the doctor finds a fault, once it has deployed", async () => {
    const account = await openAccount();
    const worker = await startFakeWorker(KEY, { signed: 403 });
    open.push(worker);
    const { status, output } = await account.run("deploy.ts", [], { ...GIVEN, PUBLIC_URL: worker.url });
    expect(status).toBe(1);
    expect(output).toContain("✗ stripe: from outside  A signed webhook got 403");
    expect(await account.commands()).toContain("deploy");
  });

  it("fails where wrangler is not signed in", async () => {
    const account = await openAccount({ signedIn: false });
    const { status, output } = await account.run("deploy.ts");
    expect([status, output.trim()]).toEqual([
      1,
      "Wrangler is not signed in: npx wrangler login, or set CLOUDFLARE_API_TOKEN.",
    ]);
    expect(await account.commands()).toEqual(["whoami --json"]);
  });

  it("goes on in Cloudflare's own builds, which may get the secrets later", async () => {
    const account = await openAccount();
    const { output } = await account.run("deploy.ts", [], { WORKERS_CI: "1" });
    expect(output).toContain("Missing: PUBLIC_URL");
    expect(await account.commands()).toContain("deploy");
  });
});

describe("npm run deploy -- --dry-run", () => {
  it("needs no account, and says how large the Worker is", async () => {
    const account = await openAccount({ signedIn: false });
    const { status, output } = await account.run("deploy.ts", ["--dry-run"]);
    expect([status, output]).toEqual([0, "Built: 12.34 KiB, 5.67 KiB compressed. Nothing was deployed.\n"]);
    expect(await account.commands()).toEqual(["deploy --dry-run"]);
  });

  it("says why it cannot be built", async () => {
    const account = await openAccount({ fails: "deploy" });
    const { status, output } = await account.run("deploy.ts", ["--dry-run"]);
    expect([status, output]).toEqual([
      1,
      expect.stringContaining("It cannot be built.\nX [ERROR] it failed"),
    ]);
  });

  it("does not deploy for a slip of the pen", async () => {
    const account = await openAccount();
    const { status, output } = await account.run("deploy.ts", ["--dryrun"]);
    expect([status, output]).toEqual([1, "Usage: npm run deploy -- [--dry-run] [--sandbox]\n"]);
    expect(await account.commands()).toEqual([]);
  });
});
