/** The shop, or an operator, takes held money, all or part of it. What is asked for is written down first: the cron finishes it. */
import { type Gateway, GatewayError } from "../gateways/gateway.ts";
import type { Services } from "../services.ts";
import type { Observation } from "../transactions/observation.ts";
import type { Origin } from "../transactions/outcome.ts";
import type { Transaction } from "../transactions/transaction.ts";
import { advanceTransaction } from "./advance-transaction.ts";
import { gatewayOf } from "./end-transaction.ts";
import { findTransaction } from "./find-transaction.ts";
import { OperationError } from "./operation-error.ts";

/** When the cron looks, if the answer is lost. */
const FOLLOW_UP_MS = 60_000;

/**
 * @param amount minor units; null: all that is held
 * @returns the captured transaction; one that was captured with this sum is returned as it is
 * @throws OperationError "not_found", "invalid_request", "not_capturable", "gateway_rejected" or "gateway_unavailable"
 */
export async function captureTransaction(
  services: Services,
  id: string,
  amount: number | null,
  origin: Origin,
): Promise<Transaction> {
  const loaded = await findTransaction(services, id);
  if (!loaded) {
    throw new OperationError("not_found", "There is no such transaction.");
  }
  const { transaction } = loaded;
  const sum = amount ?? transaction.capturing ?? transaction.amount;
  if (isCaptured(transaction, amount)) {
    return transaction;
  }
  if (sum > transaction.amount) {
    throw new OperationError("invalid_request", "More cannot be captured than is held.", {
      errors: [{ pointer: "/amount", detail: `must be at most ${transaction.amount}` }],
    });
  }
  const gateway = capturable(services, transaction);
  if (!(await services.store.beginCapture(id, sum, services.now() + FOLLOW_UP_MS))) {
    return overtaken(services, transaction, amount);
  }
  const captured = await capture(services, gateway, transaction, sum, origin);
  if (captured.status !== "succeeded") {
    throw refusal(captured, `the transaction is ${captured.status}`);
  }
  return captured;
}

/**
 * Makes the capture that is written down; the same one, however often it is called.
 * @returns what the gateway says after it; null when it has refused, and another may be asked for
 * @throws GatewayError when there was no answer
 */
export async function sendCapture(
  { store }: Services,
  gateway: CapturingGateway,
  { id, currency, gatewayReference: reference }: Transaction,
  amount: number,
): Promise<Observation | null> {
  try {
    // Another sum, after a refusal, is another capture: gateways refuse a key that comes with other terms.
    const request = { amount, currency, key: `${id}_capture_${amount}` };
    const observation = await gateway.capture({ transactionId: id, reference }, request);
    if (observation.status === "authorized") {
      await store.endCapture(id);
    }
    return observation;
  } catch (error) {
    if (!(error instanceof GatewayError) || error.kind !== "rejected") {
      throw error;
    }
    await store.endCapture(id);
    return null;
  }
}

export type CapturingGateway = Gateway & Required<Pick<Gateway, "capture">>;

export function canCapture(gateway: Gateway): gateway is CapturingGateway {
  return gateway.capture !== undefined;
}

/** With this sum; with any, where none was named. */
function isCaptured({ status, amountCaptured }: Transaction, amount: number | null): boolean {
  return status === "succeeded" && (amount === null || amountCaptured === amount);
}

function capturable(services: Services, transaction: Transaction): CapturingGateway {
  if (transaction.status !== "authorized") {
    throw refusal(transaction, `the transaction is ${transaction.status}, not authorized`);
  }
  const gateway = gatewayOf(services, transaction);
  if (!canCapture(gateway)) {
    throw refusal(transaction, "this gateway has no capture by its API");
  }
  return gateway;
}

/** Somebody else was first: perhaps with the same sum. */
async function overtaken(
  { store }: Services,
  before: Transaction,
  amount: number | null,
): Promise<Transaction> {
  const transaction = (await store.find(before.id))?.transaction ?? before;
  if (isCaptured(transaction, amount)) {
    return transaction;
  }
  const { status } = transaction;
  const why = status === "authorized" ? "another capture of it is under way" : `the transaction is ${status}`;
  throw refusal(transaction, why);
}

async function capture(
  services: Services,
  gateway: CapturingGateway,
  transaction: Transaction,
  amount: number,
  origin: Origin,
): Promise<Transaction> {
  const { id } = transaction;
  const observation = await sendCapture(services, gateway, transaction, amount).catch((error: unknown) => {
    throw error instanceof GatewayError ? goesOn(id, error.retryAfterMs) : error;
  });
  if (!observation) {
    throw new OperationError("gateway_rejected", "The gateway refused to capture.", { transactionId: id });
  }
  const input = { ...origin, kind: "observed", observation } as const;
  const advanced = await advanceTransaction(services, id, input);
  if (observation.status === "processing") {
    throw goesOn(id, null);
  }
  return advanced.transaction ?? transaction;
}

function goesOn(transactionId: string, retryAfterMs: number | null): OperationError {
  const retryAfterSeconds = Math.ceil((retryAfterMs ?? 5000) / 1000);
  const text = "The gateway has not said that it is done; the capture goes on.";
  return new OperationError("gateway_unavailable", text, { transactionId, retryAfterSeconds });
}

function refusal({ id }: Transaction, why: string): OperationError {
  return new OperationError("not_capturable", `It cannot be captured: ${why}.`, { transactionId: id });
}
