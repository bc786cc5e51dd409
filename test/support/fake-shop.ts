/** The shop's fulfilment endpoint, in memory: verifies each event with the reference library and keeps books. */
import { Webhook } from "standardwebhooks";

export const FULFILMENT_URL = "https://shop.example/hooks";
export const FULFILMENT_SECRET = `whsec_${btoa("fulfilment-secret-for-tests-only")}`;

export interface ReceivedEvent {
  readonly id: string;
  readonly body: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

export class FakeShop {
  readonly received: ReceivedEvent[] = [];
  /** What it answers, from now on. */
  answer: () => Response | Promise<Response> = () => new Response(null, { status: 204 });

  /** Stands where the network is. */
  readonly fetch = async (request: Request): Promise<Response> => {
    const body = await request.text();
    const headers = Object.fromEntries(request.headers);
    new Webhook(FULFILMENT_SECRET).verify(body, headers);
    const { type, data } = JSON.parse(body) as { type: string; data: Record<string, unknown> };
    this.received.push({ id: headers["webhook-id"] ?? "", body, type, data });
    return this.answer();
  };

  /** Distinct events of a type: what an idempotent shop acts on. */
  distinct(type: string): ReceivedEvent[] {
    const events = this.received.filter((event) => event.type === type);
    return [...new Map(events.map((event) => [event.id, event])).values()];
  }
}
