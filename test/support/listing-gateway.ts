/** The generic gateway as one that keeps a list of what it has told. */
import type { Gateway, MissedEvent } from "../../src/gateways/gateway.ts";
import { UNSIGNED } from "../../src/gateways/receipt.ts";
import { utf8 } from "../../src/gateways/signature.ts";
import { type FakeGateway, signedCallback } from "./fake-gateway.ts";

/** @param asked runs before each look at the list */
export function listing(
  generic: Gateway,
  { told }: FakeGateway,
  asked: (since: number, until: number) => void = () => undefined,
): Gateway {
  async function* missedEvents(since: number, until: number): AsyncGenerator<MissedEvent> {
    asked(since, until);
    for (const { createdAt, body } of told.filter(
      (each) => each.createdAt >= since && each.createdAt < until,
    )) {
      const { url, headers } = signedCallback(body);
      const read = async () => {
        const notices = await generic.readWebhook({ url, headers, body: utf8(body) });
        return notices.map((notice) => ({ ...notice, receipt: { ...notice.receipt, ...UNSIGNED } }));
      };
      yield { createdAt, read };
    }
  }
  return { ...generic, missedEvents };
}
