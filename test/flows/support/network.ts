/** The network between a client and payment-edge: it notes what passes, and lets no socket through when it is told so. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";

export interface Passed {
  readonly kind: "request" | "socket";
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Of the answer; 403 for a socket that was refused here. */
  readonly status: number;
}

export interface Network {
  readonly url: string;
  readonly passed: Passed[];
  /** The sockets that are open now. */
  sockets(): number;
  refuseSockets(refuse: boolean): void;
  stop(): Promise<void>;
}

export async function startNetwork(target: string): Promise<Network> {
  const passed: Passed[] = [];
  const sockets = new Set<Duplex>();
  let refusing = false;

  const forward = (incoming: IncomingMessage) =>
    request(new URL(incoming.url ?? "/", target), {
      method: incoming.method ?? "GET",
      headers: { ...incoming.headers, host: new URL(target).host },
    });
  const note = (kind: Passed["kind"], { url = "", headers }: IncomingMessage, status = 0): void => {
    passed.push({ kind, path: url, headers, status });
  };

  const server = createServer((incoming, response) => {
    const outgoing = forward(incoming);
    outgoing.on("response", (answer) => {
      note("request", incoming, answer.statusCode);
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on("error", () => response.destroy());
    incoming.pipe(outgoing);
  });
  server.on("upgrade", (incoming: IncomingMessage, near: Socket) => {
    near.on("error", () => near.destroy());
    if (refusing) {
      note("socket", incoming, 403);
      near.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    const outgoing = forward(incoming);
    outgoing.on("upgrade", (answer, far, first: Buffer) => {
      note("socket", incoming, answer.statusCode);
      near.write(headOf(answer));
      // What came along with the answer.
      near.write(first);
      sockets.add(near);
      near.on("close", () => sockets.delete(near));
      far.on("error", () => near.destroy()).on("close", () => near.destroy());
      near.on("close", () => far.destroy());
      near.pipe(far).pipe(near);
    });
    outgoing.on("response", (answer) => {
      note("socket", incoming, answer.statusCode);
      near.end(headOf(answer));
    });
    outgoing.on("error", () => near.destroy());
    outgoing.end();
  });

  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    sockets: () => sockets.size,
    refuseSockets: (refuse) => {
      refusing = refuse;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of sockets) {
          socket.destroy();
        }
      }),
  };
}

function headOf({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}
