/** The client library as it is published, in Node, against the real thing: `dist/client` is what `npm run build` made. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Api, createApi, type Transaction } from "./support/api.ts";
import { eventually } from "./support/eventually.ts";
import { FakeGateway } from "./support/fake-gateway.ts";
import { freePort } from "./support/http-server.ts";
import { type Network, startNetwork } from "./support/network.ts";
import {
  createDirectory,
  gatewayVariables,
  removeDirectory,
  type System,
  shopVariables,
  startSystem,
} from "./support/system.ts";

const LIBRARY = pathToFileURL(join(import.meta.dirname, "../../dist/client/index.js")).href;
/** A socket that was cut comes back within 16 s; three that fail in a row take 6 s, and the next tries 8, 16 and 30 s. */
const PATIENCE_MS = 45_000;
vi.setConfig({ testTimeout: 150_000 });

interface State {
  readonly transaction_id: string;
  readonly status: string;
  readonly version: number;
  readonly final: boolean;
}

interface Library {
  watchTransaction(options: {
    readonly url: string;
    readonly id: string;
    readonly clientSecret: string;
    readonly onChange: (state: State) => void;
    readonly onError?: (error: unknown) => void;
  }): { close(): void };
  readonly TransactionRefusedError: new (...parts: never[]) => Error;
}

let library: Library;
let gateway: FakeGateway;
let system: System;
let api: Api;
let directory: string;
let start: () => Promise<System>;
const networks: Network[] = [];
const watches: { close(): void }[] = [];

beforeAll(async () => {
  library = (await import(/* @vite-ignore */ LIBRARY)) as Library;
  gateway = await FakeGateway.start();
  directory = await createDirectory();
  const port = await freePort();
  const vars = { ...shopVariables, ...gatewayVariables(gateway.url) };
  start = () => startSystem({ vars, port, directory });
  system = await start();
  api = createApi(system.url);
});
afterAll(async () => {
  for (const watch of watches) {
    watch.close();
  }
  await Promise.all(networks.map((network) => network.stop()));
  await system?.stop();
  await gateway?.stop();
  await removeDirectory(directory);
});

async function network(): Promise<Network> {
  const started = await startNetwork(system.url);
  networks.push(started);
  return started;
}

interface Watched {
  readonly told: State[];
  readonly errors: unknown[];
  /** Until the last that was told has this status. */
  shows(status: string): Promise<void>;
}

function watch(url: string, { id, client_secret }: Transaction): Watched {
  const told: State[] = [];
  const errors: unknown[] = [];
  const options = { url, id, clientSecret: client_secret };
  watches.push(
    library.watchTransaction({
      ...options,
      onChange: (state) => told.push(state),
      onError: (error) => errors.push(error),
    }),
  );
  return {
    told,
    errors,
    shows: (status) =>
      eventually(() => {
        expect(told.at(-1)?.status).toBe(status);
      }, PATIENCE_MS),
  };
}

/** Each version once, none after a newer one, and one final state. */
function expectOneStory({ told, errors }: Watched): void {
  const versions = told.map(({ version }) => version);
  expect(versions).toEqual([...new Set(versions)].sort((one, other) => one - other));
  expect(told.filter(({ final }) => final)).toHaveLength(1);
  expect(errors).toEqual([]);
}

describe.concurrent("watchTransaction in Node", () => {
  it("is told by a socket, shows its secret in a header, and lets the process end when it is closed", async () => {
    const { url, passed } = await network();
    const transaction = await api.start();
    const options = { url, id: transaction.id, clientSecret: transaction.client_secret };
    const program = `
      const { watchTransaction } = await import(${JSON.stringify(LIBRARY)});
      const watch = watchTransaction({
        ...${JSON.stringify(options)},
        onChange: (state) => {
          console.log(state.version, state.status);
          if (state.final) watch.close();
        },
      });`;
    const child = new Promise<string>((resolve, reject) => {
      execFile(
        process.execPath,
        ["--input-type=module", "--eval", program],
        { timeout: PATIENCE_MS },
        (error, stdout) => (error ? reject(error) : resolve(stdout)),
      );
    });
    const [socket] = await eventually(() => {
      expect(passed).toHaveLength(1);
      return passed;
    }, PATIENCE_MS);
    await gateway.tell(transaction.id, "processing");
    await gateway.tell(transaction.id, "success");
    // The news of one version may overtake that of the one before, which is then dropped.
    expect(await child).toMatch(/^1 pending\n(2 processing\n)?3 succeeded\n$/);
    expect(socket).toMatchObject({
      kind: "socket",
      path: `/transactions/${transaction.id}/socket`,
      headers: { authorization: `Bearer ${transaction.client_secret}` },
      status: 101,
    });
    expect(socket?.headers["sec-websocket-protocol"]).toBeUndefined();
    expect(passed.filter(({ kind }) => kind === "request")).toEqual([]);
  });

  it("asks with the ETag where no socket passes, and goes back to the socket when one does", async () => {
    const { url, passed, sockets, refuseSockets } = await network();
    refuseSockets(true);
    const transaction = await api.start();
    const watched = watch(url, transaction);
    const asked = () => passed.filter(({ kind }) => kind === "request");
    await eventually(() => {
      expect(asked().map(({ status }) => status)).toContain(304);
    }, PATIENCE_MS);
    expect(passed.slice(0, 3).map(({ kind, status }) => [kind, status])).toEqual(
      Array(3).fill(["socket", 403]),
    );
    expect(asked()[0]?.headers["if-none-match"]).toBeUndefined();
    expect(asked()[1]?.headers["if-none-match"]).toMatch(/1/);
    await gateway.tell(transaction.id, "processing");
    await watched.shows("processing");
    expect(sockets()).toBe(0);

    refuseSockets(false);
    await eventually(() => {
      expect(sockets()).toBe(1);
    }, PATIENCE_MS);
    const before = asked().length;
    await gateway.tell(transaction.id, "success");
    await watched.shows("succeeded");
    expect(asked().length).toBeLessThanOrEqual(before + 1);
    expectOneStory(watched);
  });

  it("ends with an error where the secret is another transaction's", async () => {
    const [mine, other] = [await api.start(), await api.start()];
    const { told, errors } = watch(system.url, { ...other, client_secret: mine.client_secret });
    const [error] = await eventually(() => {
      expect(errors).toHaveLength(1);
      return errors;
    }, PATIENCE_MS);
    expect(error).toBeInstanceOf(library.TransactionRefusedError);
    expect(error).toMatchObject({ status: 404 });
    expect(told).toEqual([]);
  });
});

describe("watchTransaction, when the server is killed and comes back", () => {
  it("tells everybody who watched what happened meanwhile, once", async () => {
    const transactions = [await api.start(), await api.start()];
    const watched = transactions.flatMap((transaction) => [
      watch(system.url, transaction),
      watch(system.url, transaction),
    ]);
    await Promise.all(watched.map(({ shows }) => shows("pending")));
    await system.kill();
    for (const { id } of transactions) {
      gateway.settle(id, "success");
    }
    system = await start();
    await Promise.all(transactions.map(({ id }) => gateway.callback(id)));
    await Promise.all(watched.map(({ shows }) => shows("succeeded")));
    for (const each of watched) {
      expectOneStory(each);
      expect(each.told.map(({ status }) => status)).toEqual(["pending", "succeeded"]);
    }
  });
});
