/** What payments cost, to the row: each figure is a decision, whichever way it changes. Duration and storage are left out. */
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import {
  add,
  type Costs,
  createMeter,
  dollarsPerMillion,
  expired,
  happy,
  idleTick,
  rolledUp,
} from "../bench/costs.ts";
import { emptyTables } from "../support/system.ts";

const costs = (
  roundTrips: number,
  rowsRead: number,
  rowsWritten: number,
  workerRequests: number,
  objectRequests: number,
): Costs => ({ roundTrips, rowsRead, rowsWritten, workerRequests, objectRequests });

const TOTALS = new Map<string, Costs>();
const BUSY_MINUTE = 20;
const MINUTES_OF_MONTH = 30 * 24 * 60;

beforeEach(emptyTables);
afterAll(() => {
  for (const [name, total] of TOTALS) {
    console.log(
      `cost of ${name}: ${JSON.stringify(total)}, $${dollarsPerMillion(total).toFixed(2)} a million`,
    );
  }
});

describe("happy", () => {
  const create = costs(2, 10, 7, 1, 0);
  const webhook = costs(3, 11, 7, 1, 1);
  const status = costs(1, 1, 0, 1, 0);

  it("costs 23 rows read and 14 written, of 7 round trips, 4 requests and 2 to the object", async () => {
    const steps = await happy(await createMeter());
    expect(steps).toEqual({ create, watch: costs(1, 1, 0, 1, 1), webhook, status });
    const total = add(Object.values(steps));
    expect(total).toEqual(costs(7, 23, 14, 4, 2));
    expect(dollarsPerMillion(total)).toBeCloseTo(15.523, 5);
    TOTALS.set("a payment that is made, watched, paid, delivered and read", total);
  });

  it("costs one row read and two requests more for each time that the buyer's socket comes again", async () => {
    const steps = await happy(await createMeter(), 11);
    expect(steps).toEqual({ create, watch: costs(11, 11, 0, 11, 11), webhook, status });
    TOTALS.set("the same with ten reconnects", add(Object.values(steps)));
  });
});

describe("expired", () => {
  it("costs 9 looks of the cron in three days, which write 46 rows", async () => {
    const { create, cron, ticks } = await expired(await createMeter());
    expect(ticks).toBe(9);
    expect(create).toEqual(costs(2, 10, 7, 1, 0));
    expect(cron).toEqual(costs(14, 34, 46, 0, 1));
    TOTALS.set("a payment that nobody makes", add([create, cron]));
  });
});

describe("rolledUp", () => {
  it("costs five rows written a minute, however many payments were in it, and eight read for each", async () => {
    const meter = await createMeter();
    expect(await rolledUp(meter, 1)).toEqual(costs(2, 18, 5, 0, 0));
    const busy = await rolledUp(meter, BUSY_MINUTE);
    expect(busy).toEqual(costs(2, 176, 5, 0, 0));
    const share = {
      ...busy,
      rowsRead: busy.rowsRead / BUSY_MINUTE,
      rowsWritten: busy.rowsWritten / BUSY_MINUTE,
    };
    TOTALS.set(`the console's counting, in a minute of ${BUSY_MINUTE}`, share);
  });
});

describe("idleTick", () => {
  it("costs one row written", async () => {
    const idle = await idleTick(await createMeter());
    expect(idle).toEqual(costs(2, 22, 1, 0, 0));
    const month = dollarsPerMillion({ ...idle, workerRequests: 1 }) * (MINUTES_OF_MONTH / 1e6);
    console.log(`an idle month of the cron: $${month.toFixed(2)}`);
  });
});
