/** A payment service behind the generic protocol, in memory: keeps books, and fails on demand. */
import { Webhook } from "standardwebhooks";

export const GATEWAY_URL = "https://gateway.example";
export const GATEWAY_API_KEY = "gateway-api-key-for-tests-only";
export const GATEWAY_WEBHOOK_SECRET = `whsec_${btoa("gateway-webhook-secret-for-tests")}`;

export type GatewayStatus =
  | "pending"
  | "processing"
  | "authorized"
  | "success"
  | "failure"
  | "cancelled"
  | "expired"
  | "refunded";

export interface FakeSession {
  readonly request: Record<string, unknown>;
  status: GatewayStatus;
  amountRefunded: number;
}

/** `busy` names a time to come back at, so that nobody repeats the call at once. */
type Fault = "down" | "busy" | "lost_answer" | "refuse" | "nonsense" | "no_expire";

export class FakeGateway {
  readonly sessions = new Map<string, FakeSession>();
  readonly calls: string[] = [];
  fault: Fault | null = null;
  /** Runs before a call, such as "POST /create-session", has its effect. */
  before: (call: string) => unknown = () => undefined;
  /** Runs when a call has had its effect, before its answer goes out. */
  after: (call: string) => unknown = () => undefined;
  #events = 0;

  /** Stands where the network is. */
  readonly fetch = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    this.calls.push(`${request.method} ${pathname}`);
    if (request.headers.get("authorization") !== `Bearer ${GATEWAY_API_KEY}`) {
      return Response.json({ error: "unauthorized" }, { status: 401 });
    }
    if (this.fault === "down") {
      throw new TypeError("connection refused");
    }
    if (this.fault === "busy") {
      return new Response(null, { status: 503, headers: { "retry-after": "7" } });
    }
    if (this.fault === "refuse") {
      return Response.json({ error: "refused" }, { status: 422 });
    }
    await this.before(`${request.method} ${pathname}`);
    const answer = await this.#answer(request, pathname);
    await this.after(`${request.method} ${pathname}`);
    if (this.fault === "lost_answer") {
      throw new TypeError("connection reset");
    }
    return this.fault === "nonsense" ? new Response("<html>") : answer;
  };

  async #answer(request: Request, pathname: string): Promise<Response> {
    const [, verb, id = ""] = pathname.split("/");
    if (verb === "create-session") {
      return this.#create(
        (await request.json()) as Record<string, unknown>,
        request.headers.get("idempotency-key"),
      );
    }
    const session = this.sessions.get(id);
    if (!session) {
      return Response.json({ error: "unknown" }, { status: 404 });
    }
    if (verb === "expire") {
      return this.#expire(id, session);
    }
    return Response.json(this.state(id));
  }

  #create(body: Record<string, unknown>, key: string | null): Response {
    const id = String(body.transaction_id);
    if (key !== id) {
      return Response.json({ error: "the key must be the transaction's id" }, { status: 400 });
    }
    if (!this.sessions.has(id)) {
      this.sessions.set(id, { request: body, status: "pending", amountRefunded: 0 });
    }
    return Response.json({ payment_url: `https://gateway.example/pay/${id}`, session_id: `s_${id}` });
  }

  #expire(id: string, session: FakeSession): Response {
    if (this.fault === "no_expire") {
      return new Response(null, { status: 405 });
    }
    if (["success", "processing", "authorized", "refunded"].includes(session.status)) {
      return Response.json(this.state(id), { status: 409 });
    }
    session.status = "expired";
    return Response.json(this.state(id));
  }

  /** What GET /status/:id says, also the body of a callback but for its id. */
  state(id: string) {
    const session = this.sessions.get(id);
    return {
      transaction_id: id,
      status: session?.status ?? "pending",
      amount: session?.request.amount ?? 0,
      currency: session?.request.currency ?? "USD",
      amount_refunded: session?.amountRefunded ?? 0,
    };
  }

  settle(id: string, status: GatewayStatus): void {
    const session = this.sessions.get(id);
    if (session) {
      session.status = status;
    }
  }

  /** A signed callback that says `status`, without changing the books. */
  callback(id: string, status: GatewayStatus, changes: Record<string, unknown> = {}): Request {
    this.#events += 1;
    const body = {
      event_id: `evt_${id}_${this.#events}`,
      ...this.state(id),
      status,
      occurred_at: new Date().toISOString(),
      ...changes,
    };
    return signedCallback(JSON.stringify(body));
  }
}

export function signedCallback(
  body: string,
  { secret = GATEWAY_WEBHOOK_SECRET, at = new Date() }: { secret?: string; at?: Date } = {},
): Request {
  const headers = {
    "webhook-id": "msg_test",
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign("msg_test", at, body),
  };
  return new Request("http://localhost:8787/webhooks/generic", { method: "POST", body, headers });
}
