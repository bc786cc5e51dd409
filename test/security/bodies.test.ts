/** S9: a body of any size, told or not, true or not: read up to its route's limit and no further. */
import { describe, expect, it, vi } from "vitest";
import { app } from "../../src/http/app.ts";
import { openConsole } from "../support/operator.ts";
import { API_KEY, createPending, ORIGIN, type System } from "../support/system.ts";
import { digestTables } from "./books.ts";

const KIB = 1024;
const CHUNK = 4 * KIB;

/** Without end, until nobody reads on; counts what was taken. */
function endless() {
  const taken = { bytes: 0 };
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      taken.bytes += CHUNK;
      controller.enqueue(new Uint8Array(CHUNK).fill(120));
    },
  });
  return { body, taken };
}

/** Of a route: how much it may read at most. The console's forms are small, the webhooks of vendors are not. */
function limitOf(path: string): number {
  const [, room = ""] = path.split("/");
  return { console: 16, webhooks: 256 }[room] ?? 64;
}

const writes = [
  ...new Set(app.routes.filter(({ method }) => !["ALL", "GET"].includes(method)).map(({ path }) => path)),
];

async function open() {
  const { system, operator } = await openConsole();
  const { id } = await createPending(system);
  const cookie = [...operator.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const send = (path: string, body: BodyInit | null, headers: Record<string, string>) => {
    const address = path.replace(":id", id).replace(":gateway", "generic").replace(":deed", "cancel");
    const common = {
      ...{ authorization: `Bearer ${API_KEY}`, cookie, origin: ORIGIN, "sec-fetch-site": "same-origin" },
      "content-type": "application/x-www-form-urlencoded",
    };
    const init = { method: "POST", headers: { ...common, ...headers }, body };
    return system.fetch(new Request(`${ORIGIN}${address.replace(":key", "W10")}`, init));
  };
  return { system, send };
}

async function expectUntouched(system: System, before: object): Promise<void> {
  await system.settle();
  expect(await digestTables()).toEqual(before);
}

/** 20 kB that would be 20 MB. */
async function makeBomb(): Promise<ArrayBuffer> {
  const zeros = new Blob([new Uint8Array(20 * KIB * KIB)]).stream();
  return new Response(zeros.pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
}

describe("S9: every route with a body", () => {
  let bomb: ArrayBuffer | undefined;

  it("is in the router's own list", () => {
    expect(writes.length).toBeGreaterThan(20);
  });

  it.each(writes)("reads no more than its limit, whatever is said of the length: POST %s", async (path) => {
    const { system, send } = await open();
    const before = await digestTables();
    const limit = limitOf(path) * KIB;
    // Nobody is told there how long it will be.
    const pieces = endless();
    expect((await send(path, pieces.body, {})).status).toBe(413);
    expect(pieces.taken.bytes).toBeGreaterThan(limit);
    expect(pieces.taken.bytes).toBeLessThanOrEqual(limit + 64 * KIB);
    // A lie: short by its header, and endless; or no number at all.
    for (const lie of ["10", "0", "-1", "nonsense", "1e1", "0x10", ""]) {
      const { body, taken } = endless();
      expect([lie, (await send(path, body, { "content-length": lie })).status]).toEqual([lie, 413]);
      expect(taken.bytes).toBeLessThanOrEqual(limit + 64 * KIB);
    }
    // The truth, and nothing of it needs to be read; also where it is to come in pieces.
    for (const more of [{}, { "transfer-encoding": "chunked" }] as Record<string, string>[]) {
      const { body, taken } = endless();
      const told = { "content-length": String(100 * KIB * KIB), ...more };
      expect((await send(path, body, told)).status).toBe(413);
      expect(taken.bytes).toBeLessThanOrEqual(2 * CHUNK);
    }
    await expectUntouched(system, before);
  });

  it.each(writes)(
    "calls what breaks off the caller's fault, and no failure of ours: POST %s",
    async (path) => {
      const { system, send } = await open();
      const before = await digestTables();
      const failures = vi.spyOn(console, "error").mockImplementation(() => undefined);
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          controller.enqueue(new Uint8Array(10).fill(120));
          controller.error(new TypeError("connection lost"));
        },
      });
      expect((await send(path, body, { "content-length": "100" })).status).toBe(400);
      expect(failures.mock.calls).toEqual([]);
      failures.mockRestore();
      await expectUntouched(system, before);
    },
  );

  it.each(writes.filter((path) => !path.startsWith("/console")))(
    "takes what it is given for what it is, not for what it is said to be packed as: POST %s",
    async (path) => {
      const { system, send } = await open();
      const before = await digestTables();
      bomb ??= await makeBomb();
      expect(bomb.byteLength).toBeLessThan(64 * KIB);
      const { status } = await send(path, bomb, { "content-encoding": "gzip" });
      // Some have no use for a body.
      const careless = /\/(cancel|probes)$/.test(path);
      expect(careless ? [200] : [400, 401, 404]).toContain(status);
      if (!careless) {
        await expectUntouched(system, before);
      }
    },
  );
});
