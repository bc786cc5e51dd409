/** A payment gateway that speaks section 6 of the contract, keeps books, and misbehaves when it is told to. */
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { Webhook } from "standardwebhooks";
import { fetchDescribed } from "./contract.ts";
import { answerJson, type Received, type RunningServer, serve } from "./http-server.ts";
import { GATEWAY_API_KEY, GATEWAY_SECRET } from "./system.ts";

export type GatewayStatus =
  | "pending"
  | "processing"
  | "authorized"
  | "success"
  | "failure"
  | "cancelled"
  | "expired"
  | "refunded";

export type CallKind = "create" | "status" | "expire" | "capture" | "refund";

/** `fail` takes effect and then answers 500; `hang` waits for `release`; `down` breaks the connection. */
export type Mode = "up" | "down" | "hang" | "fail" | "refuse";

export interface Session {
  readonly request: Readonly<Record<string, unknown>>;
  readonly sessionId: string;
  readonly paymentUrl: string;
  readonly idempotencyKey: string | undefined;
  status: GatewayStatus;
  amount: number;
  currency: string;
  amountRefunded: number;
  /** Where it is not the whole amount. */
  amountCaptured: number | null;
  /** Sums by the caller's id. */
  readonly refunds: Map<string, number>;
}

export interface Call {
  readonly kind: CallKind;
  readonly transactionId: string;
  readonly authorization: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface CallbackOptions {
  readonly secret?: string;
  /** Seconds since 1970. */
  readonly timestamp?: number;
  readonly webhookId?: string;
  readonly unsigned?: boolean;
  /** Changes the bytes after they were signed. */
  readonly tamper?: (body: string) => string;
}

export interface CallbackAnswer {
  readonly status: number;
  readonly outcome: string | undefined;
}

const OPEN: readonly GatewayStatus[] = ["pending"];

export class FakeGateway {
  readonly url: string;
  readonly sessions = new Map<string, Session>();
  readonly calls: Call[] = [];
  readonly #server: RunningServer;
  readonly #modes = new Map<CallKind, Mode>();
  #held: (() => void)[] = [];

  private constructor(server: RunningServer) {
    this.#server = server;
    this.url = server.url;
  }

  static async start(): Promise<FakeGateway> {
    let gateway: FakeGateway | undefined;
    const server = await serve((received, response) => gateway?.handle(received, response));
    gateway = new FakeGateway(server);
    return gateway;
  }

  async stop(): Promise<void> {
    this.recover();
    await this.#server.close();
  }

  /** From now on calls of these kinds (all of them by default) go this way. */
  behave(mode: Mode, kinds: readonly CallKind[] = ["create", "status", "expire", "capture", "refund"]): void {
    for (const kind of kinds) {
      this.#modes.set(kind, mode);
    }
  }

  /** Ends all misbehaviour and answers what hangs. */
  recover(): void {
    this.#modes.clear();
    this.release();
  }

  release(): void {
    const held = this.#held;
    this.#held = [];
    for (const go of held) {
      go();
    }
  }

  held(): number {
    return this.#held.length;
  }

  session(transactionId: string): Session {
    const session = this.sessions.get(transactionId);
    if (session === undefined) {
      throw new Error(`the gateway knows no ${transactionId}`);
    }
    return session;
  }

  sessionsOf(orderId: string): Session[] {
    return [...this.sessions.values()].filter((session) => session.request.order_id === orderId);
  }

  callsOf(kind: CallKind, transactionId: string): Call[] {
    return this.calls.filter((call) => call.kind === kind && call.transactionId === transactionId);
  }

  /** The buyer does something here; nobody is told. */
  settle(transactionId: string, status: GatewayStatus): void {
    const session = this.session(transactionId);
    session.status = status;
    session.amountRefunded = status === "refunded" ? session.amount : session.amountRefunded;
  }

  /** The buyer does something here, and the callback says so. */
  async tell(transactionId: string, status: GatewayStatus): Promise<CallbackAnswer> {
    this.settle(transactionId, status);
    return this.callback(transactionId);
  }

  /** A signed callback with the session's state, or with whatever is put in its place. */
  callback(
    transactionId: string,
    changes: Readonly<Record<string, unknown>> = {},
    options: CallbackOptions = {},
  ): Promise<CallbackAnswer> {
    const session = this.session(transactionId);
    const body = { ...this.#state(transactionId, session), ...eventFields(), ...changes };
    return this.post(String(session.request.callback_url), JSON.stringify(body), options);
  }

  /** Any bytes to any address, signed as a callback. */
  async post(url: string, body: string, options: CallbackOptions = {}): Promise<CallbackAnswer> {
    const id = options.webhookId ?? `msg_${randomUUID()}`;
    const timestamp = options.timestamp ?? Math.floor(Date.now() / 1000);
    const signature = new Webhook(options.secret ?? GATEWAY_SECRET).sign(
      id,
      new Date(timestamp * 1000),
      body,
    );
    const signed = {
      "webhook-id": id,
      "webhook-timestamp": String(timestamp),
      "webhook-signature": signature,
    };
    const response = await fetchDescribed(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...(options.unsigned ? {} : signed) },
      body: options.tamper?.(body) ?? body,
    });
    const text = await response.text();
    const outcome = /"outcome"\s*:\s*"(\w+)"/.exec(text)?.[1];
    return { status: response.status, outcome };
  }

