/** GET /transactions: filters, and pages that stay where they are. */
import { beforeAll, describe, expect, it } from "vitest";
import { createPending, createSystem, deliver, type System } from "../support/system.ts";

interface Page {
  readonly data: readonly { readonly id: string; readonly created_at: string; readonly status: string }[];
  readonly next_cursor: string | null;
}

const HOUR = 3_600_000;

describe("GET /transactions", () => {
  let system: System;
  /** Newest first. */
  const ids: string[] = [];
  let start: number;

  beforeAll(async () => {
    system = await createSystem();
    start = system.services.now();
    for (let index = 0; index < 12; index += 1) {
      const { id } = await createPending(system, { order_id: `list-${index % 4}-${index}` });
      if (index % 3 === 0) {
        await deliver(system, system.gateway.callback(id, "failure"));
      }
      ids.unshift(id);
      system.advance(HOUR);
    }
  });

  async function list(query: string): Promise<Page> {
    const response = await system.call("GET", `/transactions?${query}`);
    expect(response.status, query).toBe(200);
    return (await response.json()) as Page;
  }

  const idsOf = async (query: string) => (await list(query)).data.map(({ id }) => id);
  const at = (hours: number) => new Date(start + hours * HOUR).toISOString();

  it("lists the newest first", async () => {
    const { data, next_cursor } = await list("");
    expect(data.map(({ id }) => id)).toEqual(ids);
    expect(next_cursor).toBe(null);
  });

  it.each([1, 2, 5, 11, 12, 100])("pages through everything once, %i at a time", async (limit) => {
    const found: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: Page = await list(`limit=${limit}${cursor === "" ? "" : `&cursor=${cursor}`}`);
      expect(page.data.length).toBeLessThanOrEqual(limit);
      found.push(...page.data.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    expect(found).toEqual(ids);
  });

  it("stays where it is while new ones come in and others change", async () => {
    const other = await createSystem();
    const before = await list("limit=4&created_after=2000-01-01T00:00:00Z");
    other.advance(100 * HOUR);
    const fresh = await createPending(other);
    await deliver(system, system.gateway.callback(ids[4] ?? "", "cancelled"));
    const next = await idsOf(`limit=4&cursor=${before.next_cursor}`);
    expect(next).toEqual(ids.slice(4, 8));
    expect(await idsOf("limit=1")).toEqual([fresh.id]);
    ids.unshift(fresh.id);
  });

  it("filters by order, status, gateway, and by all of them at once", async () => {
    expect(await idsOf("order_id=list-1-5")).toHaveLength(1);
    expect(await idsOf("order_id=list-1")).toEqual([]);
    expect(await idsOf("status=failed")).toHaveLength(4);
    expect(await idsOf("gateway=generic")).toHaveLength(ids.length);
    expect(await idsOf("gateway=stripe")).toEqual([]);
    expect(await idsOf("status=failed&order_id=list-0-0&gateway=generic")).toHaveLength(1);
    expect(await idsOf("status=pending&order_id=list-0-0")).toEqual([]);
  });

  it("filters by the time of creation", async () => {
    const old = ids.filter((_, index) => index >= ids.length - 12);
    expect(await idsOf(`created_before=${at(3.5)}`)).toEqual(old.slice(-4));
    expect(await idsOf(`created_after=${at(8.5)}&created_before=${at(20)}`)).toEqual(old.slice(0, 3));
    expect(await idsOf(`created_after=${at(1.5)}&created_before=${at(3.5)}`)).toEqual(old.slice(8, 10));
    const offset = new Date(start + 5.5 * HOUR).toISOString().replace("Z", "%2B02:00");
    expect(await idsOf(`created_before=${offset}`)).toEqual(old.slice(-4));
    expect(await idsOf(`created_after=${at(3)}&created_before=${at(2)}`)).toEqual([]);
  });

  it("takes the bounds together with a cursor, whichever is narrower", async () => {
    const old = ids.filter((_, index) => index >= ids.length - 12);
    const query = `created_before=${at(8.5)}&created_after=${at(1.5)}&limit=3`;
    const first = await list(query);
    expect(first.data.map(({ id }) => id)).toEqual(old.slice(3, 6));
    expect(await idsOf(`${query}&cursor=${first.next_cursor}`)).toEqual(old.slice(6, 9));
  });

  it.each(["1960-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z"])(
    "knows that everything came after %s",
    async (time) => {
      expect(await idsOf(`created_after=${time}`)).toEqual(ids);
      expect(await idsOf(`created_before=${time}`)).toEqual([]);
    },
  );

  it("knows that nothing came after the year 9999", async () => {
    expect(await idsOf("created_after=9999-12-31T23:59:59Z")).toEqual([]);
    expect(await idsOf("created_before=9999-12-31T23:59:59Z")).toEqual(ids);
  });

  it.each([
    ["/limit", "limit=0"],
    ["/limit", "limit=101"],
    ["/limit", "limit=1.5"],
    ["/limit", "limit=many"],
    ["/limit", "limit="],
    ["/status", "status=paid"],
    ["/status", "status="],
    ["/order_id", "order_id="],
    ["/created_after", "created_after=yesterday"],
    ["/created_after", "created_after=2026-11-22"],
    ["/created_after", "created_after=2026-02-30T00:00:00Z"],
    ["/created_before", "created_before=1700000000"],
    ["/cursor", "cursor=x"],
    ["/cursor", "cursor=dHhuXzA"],
    ["/cursor", "cursor=%27%20OR%201=1"],
    ["/offset", "offset=10"],
  ])("refuses at %s: %s", async (pointer, query) => {
    const response = await system.call("GET", `/transactions?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "invalid_request", errors: [{ pointer }] });
  });
});
