/** A browser's socket that remembers what it got, and a raw upgrade for the headers a browser does not let one set. */
import { type IncomingMessage, request } from "node:http";
import { expect } from "vitest";
import { expectDescribed, expectDescribedAs } from "./contract.ts";
import { eventually } from "./eventually.ts";

export const PROTOCOL = "payment-edge.v1";

export interface StatusUpdate {
  readonly type: "payment_status_update";
  readonly transaction_id: string;
  readonly status: string;
  readonly version: number;
  readonly final: boolean;
  readonly amount: number;
  readonly currency: string;
  readonly late: boolean;
  readonly occurred_at: string;
}

export interface Listener {
  readonly protocol: string;
  readonly messages: string[];
  updates(): StatusUpdate[];
  /** The updates once there are so many. */
  received(count: number): Promise<StatusUpdate[]>;
  send(data: string | ArrayBuffer): void;
  /** The code of the close, once it came. */
  closed(): Promise<number>;
  close(): void;
}

export function listen(target: { socket_url: string; client_secret: string }): Promise<Listener> {
  const socket = new WebSocket(target.socket_url, [PROTOCOL, `secret.${target.client_secret}`]);
  const messages: string[] = [];
  let code: number | undefined;
  socket.addEventListener("message", (event) => {
    messages.push(String(event.data));
  });
  socket.addEventListener("close", (event) => {
    code = event.code;
  });
  const updates = () =>
    messages
      .filter((text) => text.startsWith("{"))
      .map((text) => {
        expectDescribedAs("StatusUpdate", text);
        return JSON.parse(text) as StatusUpdate;
      });
  const listener = {
    get protocol() {
      return socket.protocol;
    },
    messages,
    updates,
    received: (count: number) =>
      eventually(() => {
        expect(updates()).toHaveLength(count);
        return updates();
      }),
    send: (data: string | ArrayBuffer) => {
      socket.send(data);
    },
    closed: () =>
      eventually(() => {
        if (code === undefined) {
          throw new Error("the socket is still open");
        }
        return code;
      }),
    close: () => {
      socket.close();
    },
  };
  return new Promise((resolve, reject) => {
    socket.addEventListener("open", () => {
      resolve(listener);
    });
    socket.addEventListener("error", () => {
      reject(new Error(`no socket at ${target.socket_url}`));
    });
  });
}

export interface Upgrade {
  readonly status: number;
  readonly protocol: string | undefined;
}

/** Asks for a WebSocket with these headers alone, and hangs up once it is answered. */
export function upgrade(socketUrl: string, headers: Readonly<Record<string, string>>): Promise<Upgrade> {
  const url = socketUrl.replace(/^ws/, "http");
  return new Promise((resolve, reject) => {
    const asking = request(url, {
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": Buffer.from("sixteen bytes ok").toString("base64"),
        ...headers,
      },
    });
    asking.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve({ status: 101, protocol: response.headers["sec-websocket-protocol"] });
    });
    asking.on("response", (response) => {
      judgeRefusal(url, response).then(resolve, reject);
    });
    asking.on("error", reject);
    asking.end();
  });
}

async function judgeRefusal(url: string, response: IncomingMessage): Promise<Upgrade> {
  const [status, headers] = [response.statusCode ?? 0, new Headers()];
  for (const [name, value] of Object.entries(response.headers)) {
    headers.set(name, String(value));
  }
  const text = (await response.setEncoding("utf8").toArray()).join("");
  expectDescribed({ method: "GET", url, status, headers, text });
  return { status, protocol: headers.get("sec-websocket-protocol") ?? undefined };
}
