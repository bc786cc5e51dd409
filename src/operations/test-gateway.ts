/**
 * Opens a session at a gateway's test account and closes it again, so that whoever sets it up sees that keys and address
 * are right. No transaction comes of it, and nothing is written.
 */
import { GatewayError, TEST_ID } from "../gateways/gateway.ts";
import { createJournal, type GatewayCall, readCalls } from "../gateways/journal.ts";
import type { Services } from "../services.ts";
import { closeSession } from "./end-transaction.ts";
import { OperationError } from "./operation-error.ts";

const LIFE_MS = 30 * 60_000;

export interface GatewayTest {
  readonly calls: readonly GatewayCall[];
  /** Whether the page was opened, and could be closed where the gateway can do that. */
  readonly passed: boolean;
  /** Why not, in the adapter's words. */
  readonly problem: string | null;
}

/**
 * @param amount minor units of `currency`
 * @throws OperationError "not_found", or "invalid_request" for an account that is not known to be a test account
 */
export async function testGateway(
  services: Services,
  id: string,
  amount: number,
  currency: string,
): Promise<GatewayTest> {
  const { gateways, config, newId, now } = services;
  const found = gateways.get(id);
  if (!found) {
    throw new OperationError("not_found", "No gateway of this name is configured.");
  }
  if (found.mode !== "test") {
    throw new OperationError(
      "invalid_request",
      "Only a test account is tried: this one may take real money.",
    );
  }
  const transactionId = newId(TEST_ID.slice(0, -1));
  const journal = createJournal(services.wallClock);
  const gateway = journal.watch(found);
  const life = Math.min(Math.max(LIFE_MS, found.lifetime?.minMs ?? 0), found.lifetime?.maxMs ?? LIFE_MS);
  const problem = await attempt(async () => {
    const { observation } = await gateway.create({
      ...{ transactionId, orderId: transactionId, amount, currency, description: "Test of the gateway" },
      callbackUrl: `${config.publicUrl}/webhooks/${id}`,
      returnUrl: `${config.publicUrl}/status/${transactionId}`,
      cancelUrl: `${config.publicUrl}/status/${transactionId}`,
      expiresAt: now() + life,
      capture: "automatic",
      customer: found.needs ? { email: "test@example.com" } : null,
    });
    await closeSession(gateway, { transactionId, reference: observation.reference });
  });
  return { calls: readCalls(journal.linesOf(transactionId)), passed: problem === null, problem };
}

async function attempt(work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof GatewayError) {
      return error.message;
    }
    throw error;
  }
}
