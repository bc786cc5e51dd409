/**
 * One session at the simulated gateway, named by its transaction. It keeps the gateway's books and sends the signed
 * callbacks from its alarm, so that they outlive the request that caused them.
 */
import { DurableObject } from "cloudflare:workers";
import { newTypeId } from "../lib/id.ts";
import { createLog, describeError } from "../lib/log.ts";
import { loopbackFetch } from "../lib/loopback.ts";
import { signWebhook } from "../lib/standard-webhooks.ts";
import { afterTry, type Callback, planCallbacks, type WebhookMode } from "./callback.ts";
import { sandboxCredentials } from "./credentials.ts";
import {
  capture,
  expire,
  type Outcome,
  type RefundRequest,
  type Ruling,
  refund,
  type Session,
  type SessionTerms,
  sameTerms,
  settle,
} from "./session.ts";

const SESSION_KEY = "session";
const CALLBACK_PREFIX = "callback:";
const TIMEOUT_MS = 15_000;

export class SandboxSession extends DurableObject<Env> {
  /** Repeatable: the same terms give the same session. */
  create(terms: SessionTerms, sessionId: string, gatewayUrl: string): Ruling {
    const existing = this.read();
    if (existing) {
      return sameTerms(existing, terms)
        ? { kind: "unchanged", session: existing }
        : {
            kind: "refused",
            httpStatus: 409,
            reason: "the session exists with other terms",
            session: existing,
          };
    }
    const session: Session = {
      ...terms,
      session_id: sessionId,
      gateway_url: gatewayUrl,
      status: "pending",
      failure_code: null,
      amount_captured: 0,
      refunds: [],
    };
    this.ctx.storage.kv.put(SESSION_KEY, session);
    return { kind: "changed", session };
  }

  read(): Session | null {
    return this.ctx.storage.kv.get<Session>(SESSION_KEY) ?? null;
  }

  settle(outcome: Outcome, webhook: WebhookMode): Promise<Ruling | null> {
    return this.#apply((session) => settle(session, outcome), webhook);
  }

  expire(): Promise<Ruling | null> {
    return this.#apply(expire);
  }

  capture(amount: number): Promise<Ruling | null> {
    return this.#apply((session) => capture(session, amount));
  }

  refund(request: RefundRequest): Promise<Ruling | null> {
    return this.#apply((session) => refund(session, request));
  }

  /** Sends what is due: at least the earliest, whatever the clock says, so that an early alarm is not a lost one. */
  override async alarm(): Promise<void> {
    const session = this.read();
    const owed = this.#owed();
    if (!session || owed.length === 0) {
      return;
    }
    const until = Math.max(Date.now(), Math.min(...owed.map(([, callback]) => callback.at)));
    const due = owed.filter(([, callback]) => callback.at <= until);
    await Promise.all(due.map(([key, callback]) => this.#send(session, key, callback)));
    await this.#schedule();
  }

  async #apply(rule: (session: Session) => Ruling, webhook: WebhookMode = "once"): Promise<Ruling | null> {
    const session = this.read();
    if (!session) {
      return null;
    }
    const ruling = rule(session);
    if (ruling.kind === "changed") {
      const now = Date.now();
      this.ctx.storage.kv.put(SESSION_KEY, ruling.session);
      for (const callback of planCallbacks(ruling.session, webhook, now, () =>
        newTypeId("evt_sandbox", now),
      )) {
        this.ctx.storage.kv.put(CALLBACK_PREFIX + crypto.randomUUID(), callback);
      }
      await this.#schedule();
    }
    return ruling;
  }

  async #send(session: Session, key: string, callback: Callback): Promise<void> {
    const log = createLog({ transaction_id: session.transaction_id, event_id: callback.event_id });
    const attempt = callback.tries + 1;
    let httpStatus: number | null = null;
    try {
      const response = await this.#post(session, callback);
      httpStatus = response.status;
      await response.body?.cancel();
      log.info("sandbox.callback_sent", { http_status: httpStatus, attempt });
    } catch (error) {
      log.warn("sandbox.callback_failed", { attempt, error: describeError(error) });
    }
    const next = afterTry(callback, httpStatus, Date.now());
    if (next) {
      this.ctx.storage.kv.put(key, next);
    } else {
      this.ctx.storage.kv.delete(key);
    }
  }

  async #post(session: Session, callback: Callback): Promise<Response> {
    const key = this.env.CLIENT_SECRET_KEY.split(",")[0]?.trim() ?? "";
    const signer = callback.signature === "good" ? key : `${key} of somebody else`;
    const { webhookSecret } = await sandboxCredentials(signer);
    const signed = await signWebhook([webhookSecret], callback.event_id, callback.body, Date.now());
    const request = new Request(session.callback_url, {
      method: "POST",
      headers: { "content-type": "application/json", ...signed },
      body: callback.body,
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return loopbackFetch(session.gateway_url)(request);
  }

  #owed(): [string, Callback][] {
    return [...this.ctx.storage.kv.list<Callback>({ prefix: CALLBACK_PREFIX })];
  }

  async #schedule(): Promise<void> {
    const owed = this.#owed();
    if (owed.length > 0) {
      await this.ctx.storage.setAlarm(Math.min(...owed.map(([, callback]) => callback.at)));
    }
  }
}
