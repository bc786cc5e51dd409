/**
 * What the simulated gateway allows: a session, its states, and the callbacks that it owes after a change. Pure.
 * A session expires only when it is told to: the gateway has no clock of its own.
 */

export type SessionStatus =
  | "pending"
  | "processing"
  | "authorized"
  | "success"
  | "failure"
  | "cancelled"
  | "expired"
  | "refunded";

/** What the merchant asked for. Amounts are minor units of `currency`. */
export interface SessionTerms {
  readonly transaction_id: string;
  readonly order_id: string;
  readonly amount: number;
  readonly currency: string;
  readonly description?: string | undefined;
  readonly callback_url: string;
  readonly return_url: string;
  readonly cancel_url: string;
  readonly expires_at: string;
  readonly capture: "automatic" | "manual";
}

export interface Session extends SessionTerms {
  readonly session_id: string;
  /** The gateway's own address: what is under its origin is called by the loopback. */
  readonly gateway_url: string;
  readonly status: SessionStatus;
  readonly failure_code: string | null;
  readonly amount_captured: number;
  readonly refunds: readonly RefundRequest[];
}

export interface RefundRequest {
  readonly refund_id: string;
  readonly amount: number;
  readonly currency: string;
}

/** What the buyer's click leads to. */
const STATUS_OF_OUTCOME = {
  success: "success",
  failure: "failure",
  cancel: "cancelled",
  processing: "processing",
  authorize: "authorized",
} as const satisfies Record<string, SessionStatus>;

export type Outcome = keyof typeof STATUS_OF_OUTCOME;
export const OUTCOMES = [
  "success",
  "failure",
  "cancel",
  "processing",
  "authorize",
] as const satisfies Outcome[];

export type Ruling =
  | { readonly kind: "changed" | "unchanged"; readonly session: Session }
  | {
      readonly kind: "refused";
      readonly httpStatus: 409 | 422;
      readonly reason: string;
      readonly session: Session;
    };

/** Whether a repeated create asks for the same thing. The addresses may differ: they carry rotating secrets. */
export function sameTerms(a: SessionTerms, b: SessionTerms): boolean {
  return (
    a.transaction_id === b.transaction_id &&
    a.order_id === b.order_id &&
    a.amount === b.amount &&
    a.currency === b.currency &&
    a.capture === b.capture
  );
}

/** What the buyer may still do; nothing on a session that is over. */
export function allowedOutcomes(status: SessionStatus): readonly Outcome[] {
  switch (status) {
    case "pending":
    case "failure":
      return OUTCOMES;
    case "processing":
    case "authorized":
      return ["success", "failure"];
    case "success":
    case "cancelled":
    case "expired":
    case "refunded":
      return [];
  }
}

export function settle(session: Session, outcome: Outcome): Ruling {
  if (!allowedOutcomes(session.status).includes(outcome)) {
    // A double click, and no second choice.
    if (session.status === STATUS_OF_OUTCOME[outcome]) {
      return { kind: "unchanged", session };
    }
    return refuse(session, 409, `the session is ${session.status}`);
  }
  return change(session, {
    status: STATUS_OF_OUTCOME[outcome],
    failure_code: outcome === "failure" ? "card_declined" : null,
    amount_captured: outcome === "success" ? session.amount : 0,
  });
}

export function expire(session: Session): Ruling {
  switch (session.status) {
    case "pending":
    case "failure":
      return change(session, { status: "expired", failure_code: null });
    case "expired":
    case "cancelled":
      return { kind: "unchanged", session };
    case "processing":
    case "authorized":
    case "success":
    case "refunded":
      return refuse(session, 409, `a session that is ${session.status} cannot be expired`);
  }
}

export function capture(session: Session, amount: number): Ruling {
  if (amount > session.amount) {
    return refuse(session, 422, "amount is more than was authorized");
  }
  if (session.status === "authorized") {
    return change(session, { status: "success", amount_captured: amount });
  }
  if (session.status === "success" && session.amount_captured === amount) {
    return { kind: "unchanged", session };
  }
  return refuse(session, 409, `a session that is ${session.status} cannot be captured`);
}

export function refund(session: Session, request: RefundRequest): Ruling {
  const earlier = session.refunds.find((one) => one.refund_id === request.refund_id);
  if (earlier) {
    return earlier.amount === request.amount && earlier.currency === request.currency
      ? { kind: "unchanged", session }
      : refuse(session, 409, "the refund exists with other terms");
  }
  if (session.status !== "success" && session.status !== "refunded") {
    return refuse(session, 422, `a session that is ${session.status} cannot be refunded`);
  }
  if (request.currency !== session.currency) {
    return refuse(session, 422, "currency is not the session's");
  }
  const rest = session.amount_captured - amountRefunded(session);
  if (request.amount > rest) {
    return refuse(session, 422, "amount is more than the rest");
  }
  return change(session, {
    status: request.amount === rest ? "refunded" : "success",
    refunds: [...session.refunds, request],
  });
}

/** The answer of the status call, and the core of each callback. */
export function report(session: Session) {
  return {
    transaction_id: session.transaction_id,
    status: session.status,
    amount: session.amount,
    currency: session.currency,
    amount_refunded: amountRefunded(session),
    ...(session.failure_code !== null && { failure_code: session.failure_code }),
    ...(isPartlyCaptured(session) && { amount_captured: session.amount_captured }),
  };
}

function amountRefunded(session: Session): number {
  return session.refunds.reduce((sum, one) => sum + one.amount, 0);
}

function isPartlyCaptured(session: Session): boolean {
  return session.amount_captured > 0 && session.amount_captured < session.amount;
}

function change(session: Session, to: Partial<Session>): Ruling {
  return { kind: "changed", session: { ...session, ...to } };
}

function refuse(session: Session, httpStatus: 409 | 422, reason: string): Ruling {
  return { kind: "refused", httpStatus, reason, session };
}
