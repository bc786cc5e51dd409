/** Keeps the calls to gateways that no other write took along: those of a look that changed nothing, or failed. */
import type { Services } from "../services.ts";

/** @throws StoreError; nothing but a timeline suffers */
export async function keepCalls({ store, journal }: Pick<Services, "store" | "journal">): Promise<void> {
  const calls = journal.drain();
  if (calls.length > 0) {
    await store.keepCalls(calls);
  }
}
