import { describe, expect, it } from "vitest";
import { homeOf, homesOf, parseLayout } from "../../src/store/layout.ts";

const NEW_YEAR = Date.UTC(2027, 0, 1);
const orders = Array.from({ length: 3000 }, (_, index) => `order-${index}`);

describe("parseLayout", () => {
  it("numbers databases by their first mention", () => {
    expect(parseLayout("DB; 2027-01-01 DB_2 DB_3; 2027-06-01T12:30Z DB_3 DB_4")).toMatchObject({
      databases: ["DB", "DB_2", "DB_3", "DB_4"],
      generations: [
        { since: 0, open: [0] },
        { since: NEW_YEAR, open: [1, 2] },
        { since: Date.UTC(2027, 5, 1, 12, 30), open: [2, 3] },
      ],
    });
  });

  it.each([
    ["", /must name bindings/],
    ["DB;", /with a day/],
    ["DB; DB_2", /with a day/],
    ["DB; 2027-02-30 DB_2", /with a day/],
    ["DB; 2027-01-01", /must name bindings/],
    ["DB; 2027-01-01 DB_2; 2026-01-01 DB_3", /later than the one before/],
    ["DB; 2027-01-01 DB_2; 2027-01-01 DB_3", /later than the one before/],
    ["DB db_2", /must name bindings/],
    ["DB_2 DB", /must begin with DB/],
  ])("refuses %j", (setting, reason) => {
    expect(() => parseLayout(setting)).toThrow(reason);
  });
});

describe("homeOf", () => {
  it("spreads orders evenly over what is open at the time", () => {
    const layout = parseLayout("DB; 2027-01-01 DB_2 DB_3 DB_4");
    expect(new Set(orders.map((order) => homeOf(layout, order, NEW_YEAR - 1)))).toEqual(new Set([0]));
    const counts = new Map<number, number>();
    for (const order of orders) {
      const home = homeOf(layout, order, NEW_YEAR);
      counts.set(home, (counts.get(home) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([1, 2, 3]);
    for (const count of counts.values()) {
      expect(Math.abs(count - 1000)).toBeLessThan(120);
    }
  });

  it("leaves most orders where they were when there is one database more", () => {
    const layout = parseLayout("DB DB_2 DB_3; 2027-01-01 DB DB_2 DB_3 DB_4");
    const moved = orders.filter((order) => homesOf(layout, order, 0, NEW_YEAR).length > 1);
    expect(Math.abs(moved.length - 750)).toBeLessThan(100);
    for (const order of moved) {
      expect(homeOf(layout, order, NEW_YEAR)).toBe(3);
    }
  });
});

describe("homesOf", () => {
  it("knows each place where an order's payments may be between two times", () => {
    const layout = parseLayout("DB; 2027-01-01 DB_2; 2999-01-01 DB_3");
    expect(homesOf(layout, "order-1", 0, Date.UTC(2999, 0, 1))).toEqual([0, 1, 2]);
    expect(homesOf(layout, "order-1", NEW_YEAR - 1, NEW_YEAR)).toEqual([0, 1]);
    expect(homesOf(layout, "order-1", NEW_YEAR, NEW_YEAR)).toEqual([1]);
    expect(homesOf(layout, "order-1", 0, NEW_YEAR - 1)).toEqual([0]);
  });
});
