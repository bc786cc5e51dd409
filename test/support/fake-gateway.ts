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
  /** Where it is not the whole amount. */
  amountCaptured: number | null;
  dispute: "open" | "won" | "lost" | null;
  /** By the caller's id. */
  readonly refunds: Map<string, FakeRefund>;
}

export interface FakeRefund {
  readonly amount: number;
  status: RefundStatus;
}

type RefundStatus = "pending" | "success" | "failure";

/**
 * `busy` and `throttled` name a time to come back at, so that nobody repeats the call at once; `lost_answer` is a
 * connection cut, `slow` a deadline passed and `broken` a 500, all three after the effect.
 */
export type Fault =
  | "down"
  | "busy"
  | "throttled"
  | "lost_answer"
  | "slow"
  | "broken"
  | "refuse"
  | "nonsense"
  | "no_expire";

interface RefundBody {
  readonly refund_id: string;
  readonly amount: number;
  readonly currency: string;
}

export class FakeGateway {
  readonly sessions = new Map<string, FakeSession>();
  readonly calls: string[] = [];
  /** Every callback that was made, whether or not it went out. */
  readonly told: { readonly createdAt: number; readonly body: string }[] = [];
  fault: Fault | null = null;
  /** Which calls, such as "POST /refund/txn_…", the fault concerns. */
  faulty = /./;
  /** What becomes of a new refund. */
  refundOutcome: RefundStatus = "success";
  /** What every state says of the mode; null: nothing. */
  livemode: boolean | null = null;
  /** Runs before a call, such as "POST /create-session", has its effect. */
  before: (call: string) => unknown = () => undefined;
  /** Runs when a call has had its effect, before its answer goes out. */
  after: (call: string) => unknown = () => undefined;
  /** By key: the body that came with it. */
  readonly #captures = new Map<string, string>();
  #events = 0;

  /** Stands where the network is. */
  readonly fetch = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    const call = `${request.method} ${pathname}`;
    this.calls.push(call);
    if (request.headers.get("authorization") !== `Bearer ${GATEWAY_API_KEY}`) {
      return Response.json({ error: "unauthorized" }, { status: 401 });
    }
    const fault = this.faulty.test(call) ? this.fault : null;
    if (fault === "down") {
      throw new TypeError("connection refused");
    }
    if (fault === "busy") {
      return new Response(null, { status: 503, headers: { "retry-after": "7" } });
    }
    if (fault === "throttled") {
      return new Response(null, { status: 429, headers: { "retry-after": "300" } });
    }
    const misused = pathname.startsWith("/capture/") && (await this.#isKeyOfAnother(request));
    if (fault === "refuse" || misused) {
      return Response.json({ error: "refused" }, { status: 422 });
    }
    await this.before(call);
    const answer = await this.#answer(request, pathname);
    await this.after(call);
    return this.#spoil(call, answer);
  };

  /** A gateway remembers a key also of a call that it has refused. */
  async #isKeyOfAnother(request: Request): Promise<boolean> {
    const key = request.headers.get("idempotency-key") ?? "";
    const body = await request.clone().text();
    const first = this.#captures.get(key) ?? body;
    this.#captures.set(key, first);
    return key === "" || first !== body;
  }

  /** What becomes of an answer on its way, once the call has had its effect. */
  #spoil(call: string, answer: Response): Response {
    switch (this.faulty.test(call) ? this.fault : null) {
      case "lost_answer":
        throw new TypeError("connection reset");
      case "slow":
        throw new DOMException("no answer in time", "TimeoutError");
      case "broken":
        return new Response("oops", { status: 500 });
      case "nonsense":
        return new Response("<html>");
      default:
        return answer;
    }
  }

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
    switch (verb) {
      case "expire":
        return this.#expire(id, session);
      case "capture":
        return this.#capture(id, session, ((await request.json()) as { amount: number }).amount);
      case "refund":
        return this.#refund(session, (await request.json()) as RefundBody, request.headers);
    }
    return Response.json(this.state(id));
  }

  #create(body: Record<string, unknown>, key: string | null): Response {
    const id = String(body.transaction_id);
    if (key !== id) {
      return Response.json({ error: "the key must be the transaction's id" }, { status: 400 });
    }
    if (!this.sessions.has(id)) {
      const money = { amountRefunded: 0, amountCaptured: null, dispute: null, refunds: new Map() };
      this.sessions.set(id, { request: body, status: "pending", ...money });
    }
    const mode = this.livemode === null ? {} : { livemode: this.livemode };
    return Response.json({
      payment_url: `https://gateway.example/pay/${id}`,
      session_id: `s_${id}`,
      ...mode,
    });
  }

  #capture(id: string, session: FakeSession, amount: number): Response {
    if (amount > Number(session.request.amount)) {
      return Response.json({ error: "more than is held" }, { status: 422 });
    }
    if (session.status === "authorized") {
      session.status = "success";
      session.amountCaptured = amount < Number(session.request.amount) ? amount : null;
      return Response.json(this.state(id));
    }
    const repeated = session.status === "success" && this.captured(session) === amount;
    return Response.json(this.state(id), { status: repeated ? 200 : 409 });
  }

  #refund(session: FakeSession, { refund_id, amount, currency }: RefundBody, headers: Headers): Response {
    if (headers.get("idempotency-key") !== refund_id) {
      return Response.json({ error: "the key must be the refund's id" }, { status: 400 });
    }
    const earlier = session.refunds.get(refund_id);
    if (!earlier) {
      const held = [...session.refunds.values()].filter(({ status }) => status === "pending");
      const rest = held.reduce(
        (sum, one) => sum - one.amount,
        this.captured(session) - session.amountRefunded,
      );
      const paid = session.status === "success" || session.status === "refunded";
      if (!paid || amount > rest || currency !== session.request.currency) {
        return Response.json({ error: "cannot be refunded" }, { status: 422 });
      }
      session.refunds.set(refund_id, { amount, status: "pending" });
      this.endRefund(session, refund_id, this.refundOutcome);
    }
    return Response.json({ refund_id, status: session.refunds.get(refund_id)?.status });
  }

  /** What the buyer has paid, in minor units. */
  captured(session: FakeSession): number {
    const paid = session.status === "success" || session.status === "refunded";
    return paid ? (session.amountCaptured ?? Number(session.request.amount)) : 0;
  }

  /** Brings a pending refund to its end; `pending` leaves it. */
  endRefund(session: FakeSession, refundId: string, status: RefundStatus): void {
    const refund = session.refunds.get(refundId);
    if (refund?.status === "pending") {
      refund.status = status;
      session.amountRefunded += status === "success" ? refund.amount : 0;
    }
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
      ...(session?.amountCaptured == null ? {} : { amount_captured: session.amountCaptured }),
      ...(session?.dispute == null ? {} : { dispute: session.dispute }),
      ...(this.livemode === null ? {} : { livemode: this.livemode }),
    };
  }

  /** Somebody gives money back in the gateway's own dashboard; nobody is told. */
  refundByHand(id: string, amount: number): void {
    const session = this.session(id);
    session.amountRefunded += amount;
  }

  session(id: string): FakeSession {
    const session = this.sessions.get(id);
    if (!session) {
      throw new Error(`the gateway knows no ${id}`);
    }
    return session;
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
    this.told.push({ createdAt: Date.now(), body: JSON.stringify(body) });
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
