/**
 * The buyer's key to the public view of one transaction: derived from its id, so that there is nothing to store and
 * each replay gives the same.
 */
import { deriveSecret, equalInConstantTime } from "../lib/derive-secret.ts";

const INFIX = "_secret_";

/** @param keys the first one signs */
export async function issueClientSecret(
  keys: readonly [string, ...string[]],
  transactionId: string,
): Promise<string> {
  return `${transactionId}${INFIX}${await deriveSecret(keys[0], `client secret of ${transactionId}`)}`;
}

/** @returns the id of the transaction that the secret opens; null when no live key made it */
export async function readClientSecret(keys: readonly string[], secret: string): Promise<string | null> {
  const [transactionId, , ...rest] = secret.split(/(_secret_)/, 3);
  if (!transactionId || rest.length !== 1) {
    return null;
  }
  for (const key of keys) {
    if (await equalInConstantTime(secret, await issueClientSecret([key], transactionId))) {
      return transactionId;
    }
  }
  return null;
}
