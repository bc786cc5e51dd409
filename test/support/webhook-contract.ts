/** The part of the adapters' contract that is about news: webhooks, the vendor's own list of events, and how sums are read. */
import { describe, expect, it } from "vitest";
import {
  type CreateRequest,
  GatewayError as Failure,
  type Gateway,
  type GatewayError,
  TEST_ID,
  type Tools,
} from "../../src/gateways/gateway.ts";
import { utf8 } from "../../src/gateways/signature.ts";
import { newTypeId } from "../../src/lib/id.ts";
import { isCurrency } from "../../src/transactions/money.ts";
import type { GatewayContract, Opened, PaidNews, Signing } from "./gateway-contract.ts";
import { type MissedNotice, readMissed } from "./missed-events.ts";
import { testReceipts } from "./receipt-contract.ts";

interface Bench {
  readonly contract: GatewayContract;
  connect(fetch: Tools["fetch"], now?: number): Gateway;
  open(changes?: Partial<CreateRequest>): Promise<Opened>;
  failureOf(call: Promise<unknown>): Promise<GatewayError>;
}

/** Each currency of ISO 4217, 1,000 sums: what is written is read again, exactly. */
export function testAmounts({ money }: GatewayContract): void {
  it.runIf(money)("writes and reads 1,000 sums of every currency exactly", () => {
    let seed = 1;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed;
    };
    const written = Intl.supportedValuesOf("currency")
      .filter(isCurrency)
      .filter((currency) => {
        try {
          // Whole hundreds of thousands: what a vendor cannot write of a currency is its last digits.
          money?.write(100_000, currency);
        } catch (error) {
          expect(error).toMatchObject({ kind: "rejected" });
          return false;
        }
        let exact = 0;
        for (let index = 0; index < 1_000; index += 1) {
          const amount = 1 + (random() % 10 ** (1 + (index % 9)));
          try {
            const text = money?.write(amount, currency);
            if (money?.read(text, currency) !== amount) {
              expect.unreachable(`${amount} ${currency} became ${JSON.stringify(text)}`);
            }
            exact += 1;
          } catch (error) {
            // A sum that this vendor cannot collect is refused, never rounded.
            if (!(error instanceof Failure) || error.kind !== "rejected") {
              throw error;
            }
          }
        }
        expect(exact).toBeGreaterThan(0);
        return true;
      });
    expect(written.length).toBeGreaterThanOrEqual(money?.currencies ?? 0);
  });
}

export function testMissed(contract: GatewayContract, open: Bench["open"], connect: Bench["connect"]): void {
  describe.runIf(contract.paidEventId)("missedEvents", () => {
    const MINUTE = 60_000;
    const list = (since: number, until = Date.now() + MINUTE) =>
      readMissed(connect(contract.vendor).missedEvents?.(since, until));
    const payAnother = async () => {
      const { request } = await open();
      await contract.pay(request.transactionId);
      return { request, eventId: contract.paidEventId?.(request.transactionId) ?? "" };
    };
    const find = (notices: readonly MissedNotice[], id: string) =>
      notices.filter(({ eventId }) => eventId === id);

    it("tells what no webhook has told, under the same ids, and when it was", async () => {
      const { request, eventId } = await payAnother();
      const found = find(await list(Date.now() - MINUTE), eventId);
      const createdAt = found[0]?.createdAt ?? 0;
      expect(found).toMatchObject([
        {
          observation: { status: "succeeded", amount: request.amount, currency: request.currency },
          // Nobody has sent it, and so nobody has signed it.
          receipt: { occurredAt: createdAt, signedAt: null, secret: null },
        },
      ]);
      expect(Math.abs(createdAt - Date.now())).toBeLessThan(MINUTE);
    });

    it("tells it again from that very moment on", async () => {
      const { eventId } = await payAnother();
      const [found] = find(await list(Date.now() - MINUTE), eventId);
      expect(find(await list(found?.createdAt ?? 0), eventId)).toHaveLength(1);
    });

    it("tells nothing of what was before, or is after", async () => {
      const { eventId } = await payAnother();
      expect(find(await list(Date.now() + MINUTE, Date.now() + 2 * MINUTE), eventId)).toEqual([]);
      expect(find(await list(Date.now() - 2 * MINUTE, Date.now() - MINUTE), eventId)).toEqual([]);
    });

    it("tells more than one page of them, oldest first", async () => {
      const paid: string[] = [];
      for (let index = 0; index < 120; index += 1) {
        paid.push((await payAnother()).eventId);
      }
      const found = (await list(Date.now() - MINUTE)).map(({ eventId }) => eventId);
      expect(found.filter((id) => paid.includes(id))).toEqual(paid);
    });
  });
}

