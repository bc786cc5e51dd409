/** Errors as application/problem+json (RFC 9457). The one place where a code becomes an HTTP status. */
import type { OperationErrorCode, OperationErrorDetails } from "../operations/operation-error.ts";
import { OperationError } from "../operations/operation-error.ts";

/** Every code that an answer may carry. */
export type ProblemCode =
  | OperationErrorCode
  | "unauthorized"
  | "origin_not_allowed"
  | "upgrade_required"
  | "payload_too_large"
  | "malformed_webhook"
  | "rate_limited"
  | "database_unavailable"
  | "misconfigured"
  | "internal";

const PROBLEMS = {
  invalid_request: [400, "The request is not valid"],
  malformed_webhook: [400, "The webhook is not of the documented form"],
  unauthorized: [401, "Not authenticated"],
  origin_not_allowed: [403, "This origin is not allowed"],
  not_found: [404, "Not found"],
  order_already_paid: [409, "The order is paid"],
  order_in_review: [409, "A payment of the order is in review"],
  order_in_progress: [409, "A payment of the order is in progress"],
  idempotency_in_progress: [409, "A request with this key is under way"],
  not_cancelable: [409, "The transaction cannot be canceled"],
  not_capturable: [409, "The transaction cannot be captured"],
  not_refundable: [409, "The transaction cannot be refunded"],
  refund_exceeds_rest: [409, "So much is not left to refund"],
  not_in_review: [409, "The transaction is not in review"],
  not_settled: [409, "The money is not there"],
  cannot_refund: [409, "The gateway cannot refund"],
  payload_too_large: [413, "The body is too large"],
  idempotency_mismatch: [422, "The key was used with another body"],
  upgrade_required: [426, "A WebSocket is expected here"],
  rate_limited: [429, "Too many requests"],
  internal: [500, "Something went wrong on our side"],
  misconfigured: [500, "The Worker is not configured"],
  gateway_rejected: [502, "The gateway refused"],
  gateway_unavailable: [503, "The gateway did not answer"],
  database_unavailable: [503, "The database did not answer"],
  contention: [503, "Too busy at this moment"],
} as const satisfies Record<ProblemCode, readonly [number, string]>;

/** An error that transport itself finds. */
export class HttpProblem extends Error {
  override readonly name = "HttpProblem";
  readonly code: ProblemCode;
  readonly details: OperationErrorDetails;

  /** @param message what to do, for the caller's developer */
  constructor(code: ProblemCode, message: string, details: OperationErrorDetails = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** The HTTP status of a code, and its title. */
export function statusOf(code: ProblemCode) {
  return PROBLEMS[code];
}

export function problemResponse(error: HttpProblem | OperationError, requestId: string): Response {
  const [status, title] = PROBLEMS[error.code];
  const { errors, transactionId, retryAfterSeconds } = error.details;
  const body = {
    type: `urn:payment-edge:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    request_id: requestId,
    ...(errors ? { errors } : {}),
    ...(transactionId === undefined ? {} : { transaction_id: transactionId }),
  };
  const headers = new Headers({ "content-type": "application/problem+json", "cache-control": "no-store" });
  if (retryAfterSeconds !== undefined) {
    headers.set("retry-after", String(retryAfterSeconds));
  }
  if (status === 401) {
    headers.set("www-authenticate", "Bearer");
  }
  return new Response(JSON.stringify(body), { status, headers });
}

export function isProblem(error: unknown): error is HttpProblem | OperationError {
  return error instanceof HttpProblem || error instanceof OperationError;
}
