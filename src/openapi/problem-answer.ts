/** The one form of all errors, and what each code means: a code without its meaning here does not compile. */
import * as z from "zod";
import type { ProblemCode } from "../http/problem.ts";
import { choice, said, transactionId } from "./words.ts";

/** What it means, and what to do. */
export const PROBLEM_MEANINGS: Readonly<Record<ProblemCode, string>> = {
  invalid_request: "something of the input is wrong; `errors` points to it",
  malformed_webhook: "the signature is good, but what it signs is not of the gateway's form",
  unauthorized: "no credentials, or unknown ones; of a webhook: a bad signature",
  origin_not_allowed: "the page's origin is not in ALLOWED_ORIGINS",
  not_found: "there is no such thing, or your credentials do not show it",
  order_already_paid: "the order has its money: `transaction_id` is the payment",
  order_in_review: "a payment of the order waits for a person: `transaction_id`",
  order_in_progress: "a payment of the order is under way and cannot be ended: `transaction_id`",
  idempotency_in_progress:
    "the first request with this key is still under way; send it again after `Retry-After`",
  not_cancelable: "it is paid, or the gateway refuses to end it",
  not_capturable: "no money is held, or the gateway cannot capture",
  not_refundable: "there is no money to give back",
  refund_exceeds_rest: "so much is not left to give back",
  not_in_review: "there is nothing to decide",
  not_settled: "the gateway says that the money is not there",
  cannot_refund: "the gateway cannot refund by its API: refund it in its dashboard",
  payload_too_large: "the body is too large",
  idempotency_mismatch: "the key was used with another body; use a new one",
  upgrade_required: "connect with a WebSocket",
  rate_limited: "too many requests of one caller in a short time; send it again after `Retry-After`",
  internal: "our fault; it was logged under `request_id`. Try again",
  misconfigured: "the Worker's variables are wrong; `detail` names each",
  gateway_rejected: "the gateway refused; asking again with the same key gives the same answer",
  gateway_unavailable: "the gateway did not answer; send the same request again after `Retry-After`",
  database_unavailable: "D1 did not answer; send the same request again after `Retry-After`",
  contention: "too many changes of this at once; send the same request again after `Retry-After`",
};

export const problem = z
  .object({
    type: said(
      "A name for the kind of problem; nothing is there to be fetched.",
      "urn:payment-edge:problem:invalid_request",
    ),
    title: said("The kind of problem, in words.", "The request is not valid"),
    status: z.int().meta({ description: "The HTTP status, once more.", examples: [400] }),
    detail: said("What is wrong this time, and what to do about it: for developers, not for buyers."),
    code: choice("For programs to decide by.", PROBLEM_MEANINGS),
    request_id: said(
      "Names this request in the logs; also the header `x-request-id`.",
      "5f0c8a52-6d0f-4f6a-9d51-2f2f6a3c9b10",
    ),
    errors: z
      .array(
        z.object({
          pointer: said("A JSON pointer into the body, or to a parameter by its name.", "/amount"),
          detail: said("What is wrong there.", "must be a positive integer of the currency's minor unit"),
        }),
      )
      .optional()
      .meta({ description: "All that is wrong with the input, at once." }),
    transaction_id: transactionId.optional(),
  })
  .meta({ description: "What went wrong: RFC 9457." });
