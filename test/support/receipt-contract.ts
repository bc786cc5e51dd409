/** The part of the adapters' contract that is about what they tell of themselves, and of how a webhook came. */
import { describe, expect, it } from "vitest";
import type { Notice } from "../../src/gateways/gateway.ts";
import { utf8 } from "../../src/gateways/signature.ts";
import type { GatewayContract, Signing } from "./gateway-contract.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What the vendor says of a paid transaction, and how it comes to the adapter. */
interface PaidWebhook {
  readonly good: Bytes;
  send(body: Bytes, signed?: Bytes, signing?: Signing): Promise<readonly Notice[]>;
}

const decode = (bytes: Bytes) => new TextDecoder().decode(bytes);

export function testItself({ modes, connectAs, webhook }: GatewayContract): void {
  describe("mode", () => {
    it.each(Object.entries(modes))("of %s is %s", async (account, mode) => {
      expect((await connectAs(account)).mode).toBe(mode);
    });
  });

  describe("webhook", () => {
    const setup = async () => (await connectAs(Object.keys(modes)[0] ?? "")).webhook;

    it("names the events to subscribe to, each once, where the vendor asks for them", async () => {
      const { events } = await setup();
      expect(events.length > 0).toBe(webhook.subscribes);
      expect(new Set(events).size).toBe(events.length);
    });

    it("advises in one sentence", async () => {
      expect((await setup()).advice).toMatch(/^[A-Z][^.!?]+\.$/);
    });
  });
}

/** @param now epoch milliseconds, at which all is signed */
export function testReceipts(
  { webhook }: GatewayContract,
  now: number,
  paid: () => Promise<PaidWebhook>,
): void {
  const { receipt } = webhook;

  describe("a webhook's receipt", () => {
    it("says when it happened, when it was signed, and by which secret", async () => {
      const { good, send } = await paid();
      const [notice] = await send(good);
      expect(notice?.receipt).toEqual({
        occurredAt: receipt.occurredAt(decode(good)),
        signedAt: receipt.signedAt(now),
        secret: receipt.secret,
      });
    });

    it.runIf(webhook.secondSecret)("says so where the second live secret signed", async () => {
      const { good, send } = await paid();
      const { secondSecret: secret = "" } = webhook;
      const [first] = await send(good);
      const second = { ...first?.receipt, secret: receipt.secret && 2 };
      expect(await send(good, good, { secret })).toEqual([{ ...first, receipt: second }]);
    });

    it.each([
      ...[undefined, null, "", "7", "soon", "22 November 2026", "2026-13-22T12:00:00Z"],
      ...[-1, 0, 1.5, 1e300, true, [], {}],
    ])("holds no time where the event says %j, and the event counts all the same", async (said) => {
      const { good, send } = await paid();
      const [{ observation } = {}] = await send(good);
      const odd = JSON.stringify(JSON.parse(decode(good)), (key, value) =>
        key === receipt.field ? said : value,
      );
      expect(await send(utf8(odd))).toMatchObject([{ observation, receipt: { occurredAt: null } }]);
    });
  });
}
