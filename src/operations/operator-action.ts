/** What an operator does, with the record of it: who and why before it is done, and what came of it after. */
import { databaseOf } from "../lib/id.ts";
import { describeError } from "../lib/log.ts";
import type { Services } from "../services.ts";
import { OperationError } from "./operation-error.ts";

export interface OperatorAction {
  /** A word for it: "refund", "replay webhook". */
  readonly action: string;
  readonly actor: string;
  /** Why; null where nobody asked. */
  readonly note: string | null;
  /** Null where it is about none, or about many. */
  readonly transactionId: string | null;
}

/**
 * @param work says what came of it, in a few words
 * @throws what the work throws, with the record closed: a refusal is recorded by its code
 */
export async function recordAction(
  { store, newId, now, log }: Services,
  action: OperatorAction,
  work: () => Promise<string>,
): Promise<string> {
  const id = newId("act", databaseOf(action.transactionId ?? ""));
  await store.beginAction({ id, ...action, createdAt: now() });
  // What is done is done, whatever becomes of the record's last word.
  const end = async (outcome: string) => {
    log.info("operator.acted", {
      ...(action.transactionId === null ? {} : { transaction_id: action.transactionId }),
      reason: action.action,
      outcome,
    });
    await store.endAction(id, outcome).catch((error: unknown) => {
      log.error("operator.unrecorded", { reason: action.action, outcome, error: describeError(error) });
    });
  };
  const outcome = await work().catch(async (error: unknown) => {
    await end(error instanceof OperationError ? `refused: ${error.code}` : "failed");
    throw error;
  });
  await end(outcome);
  return outcome;
}