export function testWebhooks({ contract, connect, open, failureOf }: Bench): void {
  const { webhook } = contract;
  const now = Date.now();
  const alone = () => expect.unreachable("this webhook is read without the network");
  const gateway = connect(webhook.readsAlone ? alone : contract.vendor, now);
  const whole = !webhook.signsFields;

  /** A transaction that is paid at the vendor, and what says so. */
  async function paid(changes: Partial<CreateRequest> = {}) {
    const { request, reference } = await open(changes);
    await contract.pay(request.transactionId);
    const { transactionId, amount, currency } = request;
    const news: PaidNews = {
      eventId: "evt_1",
      transactionId,
      reference: reference.reference,
      amount,
      currency,
    };
    const good = utf8(webhook.body(news));
    const url = webhook.url?.(request) ?? request.callbackUrl;
    const send = async (body: Uint8Array<ArrayBuffer>, signed = body, signing: Signing = {}) => {
      const { headers, body: sent } = await webhook.sign(signed, { at: now, ...signing });
      return gateway.readWebhook({ url, headers, body: body === signed ? sent : body });
    };
    const refused = async (...args: Parameters<typeof send>) =>
      expect((await failureOf(send(...args))).kind).toBe("unverified");
    return { request, news, good, url, send, refused };
  }

  testReceipts(contract, now, paid);
  testProbe(contract, connect, failureOf);

  describe("readWebhook", () => {
    it("reads what the vendor signed, and of a repeated one the same", async () => {
      const { news, good, send } = await paid();
      const notices = await send(good);
      expect(notices).toMatchObject([
        { observation: { status: "succeeded", amount: 1999, currency: "USD", amountRefunded: 0 } },
      ]);
      // By our id, or by the vendor's own where it names no other.
      expect([news.transactionId, null]).toContain(notices[0]?.transactionId);
      expect(notices[0]?.transactionId ?? notices[0]?.observation.reference).not.toBeNull();
      expect(notices[0]?.eventId).not.toBe("");
      expect(await send(good)).toEqual(notices);
    });

    it.each(contract.amounts)("reads $amount $currency", async ({ amount, currency }) => {
      const { good, send } = await paid({ amount, currency });
      const [notice] = await send(good);
      expect(notice?.observation).toMatchObject({ amount, currency });
    });

    it.runIf(whole)("refuses it with any byte changed", async () => {
      const { good, refused } = await paid();
      for (let index = 0; index < good.length; index += 7) {
        await refused(good.with(index, (good[index] ?? 0) ^ 1), good);
      }
    });

    it.runIf(whole)("refuses it cut short, and with something behind it", async () => {
      const { good, refused } = await paid();
      await refused(good.slice(0, -1), good);
      await refused(new Uint8Array([...good, 32]), good);
      await refused(utf8(""), good);
    });

    it.runIf(whole)("verifies the bytes that came, not what they say", async () => {
      const { good, refused, send } = await paid();
      const same = utf8(JSON.stringify(JSON.parse(new TextDecoder().decode(good)), null, 2));
      await refused(same, good);
      await refused(good, same);
      expect(await send(same)).toEqual(await send(good));
    });

    it("refuses another's signature", async () => {
      const { good, refused } = await paid();
      await refused(good, good, { secret: webhook.otherSecret });
    });

    it("refuses what nobody signed", async () => {
      const { good, url } = await paid();
      const unsigned = gateway.readWebhook({ url, headers: new Headers(), body: good });
      expect((await failureOf(unsigned)).kind).toBe("unverified");
    });

    it.runIf(webhook.toleranceMs !== null)("refuses what is too old, or from the future", async () => {
      const { good, refused, send } = await paid();
      const tolerance = webhook.toleranceMs ?? 0;
      for (const offMs of [-tolerance - 2000, tolerance + 2000, -24 * 60 * 60_000]) {
        await refused(good, good, { at: now + offMs });
      }
      for (const offMs of [-tolerance + 2000, tolerance - 2000]) {
        expect(await send(good, good, { at: now + offMs })).toHaveLength(1);
      }
    });

    it.each(["", "{", "null", "[]", '"text"', "{}", "\u0000", ...webhook.malformed])(
      "calls malformed what is signed and says %j",
      async (text) => {
        const { send } = await paid();
        const { kind } = await failureOf(send(utf8(text)));
        // What holds no signed item cannot be told from a forgery.
        expect(whole ? ["malformed"] : ["malformed", "unverified"]).toContain(kind);
      },
    );

    it.runIf(whole)("calls malformed what is signed and no UTF-8", async () => {
      const { good, send } = await paid();
      const quoted = good.lastIndexOf(34) - 1;
      expect((await failureOf(send(good.with(quoted, 0xff)))).kind).toBe("malformed");
    });

    it.each(webhook.unknown ?? [])("makes no error of a kind that it does not know: %j", async (text) => {
      const { send } = await paid();
      for (const { observation } of await send(utf8(text))) {
        expect(observation.status).toBe("unsaid");
      }
    });
  });
}

/** What the doctor sends and asks. */
function testProbe(
  { vendor }: GatewayContract,
  connect: Bench["connect"],
  failureOf: Bench["failureOf"],
): void {
  const alone = connect(() => expect.unreachable("a probe asks nobody"));
  const url = "http://localhost:8787/webhooks/probed";
  const readProbe = async (change = (body: string) => body) => {
    const { headers, body } = (await alone.probe?.(url)) ?? expect.unreachable("it can sign");
    expect(body).toContain(TEST_ID);
    return alone.readWebhook({ url, headers: new Headers(headers), body: utf8(change(body)) });
  };

  describe.runIf(alone.probe)("probe", () => {
    it("is verified, asks nobody, and is about no payment", async () => {
      const about = (await readProbe()).map(({ transactionId }) => transactionId ?? "");
      expect(about.filter((id) => !id.startsWith(TEST_ID))).toEqual([]);
    });

    it("is refused when the id in it is another", async () => {
      const forged = readProbe((body) => body.replace(TEST_ID, "txn_"));
      expect((await failureOf(forged)).kind).toBe("unverified");
    });
  });

  describe("unknownReference", () => {
    it("is asked for at the vendor, who has never heard of it", async () => {
      let calls = 0;
      const gateway = connect((request) => {
        calls += 1;
        return vendor(request);
      });
      const reference = gateway.unknownReference ?? null;
      const transactionId = newTypeId("tst", Date.now());
      expect(await gateway.retrieve({ transactionId, reference })).toMatchObject({ status: "missing" });
      expect(calls).toBeGreaterThan(0);
    });
  });
}
