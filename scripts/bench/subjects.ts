/** The three parties of a payment as each of those compared is talked to: shop, gateway and browser. */
import { createHmac, randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { API_KEY, PEERS, type Running, WEBHOOK_SECRET } from "./servers.ts";

export interface Payment {
  readonly id: string;
  readonly client_secret: string;
}

export interface Watcher {
  close(): void;
}

/** Tells the status each time that a message comes. */
export type OnStatus = (status: string) => void;

export interface Subject {
  readonly name: string;
  readonly url: string;
  create(): Promise<Payment>;
  /** The gateway's callback: paid. */
  pay(payment: Payment): Promise<void>;
  read(payment: Payment): Promise<void>;
  /** @param url through which it goes, when not its own @returns once the present state has come */
  watch(payment: Payment, onStatus: OnStatus, url?: string): Promise<Watcher>;
  memory: Running["memory"];
  stop: Running["stop"];
}

const agent = new Agent({ keepAlive: true, maxSockets: 256 });

export function toSubject(name: string, running: Running, watch: Subject["watch"]): Subject {
  const { url } = running;
  const authorization = `Bearer ${API_KEY}`;
  return {
    ...{ name, ...running },
    create: async () => {
      const order = { order_id: `order-${randomUUID()}`, amount: 1999, currency: "USD" };
      const headers = { authorization, "idempotency-key": randomUUID() };
      return JSON.parse(await call("POST", `${url}/transactions`, headers, order)) as Payment;
    },
    pay: async (payment) => {
      const callback = toCallback(payment);
      await call("POST", `${url}/webhooks/generic`, sign(callback), callback);
    },
    read: async ({ id }) => {
      await call("GET", `${url}/transactions/${id}`, { authorization });
    },
    watch: (payment, onStatus, through = url) => watch(payment, onStatus, through),
  };
}

/** @throws Error for any answer but a good one */
function call(
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  body?: object,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request(url, {
      ...{ method, agent },
      headers: { ...headers, ...(body ? { "content-type": "application/json" } : {}) },
    });
    asking.on("error", reject);
    asking.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const status = response.statusCode ?? 0;
        if (status < 200 || status > 299) {
          reject(new Error(`${method} ${url} answered ${status} ${text.slice(0, 300)}`));
        } else {
          resolve(text);
        }
      });
    });
    asking.end(body && JSON.stringify(body));
  });
}

function toCallback({ id }: Payment) {
  return {
    event_id: `evt_${randomUUID()}`,
    transaction_id: id,
    status: "success",
    amount: 1999,
    currency: "USD",
    occurred_at: new Date().toISOString(),
  };
}

/** As Standard Webhooks say. */
function sign(callback: object): Record<string, string> {
  const id = `msg_${randomUUID()}`;
  const timestamp = String(Math.floor(Date.now() / 1000));
  const key = Buffer.from(WEBHOOK_SECRET.slice("whsec_".length), "base64");
  const content = `${id}.${timestamp}.${JSON.stringify(callback)}`;
  const signature = `v1,${createHmac("sha256", key).update(content).digest("base64")}`;
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature };
}

export const watchOurs: Subject["watch"] = ({ id, client_secret }, onStatus, url = "") =>
  new Promise((resolve, reject) => {
    const address = `${url.replace("http", "ws")}/transactions/${id}/socket`;
    const socket = new WebSocket(address, ["payment-edge.v1", `secret.${client_secret}`]);
    socket.addEventListener("error", () => reject(new Error(`no socket at ${address}`)));
    socket.addEventListener("message", ({ data }) => {
      const { status } = JSON.parse(String(data)) as { status: string };
      onStatus(status);
      resolve({ close: () => socket.close() });
    });
  });

/** What of socket.io-client is used. */
interface PeerSocket {
  on(name: string, handle: (message: { status: string }) => void): void;
  emit(name: string, message: object): void;
  disconnect(): void;
}

/** Straight by WebSocket, without its usual beginning by polling: that is the least it can send. */
export function watchPeer(): Subject["watch"] {
  const { io } = createRequire(join(PEERS, "package.json"))("socket.io-client") as {
    io(url: string, options: object): PeerSocket;
  };
  return ({ id, client_secret: secret }, onStatus, url = "") =>
    new Promise((resolve, reject) => {
      const socket = io(url, { transports: ["websocket"], forceNew: true, reconnection: false });
      socket.on("connect_error", () => reject(new Error(`no socket at ${url}`)));
      socket.on("connect", () => socket.emit("join", { id, secret }));
      socket.on("payment_status_update", ({ status }) => {
        onStatus(status);
        resolve({ close: () => socket.disconnect() });
      });
    });
}

/** The floor's sockets are no part of a comparison. */
export const watchNothing: Subject["watch"] = () => Promise.reject(new Error("nobody watches the floor"));
