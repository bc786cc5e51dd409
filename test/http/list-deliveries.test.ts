/** GET /deliveries: what is owed, what was delivered, what was given up; and what it costs to look. */
import { beforeAll, describe, expect, it } from "vitest";
import { createPending, createSystem, deliver, type System } from "../support/system.ts";

interface Listed {
  readonly id: string;
  readonly transaction_id: string;
  readonly status: string;
  readonly created_at: string;
}

interface Page {
  readonly data: readonly Listed[];
  readonly next_cursor: string | null;
}

type Status = "delivered" | "owed" | "dead";

const ANSWERS: Readonly<Record<Status, number>> = { delivered: 204, owed: 500, dead: 410 };
/** Most of an outbox is delivered. */
const OUTBOX: readonly Status[] = Array.from({ length: 24 }, (_, index) => {
  const rare = index % 8 === 3 ? "owed" : "delivered";
  return index % 8 === 6 ? "dead" : rare;
});

describe("GET /deliveries", () => {
  let system: System;
  /** Of the transactions, newest first. */
  const expected: { id: string; status: Status }[] = [];

  beforeAll(async () => {
    system = await createSystem();
    for (const status of OUTBOX) {
      system.shop.answer = () => new Response(null, { status: ANSWERS[status] });
      const { id } = await createPending(system);
      await deliver(system, system.gateway.callback(id, "success"));
      await system.settle();
      expected.unshift({ id, status });
    }
  }, 60_000);

  async function list(query: string): Promise<Page> {
    const response = await system.call("GET", `/deliveries?${query}`);
    expect(response.status, query).toBe(200);
    return (await response.json()) as Page;
  }

  const idsOf = (status?: Status) =>
    expected.filter((entry) => status === undefined || entry.status === status).map(({ id }) => id);

  it("shows what became of each, without its body", async () => {
    const { data } = await list("limit=100");
    expect(data.map(({ transaction_id: id, status }) => ({ id, status }))).toEqual(expected);
    const common = { version: 2, type: "transaction.succeeded", created_at: expect.stringMatching(/Z$/) };
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const id = expect.stringMatching(/^evt_[0-9a-z]{26}_\d+$/);
    const of = (status: Status) => data.find((entry) => entry.status === status);
    expect(of("delivered")).toEqual({
      ...{ ...common, id, transaction_id: idsOf("delivered")[0], status: "delivered", attempts: 0 },
      ...{ next_attempt_at: null, delivered_at: time, last_error: null },
    });
    expect(of("owed")).toEqual({
      ...{ ...common, id, transaction_id: idsOf("owed")[0], status: "owed", attempts: 1 },
      ...{ next_attempt_at: time, delivered_at: null, last_error: "HTTP 500" },
    });
    expect(of("dead")).toEqual({
      ...{ ...common, id, transaction_id: idsOf("dead")[0], status: "dead", attempts: 1 },
      ...{ next_attempt_at: null, delivered_at: null, last_error: "HTTP 410" },
    });
  });

  it("has the ids of GET /events, which POST /events/:id/replay takes", async () => {
    const [newest] = (await list("limit=1&status=delivered")).data;
    const sent = system.shop.received.filter(({ data }) => data.id === newest?.transaction_id);
    expect(sent.map(({ id }) => id)).toEqual([newest?.id]);
  });

  it.each([undefined, "delivered", "owed", "dead"] as const)(
    "pages through all of status %s once, newest first",
    async (status) => {
      const filter = status === undefined ? "" : `&status=${status}`;
      for (const limit of [1, 2, 7, 100]) {
        const found: string[] = [];
        let cursor: string | null = "";
        while (cursor !== null) {
          const page: Page = await list(`limit=${limit}${filter}${cursor === "" ? "" : `&cursor=${cursor}`}`);
          expect(page.data.length).toBeLessThanOrEqual(limit);
          found.push(...page.data.map(({ transaction_id }) => transaction_id));
          cursor = page.next_cursor;
        }
        expect(found).toEqual(idsOf(status));
      }
    },
  );

  it.each([
    ["", 3],
    ["&status=delivered", 6],
    ["&status=dead", 3],
    // Those that are owed are read whole, and put in order.
    ["&status=owed", 6],
  ])("reads few rows for a page of 2%s: at most %i", async (filter, most) => {
    const { next_cursor } = await list(`limit=1${filter}`);
    for (const query of [`limit=2${filter}`, `limit=2${filter}&cursor=${next_cursor}`]) {
      const before = { ...system.counts };
      await list(query);
      expect(system.counts.roundTrips - before.roundTrips).toBe(1);
      expect(system.counts.rowsWritten).toBe(before.rowsWritten);
      expect(system.counts.rowsRead - before.rowsRead).toBeLessThanOrEqual(most);
    }
  });

  it("calls unsent what there was nobody to tell of", async () => {
    const silent = await createSystem({ FULFILMENT_URL: "", FULFILMENT_SECRET: "" });
    const { id } = await createPending(silent);
    await deliver(silent, silent.gateway.callback(id, "success"));
    await silent.settle();
    const [newest] = (await list("limit=1")).data;
    expect(newest).toMatchObject({ transaction_id: id, status: "unsent", attempts: 0, last_error: null });
    for (const status of ["owed", "delivered", "dead"]) {
      const { data } = await list(`limit=100&status=${status}`);
      expect(data.map(({ transaction_id }) => transaction_id)).not.toContain(id);
    }
  });

  it.each([
    ["/status", "status=failed"],
    ["/status", "status="],
    ["/limit", "limit=0"],
    ["/limit", "limit=101"],
    ["/cursor", "cursor=x"],
    ["/cursor", "cursor=dHhuXzA"],
    ["/cursor", "cursor=LTE"],
    ["/type", "type=transaction.succeeded"],
  ])("refuses at %s: %s", async (pointer, query) => {
    const response = await system.call("GET", `/deliveries?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "invalid_request", errors: [{ pointer }] });
  });
});
