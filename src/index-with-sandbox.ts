/** The entry of the Worker with a simulated gateway and a demo shop in it, for development and trials. */
import { connectSandbox, mountSandbox } from "./mount-sandbox.ts";
import { createDatabaseTick, createWorker } from "./worker.ts";

export { TransactionChannel } from "./channel/transaction-channel.ts";
export { DemoOrder } from "./sandbox/demo-order.ts";
export { SandboxSession } from "./sandbox/sandbox-session.ts";

const sandbox = { connect: connectSandbox, mount: mountSandbox };

export const DatabaseTick = createDatabaseTick(sandbox);
export default createWorker(sandbox);
