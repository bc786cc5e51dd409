/** The shop takes held money, all or part of it. What is asked for is written down first: the cron finishes it. */
import { type Gateway, GatewayError } from "../gateways/gateway.ts";
import type { Services } from "../services.ts";
import type { Observation } from "../transactions/observation.ts";
import type { Transaction } from "../transactions/transaction.ts";
import { advanceTransaction } from "./advance-transaction.ts";
import { gatewayOf } from "./end-transaction.ts";
import { OperationError } from "./operation-error.ts";

/** When the cron looks, if the answer is lost. */
const FOLLOW_UP_MS = 60_000;

/**
 * A capture that was asked for, and whose answer was lost: asked for again.
 * @param held what the gateway says of it
 * @throws GatewayError
 */
export async function finishCapture(
  services: Services,
  transaction: Transaction,
  held: Observation,
): Promise<Observation> {
  const { id, capturing, currency, gatewayReference: reference } = transaction;
  const gateway = gatewayOf(services, transaction);
  if (capturing === null || !gateway.capture) {
    return held;
  }
  try {
    const request = { amount: capturing, currency, key: captureKey(transaction, capturing) };
    return await gateway.capture({ transactionId: id, reference }, request);
  } catch (error) {
    if (!(error instanceof GatewayError && error.kind === "rejected")) {
      throw error;
    }
    await services.store.endCapture(id);
    return held;
  }
}

/** The gateway's idempotency key: a capture of another sum, after a refusal, is another capture. */
function captureKey({ id }: Transaction, amount: number): string {
  return `${id}_capture_${amount}`;
}

/**
 * @param amount minor units; null: all that is held
 * @returns the captured transaction; one that was captured with this sum is returned as it is
 * @throws OperationError "not_found", "invalid_request", "not_capturable", "gateway_rejected" or "gateway_unavailable"
 */
export async function captureTransaction(
  services: Services,
  id: string,
  amount: number | null,
): Promise<Transaction> {
  const loaded = await services.store.find(id);
  if (!loaded || loaded.transaction.version === 0) {
    throw new OperationError("not_found", "There is no such transaction.");
  }
  const { transaction } = loaded;
  const sum = amount ?? transaction.capturing ?? transaction.amount;
  if (transaction.status === "succeeded" && (amount === null || transaction.amountCaptured === sum)) {
    return transaction;
  }
  if (sum > transaction.amount) {
    throw new OperationError("invalid_request", "More cannot be captured than is held.", {
      errors: [{ pointer: "/amount", detail: `must be at most ${transaction.amount}` }],
    });
  }
  const gateway = capturable(services, transaction);
  if (!(await services.store.beginCapture(id, sum, services.now() + FOLLOW_UP_MS))) {
    throw refusal(transaction, "another capture of this transaction is under way");
  }
  const captured = await capture(services, gateway, transaction, sum);
  if (captured.status !== "succeeded") {
    throw refusal(captured, `the transaction is ${captured.status}`);
  }
  return captured;
}

type CapturingGateway = Gateway & Required<Pick<Gateway, "capture">>;

function capturable(services: Services, transaction: Transaction): CapturingGateway {
  if (transaction.status !== "authorized") {
    throw refusal(transaction, `the transaction is ${transaction.status}, not authorized`);
  }
  const gateway = gatewayOf(services, transaction);
  if (!gateway.capture) {
    throw refusal(transaction, "this gateway has no capture by its API");
  }
  return gateway as CapturingGateway;
}

async function capture(
  services: Services,
  gateway: CapturingGateway,
  transaction: Transaction,
  amount: number,
): Promise<Transaction> {
  const { id, currency, gatewayReference: reference } = transaction;
  try {
    const request = { amount, currency, key: captureKey(transaction, amount) };
    const observation = await gateway.capture({ transactionId: id, reference }, request);
    const input = { kind: "observed", source: "shop", observation } as const;
    const advanced = await advanceTransaction(services, id, input);
    if (observation.status !== "succeeded") {
      await services.store.endCapture(id);
    }
    return advanced.transaction ?? transaction;
  } catch (error) {
    if (!(error instanceof GatewayError)) {
      throw error;
    }
    if (error.kind === "rejected") {
      await services.store.endCapture(id);
      throw new OperationError("gateway_rejected", "The gateway refused to capture.", { transactionId: id });
    }
    throw new OperationError("gateway_unavailable", "The gateway did not answer; the capture goes on.", {
      transactionId: id,
      retryAfterSeconds: Math.ceil((error.retryAfterMs ?? 5000) / 1000),
    });
  }
}

function refusal({ id }: Transaction, why: string): OperationError {
  return new OperationError("not_capturable", `It cannot be captured: ${why}.`, { transactionId: id });
}
