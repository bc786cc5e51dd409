/** From the gateway's callback to the browser: how long the news takes, what it weighs, and what each open socket holds. */

import { readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { quantile } from "./quantile.ts";
import { PEERS } from "./servers.ts";
import type { Payment, Subject, Watcher } from "./subjects.ts";

const RATES = [20, 50];
const ROUNDS = 2;
const SECONDS = 5;
/** Opened or made at once. */
const AT_ONCE = 20;
const PATIENCE_MS = 30_000;

export interface Latency {
  readonly subject: string;
  /** Callbacks a second. */
  readonly rate: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly lost: number;
}

/** In turns, as the throughput is. */
export async function measureLatency(subjects: readonly Subject[]): Promise<Latency[]> {
  const rows: Latency[] = [];
  for (const rate of RATES) {
    const times = new Map(subjects.map(({ name }) => [name, [] as number[]]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const subject of subjects) {
        times.get(subject.name)?.push(...(await tell(subject, rate)));
      }
    }
    for (const [subject, all] of times) {
      const known = all.filter(Number.isFinite);
      const [p50Ms, p99Ms] = [quantile(known, 0.5), quantile(known, 0.99)];
      rows.push({ subject, rate, p50Ms, p99Ms, lost: all.length - known.length });
    }
  }
  return rows;
}

/** @returns milliseconds from each callback's departure to the browser's message; Infinity where none came */
async function tell(subject: Subject, rate: number): Promise<number[]> {
  const arrivals = new Map<string, number>();
  const watched = await openMany(subject, rate * SECONDS, (id, status) => {
    if (status !== "pending") {
      arrivals.set(id, performance.now());
    }
  });
  const departures = new Map<string, number>();
  const started = performance.now();
  const answers: Promise<void>[] = [];
  for (const [index, { payment }] of watched.entries()) {
    await sleep(Math.max(0, started + (index * 1000) / rate - performance.now()));
    departures.set(payment.id, performance.now());
    answers.push(subject.pay(payment));
  }
  await Promise.all(answers);
  await until(() => arrivals.size === watched.length);
  for (const { watcher } of watched) {
    watcher.close();
  }
  return [...departures].map(([id, at]) => (arrivals.get(id) ?? Number.POSITIVE_INFINITY) - at);
}

interface Watched {
  readonly payment: Payment;
  readonly watcher: Watcher;
}

async function openMany(
  subject: Subject,
  count: number,
  onStatus: (id: string, status: string) => void,
): Promise<Watched[]> {
  return inParallel(count, async () => {
    const payment = await subject.create();
    return { payment, watcher: await subject.watch(payment, (status) => onStatus(payment.id, status)) };
  });
}

async function inParallel<T>(count: number, make: () => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  let begun = 0;
  const worker = async () => {
    while (begun < count) {
      begun += 1;
      made.push(await make());
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return made;
}

async function until(isDone: () => boolean): Promise<void> {
  for (const limit = Date.now() + PATIENCE_MS; !isDone() && Date.now() < limit; ) {
    await sleep(5);
  }
}

const IDLE_MS = 15_000;

export interface Memory {
  readonly subject: string;
  readonly sockets: number;
  /** Resident memory of the server for each; null where the system does not tell. */
  readonly bytesPerSocket: number | null;
}

/** Sockets of a payment each, that nothing happens to. What their payments leave behind is counted with them. */
export async function measureMemory(subject: Subject, sockets: number): Promise<Memory> {
  // So that what the server holds anyway is there before.
  await inParallel(200, () => subject.create());
  const before = subject.memory();
  const watched = await openMany(subject, sockets, () => undefined);
  // An object whose sockets are quiet goes to sleep after ten seconds.
  await sleep(IDLE_MS);
  const after = subject.memory();
  for (const { watcher } of watched) {
    watcher.close();
  }
  const bytesPerSocket = before !== null && after !== null ? Math.round((after - before) / sockets) : null;
  return { subject: subject.name, sockets, bytesPerSocket };
}

export interface Crowd {
  readonly sockets: number;
  /** From the callback to the first and to the last of them. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly lost: number;
}

/** Many who watch one payment. */
export async function measureCrowd(subject: Subject, sockets: number): Promise<Crowd> {
  const payment = await subject.create();
  const arrivals: number[] = [];
  const watchers = await inParallel(sockets, () =>
    subject.watch(payment, (status) => {
      if (status !== "pending") {
        arrivals.push(performance.now());
      }
    }),
  );
  const started = performance.now();
  await subject.pay(payment);
  await until(() => arrivals.length === sockets);
  for (const watcher of watchers) {
    watcher.close();
  }
  const [firstMs = Number.NaN, lastMs = Number.NaN] = [arrivals.at(0), arrivals.at(-1)].map(
    (at) => (at ?? Number.NaN) - started,
  );
  return { sockets, firstMs, lastMs, lost: sockets - arrivals.length };
}

export interface Weight {
  readonly subject: string;
  /** The browser's library, minified. */
  readonly libraryBytes: number;
  readonly libraryGzipBytes: number;
  /** All that the server sends over the line for one payment's socket: the upgrade, the present state and one change. */
  readonly socketBytes: number;
}

export async function weighOurs(subject: Subject): Promise<Weight> {
  const library = Buffer.from(await (await fetch(`${subject.url}/client.js`)).arrayBuffer());
  return weigh(subject, library);
}

export async function weighPeer(subject: Subject): Promise<Weight> {
  return weigh(subject, readFileSync(join(PEERS, "node_modules/socket.io-client/dist/socket.io.esm.min.js")));
}

async function weigh(subject: Subject, library: Buffer): Promise<Weight> {
  const line = await countingLine(Number(new URL(subject.url).port));
  const payment = await subject.create();
  let isPaid = false;
  const onStatus = (status: string) => {
    isPaid = status !== "pending";
  };
  const watcher = await subject.watch(payment, onStatus, line.url);
  await subject.pay(payment);
  await until(() => isPaid);
  const socketBytes = line.bytes();
  watcher.close();
  line.close();
  return {
    subject: subject.name,
    libraryBytes: library.length,
    libraryGzipBytes: gzipSync(library, { level: 9 }).length,
    socketBytes,
  };
}

/** A line to the server that counts what comes back over it. */
async function countingLine(port: number) {
  let bytes = 0;
  const server = createServer((socket) => {
    const far = connect({ port, host: "localhost" });
    far.on("data", (chunk) => {
      bytes += chunk.length;
    });
    for (const end of [socket, far]) {
      end.on("error", () => end.destroy());
    }
    socket.pipe(far).pipe(socket);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port: own } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${own}`, bytes: () => bytes, close: () => server.close() };
}