  async handle(received: Received, response: ServerResponse): Promise<void> {
    const call = readCall(received);
    if (call === null) {
      answerJson(response, 404, { error: "no such route" });
      return;
    }
    this.calls.push(call);
    const mode = this.#modes.get(call.kind) ?? "up";
    if (mode === "down") {
      response.destroy();
      return;
    }
    if (mode === "hang") {
      await new Promise<void>((resolve) => {
        this.#held.push(resolve);
      });
    }
    if (received.headers.authorization !== `Bearer ${GATEWAY_API_KEY}`) {
      answerJson(response, 401, { error: "unknown key" });
      return;
    }
    if (mode === "refuse") {
      answerJson(response, 422, { error: "refused, with a vendor's own words" });
      return;
    }
    const [status, body] = this.#perform(call, received);
    answerJson(response, mode === "fail" ? 500 : status, mode === "fail" ? { error: "broken" } : body);
  }

  #perform(call: Call, received: Received): [number, unknown] {
    if (call.kind === "create") {
      const key = received.headers["idempotency-key"];
      const session = this.#open(call, Array.isArray(key) ? key[0] : key);
      return [201, { payment_url: session.paymentUrl, session_id: session.sessionId }];
    }
    const session = this.sessions.get(call.transactionId);
    if (session === undefined) {
      return [404, { error: "never heard of it" }];
    }
    if (call.kind === "expire" && !OPEN.includes(session.status)) {
      return [409, this.#state(call.transactionId, session)];
    }
    if (call.kind === "refund") {
      return this.#refund(session, call.body, received.headers["idempotency-key"]);
    }
    if (call.kind === "capture") {
      return this.#capture(call.transactionId, session, Number(call.body.amount));
    }
    session.status = call.kind === "expire" ? "expired" : session.status;
    return [200, this.#state(call.transactionId, session)];
  }

  #capture(transactionId: string, session: Session, amount: number): [number, unknown] {
    const repeated = session.status === "success" && (session.amountCaptured ?? session.amount) === amount;
    if (session.status === "authorized" && amount <= session.amount) {
      session.status = "success";
      session.amountCaptured = amount < session.amount ? amount : null;
      return [200, this.#state(transactionId, session)];
    }
    return [repeated ? 200 : 409, this.#state(transactionId, session)];
  }

  #refund(session: Session, body: Call["body"], key: string | string[] | undefined): [number, unknown] {
    const [id, amount] = [String(body.refund_id), Number(body.amount)];
    if (key !== id) {
      return [400, { error: "the key must be the refund's id" }];
    }
    if (!session.refunds.has(id)) {
      const paid = session.status === "success" || session.status === "refunded";
      const rest = (session.amountCaptured ?? session.amount) - session.amountRefunded;
      if (!paid || amount > rest || body.currency !== session.currency) {
        return [422, { error: "cannot be refunded" }];
      }
      session.refunds.set(id, amount);
      session.amountRefunded += amount;
    }
    return [200, { refund_id: id, status: "success" }];
  }

  #open(call: Call, idempotencyKey: string | undefined): Session {
    const existing = this.sessions.get(call.transactionId);
    if (existing !== undefined) {
      return existing;
    }
    const sessionId = `sess_${randomUUID()}`;
    const session: Session = {
      request: call.body,
      sessionId,
      paymentUrl: `${this.url}/pay/${sessionId}`,
      idempotencyKey,
      status: "pending",
      amount: Number(call.body.amount),
      currency: String(call.body.currency),
      amountRefunded: 0,
      amountCaptured: null,
      refunds: new Map(),
    };
    this.sessions.set(call.transactionId, session);
    return session;
  }

  #state(transactionId: string, session: Session): Readonly<Record<string, unknown>> {
    return {
      transaction_id: transactionId,
      status: session.status,
      amount: session.amount,
      currency: session.currency,
      ...(session.amountCaptured === null ? {} : { amount_captured: session.amountCaptured }),
      ...(session.amountRefunded > 0 ? { amount_refunded: session.amountRefunded } : {}),
      ...(session.status === "failure" ? { failure_code: "card_declined" } : {}),
    };
  }
}

const eventFields = () => ({ event_id: `evt_${randomUUID()}`, occurred_at: new Date().toISOString() });

function readCall(received: Received): Call | null {
  const [, route = "", id] = received.path.split("/");
  const body = received.body === "" ? {} : (JSON.parse(received.body) as Record<string, unknown>);
  const authorization = received.headers.authorization;
  if (received.method === "POST" && route === "create-session") {
    return { kind: "create", transactionId: String(body.transaction_id), authorization, body };
  }
  const kinds: Readonly<Record<string, CallKind>> = {
    "GET status": "status",
    "POST expire": "expire",
    "POST capture": "capture",
    "POST refund": "refund",
  };
  const kind = kinds[`${received.method} ${route}`];
  return kind === undefined || id === undefined ? null : { kind, transactionId: id, authorization, body };
}
