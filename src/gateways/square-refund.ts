/** Refunds at Square: looked up before they are asked for, since nobody says how long it remembers a key. */
import * as z from "zod/mini";
import { GatewayError, type RefundObservation, type RefundRequest } from "./gateway.ts";
import type { ApiAnswer, ApiClient } from "./http.ts";
import { codesOf, isUnheard, read } from "./square-api.ts";
import { back, type Payment, type Refund, refund, type Seen, sum, writeMoney } from "./square-order.ts";

/**
 * @param look how the order stands; needed where Square's own id of the refund is not known
 * @throws GatewayError
 */
export async function giveBack(
  api: ApiClient,
  request: RefundRequest,
  look: () => Promise<Seen | null>,
): Promise<RefundObservation> {
  const { refundId, amount, currency, reference } = request;
  if (reference !== null) {
    return toState(readRefund(await api.get(`/v2/refunds/${encodeURIComponent(reference)}`), request));
  }
  const seen = await look();
  const known = seen?.refunds.find(({ reason }) => reason === refundId);
  if (known) {
    return toState(checkRefund(known, request));
  }
  const source = seen && payable(seen, amount);
  if (!source) {
    throw new GatewayError("rejected", "there is no payment to give back");
  }
  const body = {
    idempotency_key: refundId,
    payment_id: source.id,
    amount_money: writeMoney(amount, currency),
    reason: refundId,
  };
  return toState(readRefund(await api.post("/v2/refunds", body), request, source.id));
}

/** A payment that has as much left, where several paid the order; else the one with which Square refuses. */
function payable({ payments, refunds }: Seen, amount: number): Payment | undefined {
  const taken = payments.filter(({ status }) => status === "COMPLETED");
  const left = ({ id, total_money: { amount: all, currency } }: Payment) => {
    const gone = refunds.filter((each) => each.payment_id === id && !isVain(each));
    return all - sum(gone.map(back), currency);
  };
  return taken.find((each) => left(each) >= amount) ?? taken[0];
}

const isVain = ({ status }: Refund) => status === "REJECTED" || status === "FAILED";

function readRefund(answer: ApiAnswer, request: RefundRequest, paymentId?: string): Refund {
  const codes = codesOf(answer);
  if (codes.includes("REFUND_ALREADY_PENDING")) {
    throw new GatewayError("unavailable", "another refund of this payment is under way");
  }
  if (codes.includes("IDEMPOTENCY_KEY_REUSED") || isUnheard(answer)) {
    throw new GatewayError("unknown", "Square knows this refund otherwise than we do");
  }
  return checkRefund(read(answer, z.object({ refund })).refund, request, paymentId);
}

function checkRefund(found: Refund, { amount, currency }: RefundRequest, paymentId?: string): Refund {
  const { amount: sent, currency: of } = found.amount_money;
  if (sent !== amount || of !== currency || (paymentId && found.payment_id !== paymentId)) {
    throw new GatewayError("unknown", "Square's answer is not this refund's state");
  }
  return found;
}

function toState({ id: reference, status }: Refund): RefundObservation {
  switch (status) {
    case "PENDING":
    case "UNDOCUMENTED":
      return { status: "pending", reference, failureCode: null };
    case "COMPLETED":
      return { status: "succeeded", reference, failureCode: null };
    case "REJECTED":
      return { status: "failed", reference, failureCode: "refund_rejected" };
    case "FAILED":
      return { status: "failed", reference, failureCode: "refund_failed" };
  }
}
