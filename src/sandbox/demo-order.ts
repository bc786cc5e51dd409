/**
 * One order of the demo shop, named by its id. What it was told by signed events is its truth: it fulfils once, by
 * the first `transaction.succeeded`, however often and in whatever order events come.
 */
import { DurableObject } from "cloudflare:workers";

export interface PlacedOrder {
  readonly id: string;
  readonly product_id: string;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  /** Seconds to pay on the first attempt; null: the usual. */
  readonly expires_in: number | null;
}

/** The latest attempt to pay the order, as the shop keeps it. */
export interface OrderTransaction {
  readonly id: string;
  readonly client_secret: string;
  readonly status_url: string;
  readonly payment_url: string | null;
}

export interface Order extends PlacedOrder {
  readonly transaction: OrderTransaction | null;
  /** How many attempts are spent: the next one needs a new idempotency key. */
  readonly attempts: number;
  /** RFC 3339, UTC. */
  readonly fulfilled_at: string | null;
  /** Oldest first. */
  readonly told: readonly ToldEvent[];
}

export interface ShopEvent {
  readonly webhook_id: string;
  readonly type: string;
  readonly transaction_id: string;
  readonly version: number;
}

export interface ToldEvent extends ShopEvent {
  /** RFC 3339, UTC. */
  readonly received_at: string;
  /** More than one when the event was delivered again. */
  readonly times: number;
}

const ORDER_KEY = "order";
const MAX_TOLD = 50;

export class DemoOrder extends DurableObject<Env> {
  /** The same order, however often it is placed. */
  place(placed: PlacedOrder): Order {
    return (
      this.read() ?? this.#write({ ...placed, transaction: null, attempts: 0, fulfilled_at: null, told: [] })
    );
  }

  read(): Order | null {
    return this.ctx.storage.kv.get<Order>(ORDER_KEY) ?? null;
  }

  /**
   * An attempt has its answer.
   * @param attempt counted from 1; one that is already spent changes nothing
   * @param transaction null when the gateway refused
   */
  spend(attempt: number, transaction: OrderTransaction | null): void {
    const order = this.read();
    if (order && attempt > order.attempts) {
      this.#write({ ...order, attempts: attempt, transaction: transaction ?? order.transaction });
    }
  }

  /** @returns false for an order that is not the shop's */
  receive(event: ShopEvent, receivedAt: string): boolean {
    const order = this.read();
    if (!order) {
      return false;
    }
    const known = order.told.some((one) => one.webhook_id === event.webhook_id);
    const told = known
      ? order.told.map((one) =>
          one.webhook_id === event.webhook_id ? { ...one, times: one.times + 1 } : one,
        )
      : [...order.told, { ...event, received_at: receivedAt, times: 1 }].slice(-MAX_TOLD);
    const fulfils = event.type === "transaction.succeeded" && order.fulfilled_at === null;
    this.#write({ ...order, told, fulfilled_at: fulfils ? receivedAt : order.fulfilled_at });
    return true;
  }

  #write(order: Order): Order {
    this.ctx.storage.kv.put(ORDER_KEY, order);
    return order;
  }
}
