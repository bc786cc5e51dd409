/** What the fake parties share: a server on loopback that hands each request over with its body read. */
import { randomInt } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly method: string;
  readonly path: string;
  /** With its question mark; empty where there is none. */
  readonly search: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Handler = (received: Received, response: ServerResponse) => void | Promise<void>;

export interface RunningServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function serve(handler: Handler): Promise<RunningServer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
    });
    request.on("end", () => {
      const { pathname: path, search } = new URL(request.url ?? "/", "http://fake.invalid");
      const received = {
        method: request.method ?? "",
        path,
        search,
        headers: request.headers,
        body: Buffer.concat(chunks).toString("utf8"),
      };
      Promise.resolve(handler(received, response)).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : new Error(String(error)));
      });
    });
  });
  const port = await listen(server, 0);
  return { url: `http://127.0.0.1:${port}`, close: () => close(server) };
}

/** Above 10080, which browsers refuse. */
const FIRST_PORT = 12_000;
const PORTS_OF_A_WORKER = 4000;
const WORKERS = 5;
const given = new Set<number>();

/**
 * A port that is free, and this worker's own: below those that the system gives out, and each worker of the tests has a
 * range to itself. While a system is killed and started again its port is free, and must not become another test's.
 */
export async function freePort(): Promise<number> {
  const first = FIRST_PORT + (Number(process.env.VITEST_POOL_ID ?? 0) % WORKERS) * PORTS_OF_A_WORKER;
  for (let tries = 0; tries < PORTS_OF_A_WORKER; tries += 1) {
    const port = first + randomInt(PORTS_OF_A_WORKER);
    if (!given.has(port) && (await isFree(port))) {
      given.add(port);
      return port;
    }
  }
  throw new Error("there is no free port");
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await listen(server, port);
    await close(server);
    return true;
  } catch {
    return false;
  }
}

export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
