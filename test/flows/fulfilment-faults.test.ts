/** A shop's server that misbehaves on the wire: each attempt ends within its 15 seconds, and delays nobody else. */
import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApi } from "./support/api.ts";
import { eventually } from "./support/eventually.ts";
import { FakeGateway } from "./support/fake-gateway.ts";
import { type RunningServer, serve } from "./support/http-server.ts";
import { gatewayVariables, type System, shopVariables, startSystem } from "./support/system.ts";

const SECOND = 1_000;
/** The shop's 15 seconds, and what a busy machine takes. */
const LIMIT_MS = 25 * SECOND;

const QUICK_MS = 10 * SECOND;

/** What the order's shop does, and why its attempt has failed; null where it has not. */
const FAULTS: Readonly<Record<string, { act: (response: ServerResponse) => void; reason: string | null }>> = {
  "takes it": { act: (response) => void response.writeHead(204).end(), reason: null },
  redirects: {
    act: (response) => void response.writeHead(302, { location: "http://127.0.0.1:9/own-words" }).end(),
    reason: "HTTP 302",
  },
  "breaks off": { act: (response) => void response.socket?.destroy(), reason: "Error" },
  "speaks no HTTP": { act: (response) => void response.socket?.end("own words\r\n\r\n"), reason: "Error" },
  "drips the body of a refusal": {
    act: (response) => drip(response, "HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n", "1\r\nx\r\n"),
    reason: "HTTP 500",
  },
  "drips the body of a success": {
    act: (response) => drip(response, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "1\r\nx\r\n"),
    reason: null,
  },
  hangs: { act: () => undefined, reason: "TimeoutError" },
  "drips its head": {
    act: (response) => drip(response, "HTTP/1.1 200 OK\r\n", "x-drip: x\r\n"),
    reason: "TimeoutError",
  },
};

/** When the connection of a fault was closed, by whichever side. */
const closed = new Map<string, number>();

function drip(response: ServerResponse, head: string, drop: string): void {
  const { socket } = response;
  socket?.write(head);
  const drops = setInterval(() => socket?.write(drop), SECOND / 2);
  socket?.on("close", () => clearInterval(drops));
  socket?.on("error", () => clearInterval(drops));
}

interface Listed {
  readonly transaction_id: string;
  readonly status: string;
  readonly attempts: number;
  readonly last_error: string | null;
}

describe("a shop's server", () => {
  let system: System;
  let shop: RunningServer;
  let gateway: FakeGateway;
  const ids = new Map<string, string>();
  let started: number;

  beforeAll(async () => {
    shop = await serve(({ body }, response) => {
      const { data } = JSON.parse(body) as { data: { metadata: { fault: string } } };
      response.socket?.on("close", () => closed.set(data.metadata.fault, Date.now()));
      FAULTS[data.metadata.fault]?.act(response);
    });
    gateway = await FakeGateway.start();
    const vars = { ...shopVariables, ...gatewayVariables(gateway.url), FULFILMENT_URL: `${shop.url}/hooks` };
    system = await startSystem({ vars });
    const api = createApi(system.url);
    for (const fault of Object.keys(FAULTS)) {
      const { id } = await api.start({ metadata: { fault } });
      ids.set(fault, id);
    }
    started = Date.now();
    await Promise.all([...ids.values()].map((id) => gateway.tell(id, "success")));
  });
  afterAll(async () => {
    await system?.stop();
    await shop?.close();
    await gateway?.stop();
  });

  const listed = async (fault: string): Promise<Listed | undefined> => {
    const { body } = await createApi(system.url).call<{ data: Listed[] }>("/deliveries?limit=100");
    return body.data.find(({ transaction_id }) => transaction_id === ids.get(fault));
  };

  it.each(Object.entries(FAULTS))("that %s ends an attempt in time", async (fault, { reason }) => {
    const delivery = await eventually(async () => {
      const found = await listed(fault);
      expect((found?.attempts ?? 0) > 0 || found?.status === "delivered").toBe(true);
      return found;
    }, LIMIT_MS);
    expect(Date.now() - started).toBeLessThan(reason === "TimeoutError" ? LIMIT_MS : QUICK_MS);
    expect(delivery?.last_error?.split(":")[0] ?? null).toBe(reason);
    expect(delivery?.last_error ?? "").not.toMatch(/own|127\.0\.0\.1|hooks/);
    expect(delivery?.status).toBe(reason === null ? "delivered" : "owed");
  });

  it.each(["drips the body of a refusal", "drips the body of a success"])(
    "that %s is hung up on",
    async (fault) => {
      const at = await eventually(() => closed.get(fault) ?? expect.unreachable("the connection is open"));
      expect(at - started).toBeLessThan(QUICK_MS);
    },
  );
});
