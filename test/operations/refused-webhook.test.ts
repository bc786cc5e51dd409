/** A webhook that is refused is kept in mind for the operator: when, and why in our own words; and not each of a flood. */
import { beforeEach, describe, expect, it } from "vitest";
import { type Gateway, GatewayError, type GatewayErrorKind } from "../../src/gateways/gateway.ts";
import { PROBE_HEADER, probeMark } from "../../src/operations/probe-mark.ts";
import { breakD1 } from "../support/faulty-d1.ts";
import { createPaid } from "../support/money.ts";
import {
  createPending,
  createSystem,
  deliver,
  dumpTables,
  emptyTables,
  ORIGIN,
  replaceServices,
  replaceStore,
  type System,
} from "../support/system.ts";

beforeEach(emptyTables);

const MINUTE = 60_000;
const CANARY = "ada.canary@example.com";
let names = 0;

interface Refusing {
  readonly system: System;
  /** What its gateways throw. */
  fault: Error;
  readonly names: readonly [string, string];
  /** How often something was written. */
  readonly writes: () => number;
  at(ms: number): void;
  send(name?: string, headers?: Readonly<Record<string, string>>): Promise<number>;
}

/** Gateways that nobody has heard of: how often one is noted is remembered by the isolate. */
async function withRefusals(): Promise<Refusing> {
  const system = await createSystem();
  const generic = system.services.gateways.get("generic") ?? expect.unreachable("the gateway is there");
  const start = Date.now();
  let [time, writes] = [start, 0];
  names += 1;
  const pair = [`one-${names}`, `two-${names}`] as const;
  const refusing: Refusing = {
    ...{ system, names: pair, fault: new GatewayError("unverified", "the signature does not verify") },
    writes: () => writes,
    at: (ms) => {
      time = start + ms;
    },
    send: async (name = pair[0], headers = {}) => {
      const body = JSON.stringify({ email: CANARY });
      const response = await system.fetch(
        new Request(`${ORIGIN}/webhooks/${name}`, { method: "POST", headers, body }),
      );
      await response.text();
      await system.settle();
      return response.status;
    },
  };
  const refuse = (id: string): Gateway => ({
    ...generic,
    id,
    readWebhook: () => Promise.reject(refusing.fault),
  });
  const { noteBadWebhook } = system.services.store;
  replaceStore(system, {
    noteBadWebhook: (...all) => {
      writes += 1;
      return noteBadWebhook(...all);
    },
  });
  const gateways = new Map([["generic", generic], ...pair.map((id) => [id, refuse(id)] as const)]);
  replaceServices(system, { gateways, wallClock: () => time });
  return refusing;
}

const health = async ({ system }: Refusing) => system.services.store.listGatewayHealth();

describe("receiveWebhook, of one that is refused", () => {
  it.each<[GatewayErrorKind, number, boolean]>([
    ["unverified", 401, true],
    ["malformed", 400, true],
    ["unavailable", 503, false],
    ["unknown", 503, false],
    ["rejected", 503, false],
  ])("notes when and why, where it is %s", async (kind, status, isNoted) => {
    const refusing = await withRefusals();
    refusing.fault = new GatewayError(kind, "in our words");
    expect(await refusing.send()).toBe(status);
    const [gateway] = refusing.names;
    const bad = { badAt: expect.any(Number), badReason: "in our words" };
    expect(await health(refusing)).toEqual(
      isNoted ? [{ ...{ gateway, goodAt: null, goodSecret: null, skewMs: null }, ...bad }] : [],
    );
  });

  it("keeps nothing of what it said", async () => {
    const refusing = await withRefusals();
    await refusing.send();
    const dump = await dumpTables();
    expect(dump).not.toContain(CANARY);
    expect(dump).toContain("the signature does not verify");
  });

  it("writes once a minute for each gateway, however many come", async () => {
    const refusing = await withRefusals();
    await Promise.all(Array.from({ length: 20 }, () => refusing.send()));
    expect(refusing.writes()).toBe(1);
    refusing.at(MINUTE - 1);
    await refusing.send();
    expect(refusing.writes()).toBe(1);
    refusing.at(MINUTE);
    await refusing.send();
    expect(refusing.writes()).toBe(2);
    const [first, second] = refusing.names;
    await refusing.send(second);
    expect(refusing.writes()).toBe(3);
    refusing.at(2 * MINUTE);
    await Promise.all([refusing.send(first), refusing.send(second), refusing.send(first)]);
    expect(refusing.writes()).toBe(5);
    expect((await health(refusing)).map(({ gateway }) => gateway).sort()).toEqual([first, second].sort());
  });

  it("notes a forgery that only claims to be the doctor's, and none of the doctor's own", async () => {
    const refusing = await withRefusals();
    const [claiming, own] = refusing.names;
    expect(await refusing.send(claiming, { [PROBE_HEADER]: "forged" })).toBe(401);
    expect(await refusing.send(own, { [PROBE_HEADER]: await probeMark(refusing.system.services) })).toBe(401);
    expect((await health(refusing)).map(({ gateway }) => gateway)).toEqual([claiming]);
  });

  it("answers as ever where it cannot be noted", async () => {
    const refusing = await withRefusals();
    const trouble = breakD1(refusing.system, () => "before", { message: "D1_ERROR: the disk is full" });
    expect(await refusing.send()).toBe(401);
    expect(trouble.count()).toBe(1);
  });

  it("notes nothing of a fault of ours", async () => {
    const refusing = await withRefusals();
    refusing.fault = new RangeError("ours");
    expect(await refusing.send()).toBe(500);
    expect(await health(refusing)).toEqual([]);
  });
});

describe("receiveWebhook, of one that is good", () => {
  it("keeps what it said without what may be somebody's", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const changes = { event_id: "evt_1", buyer: { email: CANARY }, note: CANARY, name: "Ada" };
    expect(await deliver(system, system.gateway.callback(id, "success", changes))).toBe("applied");
    const [row] = await system.services.store.listInbox("applied", undefined, 5);
    expect(JSON.parse(row?.raw ?? "")).toMatchObject({
      ...{ event_id: "evt_1", transaction_id: id, status: "success", amount: 1999, currency: "USD" },
      ...{ buyer: "…", note: "…", name: "…" },
    });
    expect(await dumpTables()).not.toContain(CANARY);
  });

  it("keeps the whole of a payment's own words out of the inbox, at each outcome", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    for (const [status, amount] of [
      ["pending", 1999],
      ["success", 5],
    ] as const) {
      await deliver(system, system.gateway.callback(id, status, { amount, comment: CANARY }));
    }
    await deliver(
      system,
      system.gateway.callback("txn_00000000000000000000000000", "success", { comment: CANARY }),
    );
    const rows = await system.services.store.listInbox(undefined, undefined, 9);
    expect(rows.map(({ outcome }) => outcome).sort()).toEqual(["applied", "ignored", "ignored", "parked"]);
    expect(rows.every(({ raw }) => raw !== null)).toBe(true);
    expect(await dumpTables()).not.toContain(CANARY);
  });
});
