/**
 * The floor: one row and a call to the gateway, one signed webhook with one batch and one publish, one read. No
 * framework, no validation, no retries, no delivery to the shop: nothing that could be taken away.
 */
import { DurableObject } from "cloudflare:workers";

interface Env {
  readonly DB: D1Database;
  readonly CHANNEL: DurableObjectNamespace<Channel>;
  readonly API_KEY: string;
  readonly WEBHOOK_SECRET: string;
  readonly GATEWAY_URL: string;
}

interface Order {
  readonly order_id: string;
  readonly amount: number;
  readonly currency: string;
}

interface Callback {
  readonly event_id: string;
  readonly transaction_id: string;
  readonly status: string;
}

export class Channel extends DurableObject {
  override fetch(): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  publish(message: string): void {
    for (const socket of this.ctx.getWebSockets()) {
      socket.send(message);
    }
  }
}

// biome-ignore lint/style/noDefaultExport: a Worker's entry
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/webhooks/generic") {
      return receive(request, env);
    }
    if (pathname === "/health") {
      return new Response("ok");
    }
    if (request.headers.get("authorization") !== `Bearer ${env.API_KEY}`) {
      return new Response(null, { status: 401 });
    }
    return request.method === "POST" ? initiate(request, env) : read(pathname, env);
  },
};

async function initiate(request: Request, { DB, GATEWAY_URL }: Env): Promise<Response> {
  const { order_id, amount, currency } = (await request.json()) as Order;
  const id = `txn_${crypto.randomUUID()}`;
  await DB.prepare("INSERT INTO transactions VALUES (?, ?, 'pending', 0, ?, ?, NULL, ?)")
    .bind(id, order_id, amount, currency, Date.now())
    .run();
  const response = await fetch(`${GATEWAY_URL}/create-session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ transaction_id: id, order_id, amount, currency }),
  });
  const { payment_url } = (await response.json()) as { payment_url: string };
  await DB.batch([
    DB.prepare("UPDATE transactions SET version = 1, payment_url = ? WHERE id = ?").bind(payment_url, id),
    DB.prepare("INSERT INTO events VALUES (?, 1, 'pending', ?)").bind(id, Date.now()),
  ]);
  return Response.json({ id, status: "pending", payment_url }, { status: 201 });
}

async function receive(request: Request, env: Env): Promise<Response> {
  const body = await request.text();
  if (!(await isAuthentic(request.headers, body, env.WEBHOOK_SECRET))) {
    return new Response(null, { status: 401 });
  }
  const { event_id, transaction_id: id } = JSON.parse(body) as Callback;
  const now = Date.now();
  await env.DB.batch([
    env.DB.prepare("INSERT INTO events VALUES (?, 2, 'succeeded', ?)").bind(id, now),
    env.DB.prepare("INSERT INTO inbox VALUES (?, ?, ?)").bind(id, event_id, now),
    env.DB.prepare(
      "UPDATE transactions SET status = 'succeeded', version = 2, updated_at = ? WHERE id = ? AND version = 1",
    ).bind(now, id),
  ]);
  await env.CHANNEL.getByName(id).publish(JSON.stringify({ transaction_id: id, status: "succeeded" }));
  return Response.json({ outcome: "applied" });
}

/** As Standard Webhooks say. */
async function isAuthentic(headers: Headers, body: string, secret: string): Promise<boolean> {
  const bytes = Uint8Array.from(atob(secret.slice("whsec_".length)), (character) => character.charCodeAt(0));
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["verify"]);
  const signature = headers.get("webhook-signature")?.slice("v1,".length) ?? "";
  const given = Uint8Array.from(atob(signature), (character) => character.charCodeAt(0));
  const content = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${body}`;
  return crypto.subtle.verify(algorithm, key, given, new TextEncoder().encode(content));
}

async function read(pathname: string, { DB }: Env): Promise<Response> {
  const row = await DB.prepare("SELECT * FROM transactions WHERE id = ?")
    .bind(pathname.split("/")[2])
    .first();
  return row ? Response.json(row) : new Response(null, { status: 404 });
}
