/** `npm run doctor` before a running system: nothing to say where all is well, and what to do where something broke. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "./support/http-server.ts";
import { GATEWAY_API_KEY, type System, shopVariables, startSystem } from "./support/system.ts";
import { startWorld, type World } from "./support/world.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const random = () => randomBytes(32).toString("base64");

/** Random, as in a real deployment: the doctor knows the visibly fake ones of the other tests for what they are. */
const KEY = random();
const SECRETS = {
  API_KEYS: KEY,
  CLIENT_SECRET_KEY: random(),
  FULFILMENT_SECRET: `whsec_${random()}`,
  CONSOLE_PASSWORD: random(),
};
const GENERIC_GATEWAY_WEBHOOK_SECRET = `whsec_${random()}`;

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

function runDoctor(url: string, key: string): Promise<Ended> {
  return new Promise((done) => {
    const child = spawn("node", ["scripts/doctor.ts", "--url", url, "--key", key], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, PATH: `${join(ROOT, "node_modules/.bin")}:${process.env.PATH ?? ""}` },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString("utf8");
      });
    }
    child.on("close", (status) => done({ status, output }));
  });
}

const wrong = (output: string) => output.split("\n").filter((line) => /^[!✗]/.test(line));

describe("npm run doctor", () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld({ ...SECRETS, GENERIC_GATEWAY_WEBHOOK_SECRET, SANDBOX: "on" });
    await world.system.tick();
  });
  afterAll(() => world?.stop());

  const examine = () => runDoctor(world.system.url, KEY);

  it("finds nothing wrong with a system that is well, and tells no secret", async () => {
    const { status, output } = await examine();
    // The one of the gateway is the fake's own.
    expect(wrong(output)).toEqual([expect.stringContaining("GENERIC_GATEWAY_API_KEY looks like an example")]);
    expect(status).toBe(0);
    for (const check of ["generic", "sandbox"]) {
      expect(output).toMatch(new RegExp(`✓ ${check}: reached +It knows our keys`));
      expect(output).toMatch(new RegExp(`✓ ${check}: way in +A signed webhook is taken`));
      expect(output).toMatch(new RegExp(`✓ ${check}: from outside +A signed webhook is taken, a forged one`));
    }
    expect(output).toMatch(/✓ generic: clock +Its clock and ours agree/);
    for (const secret of [...Object.values(SECRETS), GENERIC_GATEWAY_WEBHOOK_SECRET, GATEWAY_API_KEY]) {
      expect(output).not.toContain(secret);
    }
  });

  it("leaves nothing behind", async () => {
    await examine();
    const inbox = await world.api.call("/inbox", { bearer: KEY });
    expect(inbox.body).toMatchObject({ data: [] });
    expect(world.shop.deliveries).toEqual([]);
    expect(world.gateway.sessions.size).toBe(0);
    // Its own forgeries are no reason to warn the next time.
    expect((await examine()).output).toMatch(/✓ generic: webhooks +None has changed a payment yet/);
  });

  it("says what to do where the gateway does not answer, and fails", async () => {
    world.gateway.behave("down");
    const { status, output } = await examine();
    world.gateway.recover();
    expect(status).toBe(1);
    expect(output).toMatch(
      /✗ generic: reached +No payment can begin: the gateway could not be reached\.\n +→ .*GENERIC_GATEWAY_URL/,
    );
  });

  it("says what to do where the key is a wrong one", async () => {
    const { status, output } = await runDoctor(world.system.url, "key_visibly_fake_and_wrong_00000");
    expect([status, output]).toEqual([
      1,
      expect.stringMatching(/✗ api key .*does not know it\.\n +→ .*--key/),
    ]);
  });
});

describe("npm run doctor, where PUBLIC_URL leads nowhere", () => {
  let system: System;

  beforeAll(async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    system = await startSystem({
      vars: { ...shopVariables, ...SECRETS, SANDBOX: "on", PUBLIC_URL: nowhere, FULFILMENT_URL: "" },
    });
  });
  afterAll(() => system?.stop());

  it("says what to do, for no gateway would reach it", async () => {
    const { status, output } = await runDoctor(system.url, KEY);
    expect(status).toBe(1);
    expect(output).toMatch(/! address +Gateways and buyers are told http:\/\/127\.0\.0\.1/);
    expect(output).toMatch(
      /✗ sandbox: from outside +http:\/\/127\.0\.0\.1:\d+\/webhooks\/sandbox cannot be reached.*\n +→ .*PUBLIC_URL/,
    );
    expect(output).toMatch(/! fulfilment +Nobody is told.*\n +→ Set FULFILMENT_URL/);
    expect(output).toMatch(/✓ origins +https:\/\/shop\.example/);
  });
});
