/** What was asked of gateways, written down as it goes. */
import { describe, expect, it } from "vitest";
import { type Gateway, GatewayError, type GatewayReference, silence } from "../../src/gateways/gateway.ts";
import { createJournal, type Journal, readCalls } from "../../src/gateways/journal.ts";
import type { Observation } from "../../src/transactions/observation.ts";

const ID = "txn_0123456789abcdefghjkmnpqrs";
const OTHER = "txn_zzzzzzzzzzzzzzzzzzzzzzzzzz";
const OF: GatewayReference = { transactionId: ID, reference: "ref_1" };

const seen = (status: Observation["status"]): Observation => ({ ...silence("unsaid", "ref_1"), status });
const unable = () => Promise.reject(new Error("not asked here"));

/** A gateway that can do everything, and takes 40 ms for it. */
function aGateway(clock: { now: number }): Required<Gateway> {
  const after = <T>(answer: T) => {
    clock.now += 40;
    return Promise.resolve(answer);
  };
  return {
    ...{ id: "generic", title: "Generic", mode: "test", needs: [], lifetime: { minMs: 1, maxMs: 2 } },
    webhook: { events: [], advice: "" },
    unknownReference: "ref_0",
    create: () => after({ observation: seen("pending"), paymentUrl: "https://gateway.example/pay" }),
    retrieve: () => after(seen("processing")),
    expire: () => after(seen("expired")),
    complete: () => after(seen("succeeded")),
    capture: () => after(seen("succeeded")),
    refund: () => after({ status: "pending", reference: null, failureCode: null }),
    readWebhook: unable,
    probe: unable,
    missedEvents: async function* () {},
  };
}

const CREATE = {
  ...{ transactionId: ID, orderId: "order-1", amount: 100, currency: "EUR", description: null },
  ...{ callbackUrl: "", returnUrl: "", cancelUrl: "", expiresAt: 0, customer: null },
  capture: "automatic" as const,
};
const CAPTURE = { amount: 100, currency: "EUR", key: "key" };
const REFUND = { refundId: "rfd_1", amount: 1, currency: "EUR", reference: null, createdAt: 0 };

function watched(changes: Partial<Gateway> = {}) {
  const clock = { now: 1000 };
  const journal = createJournal(() => clock.now);
  const gateway = journal.watch({ ...aGateway(clock), ...changes });
  return { clock, journal, gateway };
}

const callsOf = (journal: Journal, id = ID) => readCalls(journal.linesOf(id));

describe("createJournal", () => {
  it("writes each call down: which, when, how long, and what the gateway said", async () => {
    const { journal, gateway } = watched();
    await gateway.create(CREATE);
    await gateway.retrieve(OF);
    await gateway.expire?.(OF);
    await gateway.complete?.(OF);
    await gateway.capture?.(OF, CAPTURE);
    await gateway.refund?.(OF, REFUND);
    const said = [
      ...[
        ["create", "pending"],
        ["retrieve", "processing"],
        ["expire", "expired"],
      ],
      ...[
        ["complete", "succeeded"],
        ["capture", "succeeded"],
        ["refund", "pending"],
      ],
    ];
    expect(callsOf(journal)).toEqual(
      said.map(([call, outcome], index) => ({
        ...{ call, outcome, at: 1000 + index * 40, durationMs: 40, failed: false },
      })),
    );
  });

  it("answers as the gateway does, with what it is given, and throws what it throws", async () => {
    const asked: unknown[] = [];
    const refused = new GatewayError("rejected", "no");
    const { gateway } = watched({
      capture: async (...all) => {
        asked.push(all);
        throw refused;
      },
    });
    await expect(gateway.capture?.(OF, CAPTURE)).rejects.toBe(refused);
    expect(asked).toEqual([[OF, CAPTURE]]);
    expect(await gateway.retrieve(OF)).toEqual(seen("processing"));
  });

  it.each([
    [new GatewayError("unavailable", "later"), "unavailable"],
    [new GatewayError("unknown", "no answer"), "unknown"],
    [new TypeError("the buyer ada@example.com is not a function"), "error"],
  ])("writes a failure down by its kind, and nothing of its words: %s", async (error, outcome) => {
    const { journal, gateway } = watched({ retrieve: () => Promise.reject(error) });
    await expect(gateway.retrieve(OF)).rejects.toBe(error);
    expect(callsOf(journal)).toEqual([{ call: "retrieve", at: 1000, durationMs: 0, outcome, failed: true }]);
    expect(journal.linesOf(ID)).not.toContain(error.message);
  });

  it("leaves a missing capability missing, and all else as it is", () => {
    const { gateway } = watched();
    const poor = createJournal(Date.now).watch({
      ...{ id: "poor", title: "Poor", mode: null, webhook: { events: ["paid"], advice: "None." } },
      ...{ create: unable, retrieve: unable, readWebhook: unable },
    });
    expect(Object.keys(poor).sort()).toEqual([
      "create",
      "id",
      "mode",
      "readWebhook",
      "retrieve",
      "title",
      "webhook",
    ]);
    expect(Object.keys(gateway).sort()).toEqual(Object.keys(aGateway({ now: 0 })).sort());
    expect(gateway).toMatchObject({ id: "generic", mode: "test", lifetime: { minMs: 1, maxMs: 2 } });
  });

  it("keeps transactions apart, and gives all that is left away once", async () => {
    const { journal, gateway } = watched();
    await gateway.retrieve(OF);
    await gateway.retrieve({ ...OF, transactionId: OTHER });
    await gateway.expire?.(OF);
    expect(callsOf(journal).map(({ call }) => call)).toEqual(["retrieve", "expire"]);
    const rest = journal.drain();
    expect(rest.map(({ transactionId, lines }) => [transactionId, readCalls(lines).length])).toEqual([
      [ID, 2],
      [OTHER, 1],
    ]);
    expect(journal.drain()).toEqual([]);
    expect(journal.linesOf(ID)).toBe("");
  });

  it("forgets what was taken along, and not what was asked while it was being written", async () => {
    const { journal, gateway } = watched();
    await gateway.retrieve(OF);
    expect(callsOf(journal)).toHaveLength(1);
    await gateway.expire?.(OF);
    journal.forget(ID);
    expect(callsOf(journal).map(({ call }) => call)).toEqual(["expire"]);
    journal.forget(ID);
    expect(journal.drain()).toEqual([]);
  });

  it("forgets nothing of what came after somebody else had kept the rest", async () => {
    const { journal, gateway } = watched();
    await gateway.retrieve(OF);
    journal.linesOf(ID);
    journal.drain();
    await gateway.expire?.(OF);
    journal.forget(ID);
    expect(callsOf(journal).map(({ call }) => call)).toEqual(["expire"]);
  });
});

describe("readCalls", () => {
  it("takes a line that was written twice for one call", async () => {
    const { journal, gateway } = watched();
    await gateway.retrieve(OF);
    const first = journal.linesOf(ID);
    await gateway.retrieve(OF);
    expect(readCalls(`${first}${journal.linesOf(ID)}`)).toHaveLength(2);
  });

  it("passes over what was cut off", () => {
    const row = '00,40,"pending",false]\n["expire",1040,40,"expired",false]\n';
    expect(readCalls(row)).toEqual([
      { call: "expire", at: 1040, durationMs: 40, outcome: "expired", failed: false },
    ]);
    expect(readCalls("")).toEqual([]);
  });
});
