/** Why an operation was refused, in words for the shop. The edge maps the code to an HTTP status, once. */

export type OperationErrorCode =
  | "invalid_request"
  | "not_found"
  | "order_already_paid"
  | "order_in_review"
  | "order_in_progress"
  | "idempotency_in_progress"
  | "idempotency_mismatch"
  | "not_cancelable"
  | "not_capturable"
  | "not_refundable"
  | "refund_exceeds_rest"
  | "not_in_review"
  | "not_settled"
  | "cannot_refund"
  | "gateway_rejected"
  | "gateway_unavailable"
  | "contention";

export interface OperationErrorDetails {
  readonly transactionId?: string;
  readonly retryAfterSeconds?: number;
  /** Which parts of the input are wrong, as JSON pointers. */
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

export class OperationError extends Error {
  override readonly name = "OperationError";
  readonly code: OperationErrorCode;
  readonly details: OperationErrorDetails;

  /** @param message says what to do */
  constructor(code: OperationErrorCode, message: string, details: OperationErrorDetails = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}
