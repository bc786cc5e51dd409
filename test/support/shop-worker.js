/** A shop that is a Worker, in a process of its own: it is reached by RPC alone, and does as the order's metadata say. */
import { WorkerEntrypoint } from "cloudflare:workers";

/** By the id of their transaction. */
const received = new Map();

export class ShopHooks extends WorkerEntrypoint {
  async onTransactionEvent(event) {
    received.set(event.data.id, [...(received.get(event.data.id) ?? []), event]);
    switch (event.data.metadata.shop) {
      case "throws":
        throw new RangeError(`no ${event.data.order_id} in stock`);
      case "throws its own": {
        const error = new Error("own");
        error.name = `no ${event.data.order_id} in stock`;
        throw error;
      }
      case "throws no error":
        throw event.data.order_id;
      case "hangs":
        await scheduler.wait(30_000);
        return null;
      case "refuses":
        return { ok: false, error: "an answer is an answer" };
      default:
        return undefined;
    }
  }

  /** What came about a transaction. */
  received(transactionId) {
    return received.get(transactionId) ?? [];
  }
}

/** A shop whose Worker has forgotten the method. */
export class Mute extends WorkerEntrypoint {}
