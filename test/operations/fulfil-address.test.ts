/** A shop's address that misbehaves: each attempt ends, in time, and keeps nothing of what the shop said. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Services } from "../../src/services.ts";
import {
  createPending,
  createSystem,
  deliver,
  dumpTables,
  emptyTables,
  read,
  replaceServices,
  type System,
  selectRow,
} from "../support/system.ts";

beforeEach(async () => {
  await emptyTables();
  vi.restoreAllMocks();
});

const rowOf = (id: string) =>
  selectRow<{ attempts: number; next_attempt_at: number | null; last_error: string | null }>(
    "SELECT attempts, next_attempt_at, delivered_at, last_error FROM deliveries WHERE transaction_id = ?",
    id,
  );

async function succeed(system: System): Promise<string> {
  const { id } = await createPending(system);
  await deliver(system, system.gateway.callback(id, "success"));
  await system.settle();
  return id;
}

/** The shop's 15 seconds pass in half a second. */
function shortenTimeout() {
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  return vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => timeout(ms === 15_000 ? 500 : ms));
}

/** A body that never ends, and notes how much of it was wanted. */
function endlessBody() {
  const seen = { pulled: 0, canceled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        seen.pulled += 1;
        controller.enqueue(new TextEncoder().encode("the shop's own words "));
      },
      cancel() {
        seen.canceled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { seen, body };
}

describe("fulfil, where the shop is an address", () => {
  it.each([
    ["heeds the time-out", true],
    ["does not even heed the time-out", false],
  ])("ends an attempt after 15 s at one that hangs and %s", async (_, heeds) => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const asked = shortenTimeout();
    const fetch: Services["fetch"] = (request) =>
      new Promise((_resolve, reject) => {
        request.signal.addEventListener("abort", () => heeds && reject(request.signal.reason));
      });
    replaceServices(system, { fetch });
    await deliver(system, system.gateway.callback(id, "success"));
    await system.settle();
    expect(asked).toHaveBeenLastCalledWith(15_000);
    const row = await rowOf(id);
    expect(row).toMatchObject({ attempts: 1, delivered_at: null });
    expect(row?.last_error).toMatch(/^TimeoutError: .{1,100}$/);
    expect(row?.next_attempt_at).not.toBeNull();
  });

  it("holds up no other delivery and no reconciliation of the same tick", async () => {
    const system = await createSystem();
    system.shop.answer = () => new Response(null, { status: 500 });
    const paid = [await succeed(system), await succeed(system), await succeed(system)];
    const { id: open } = await createPending(system);
    system.gateway.settle(open, "success");
    system.shop.answer = () => new Response(null, { status: 204 });
    shortenTimeout();
    const fetch: Services["fetch"] = async (request) =>
      (await request.clone().text()).includes(paid[0] ?? "")
        ? new Promise<Response>(() => undefined)
        : system.shop.fetch(request);
    replaceServices(system, { fetch });
    system.advance(60_000);
    await system.tick();
    await system.settle();
    expect(await rowOf(paid[0] ?? "")).toMatchObject({ attempts: 2, delivered_at: null });
    for (const id of [...paid.slice(1), open]) {
      expect(await rowOf(id)).toMatchObject({ delivered_at: expect.any(Number) });
    }
    expect(await read(system, open)).toMatchObject({ status: "succeeded" });
  });

  it.each([200, 302, 410, 500])("wants the status %i alone, and lets go of the body", async (status) => {
    const system = await createSystem();
    const { seen, body } = endlessBody();
    const headers = { "x-note": "the shop's own words", location: "https://shop.example/own-words" };
    replaceServices(system, { fetch: async () => new Response(body, { status, headers }) });
    const id = await succeed(system);
    expect(seen).toEqual({ pulled: 0, canceled: true });
    const failed = { attempts: 1, delivered_at: null, last_error: `HTTP ${status}` };
    expect(await rowOf(id)).toMatchObject(status === 200 ? { attempts: 0, last_error: null } : failed);
    expect(await dumpTables()).not.toMatch(/own.words/);
  });

  it("takes 2xx for delivered, also when the rest of the answer breaks off", async () => {
    const system = await createSystem();
    const broken = new ReadableStream({
      cancel() {
        throw new Error("connection reset");
      },
    });
    replaceServices(system, { fetch: async () => new Response(broken, { status: 200 }) });
    const id = await succeed(system);
    expect(await rowOf(id)).toMatchObject({ attempts: 0, next_attempt_at: null, last_error: null });
  });

  it.each([
    ["a long reason", new TypeError("x".repeat(5000)), /^TypeError: no answer$/],
    ["an address", new TypeError("cannot load: https://shop.example/?key=own"), /^TypeError: no answer$/],
    ["what is no error", "the shop's own words", /^Error: no answer$/],
  ])("says nothing of %s", async (_, thrown, expected) => {
    const system = await createSystem();
    replaceServices(system, { fetch: () => Promise.reject(thrown) });
    expect((await rowOf(await succeed(system)))?.last_error).toMatch(expected);
  });
});
