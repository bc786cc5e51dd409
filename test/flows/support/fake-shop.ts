/** A shop's fulfilment endpoint: verifies what it gets, keeps books, and fails when it is told to. In the end all is judged. */
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import type { OutgoingEvent } from "./api.ts";
import { expectDescribedAs } from "./contract.ts";
import { type Received, type RunningServer, serve } from "./http-server.ts";
import { FULFILMENT_SECRET } from "./system.ts";

export interface Delivery {
  readonly id: string;
  readonly raw: string;
  readonly event: OutgoingEvent;
  readonly headers: Readonly<Record<string, string>>;
  /** The signature fits id, timestamp and bytes, whatever the time. */
  readonly authentic: boolean;
  readonly answered: number;
}

export class FakeShop {
  readonly url: string;
  readonly deliveries: Delivery[] = [];
  readonly #server: RunningServer;
  #status = 200;
  #headers: Readonly<Record<string, string>> = {};
  #delayMs = 0;

  private constructor(server: RunningServer) {
    this.#server = server;
    this.url = `${server.url}/fulfilment`;
  }

  static async start(): Promise<FakeShop> {
    let shop: FakeShop | undefined;
    const server = await serve((received, response) => shop?.handle(received, response));
    shop = new FakeShop(server);
    return shop;
  }

  /** @throws Error for an event that the system's document does not describe */
  async stop(): Promise<void> {
    await this.#server.close();
    for (const raw of new Set(this.deliveries.map((delivery) => delivery.raw))) {
      expectDescribedAs("OutgoingEvent", raw);
    }
  }

  /** How it answers from now on. */
  answer(status: number, headers: Readonly<Record<string, string>> = {}, delayMs = 0): void {
    this.#status = status;
    this.#headers = headers;
    this.#delayMs = delayMs;
  }

  /** What came about a transaction, of one type if it is named. */
  of(transactionId: string, type?: string): Delivery[] {
    return this.deliveries.filter(
      ({ event }) => event.data.id === transactionId && (type === undefined || event.type === type),
    );
  }

  async handle(received: Received, response: ServerResponse): Promise<void> {
    const header = (name: string) => String(received.headers[name] ?? "");
    const headers = {
      "webhook-id": header("webhook-id"),
      "webhook-timestamp": header("webhook-timestamp"),
      "webhook-signature": header("webhook-signature"),
      "content-type": header("content-type"),
    };
    this.deliveries.push({
      id: headers["webhook-id"],
      raw: received.body,
      event: JSON.parse(received.body) as OutgoingEvent,
      headers,
      authentic: isAuthentic(headers, received.body),
      answered: this.#status,
    });
    const [status, more] = [this.#status, this.#headers];
    await sleep(this.#delayMs);
    response.writeHead(status, more);
    response.end();
  }
}

/** Webhook.verify() wants a timestamp of now, and a tick may come from the future. */
function isAuthentic(headers: Readonly<Record<string, string>>, body: string): boolean {
  const at = new Date(Number(headers["webhook-timestamp"]) * 1000);
  const expected = new Webhook(FULFILMENT_SECRET).sign(headers["webhook-id"] ?? "", at, body);
  return (headers["webhook-signature"] ?? "").split(" ").includes(expected);
}
