/** The Worker's entry, and the Durable Object by name. The one with a sandbox is index-with-sandbox.ts. */
import { createDatabaseTick, createWorker } from "./worker.ts";

export { TransactionChannel } from "./channel/transaction-channel.ts";

export const DatabaseTick = createDatabaseTick(null);
export default createWorker(null);
