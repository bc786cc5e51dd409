/** Every route of the console: no stranger gets in, no other site's form does anything, and trouble is told as a page. */
import { beforeEach, describe, expect, it } from "vitest";
import { app } from "../../src/http/app.ts";
import { breakD1 } from "../support/faulty-d1.ts";
import { createPaid } from "../support/money.ts";
import { Operator, openConsole, PASSWORD, signIn } from "../support/operator.ts";
import { createSystem, dumpTables, emptyTables } from "../support/system.ts";

const UNKNOWN = "txn_00000000000000000000000000";

/** The console's own routes, with something in the place of each name. */
function routes(): { method: string; path: string }[] {
  const own = app.routes.filter(({ path, method }) => path.startsWith("/console") && method !== "ALL");
  const filled = own.flatMap(({ method, path }) =>
    path.includes(":deed")
      ? ["check", "cancel", "capture", "refund", "accept", "reject"].map((deed) => ({
          method,
          path: path.replace(":deed", deed),
        }))
      : [{ method, path }],
  );
  const places: Record<string, string> = { ":key": "W10", ":id": UNKNOWN };
  const named = filled.map(({ method, path }) => ({
    method,
    path: path.replace(/:\w+/g, (name) => places[name] ?? name),
  }));
  return [...new Map(named.map((route) => [JSON.stringify(route), route])).values()];
}

const guarded = routes().filter(({ path }) => !/\/sign-(in|out)$/.test(path));
const all = guarded.map(({ method, path }) => [method, path] as const);
const posts = all.filter(([method]) => method === "POST");
const gets = all.filter(([method]) => method === "GET");

describe("every route of the console", () => {
  beforeEach(emptyTables);

  it("is walked here", () => {
    expect(gets.length).toBeGreaterThanOrEqual(18);
    expect(posts.length).toBeGreaterThanOrEqual(11);
  });

  it.each(gets)("leads a stranger to the sign-in, and back from there: %s %s", async (_, path) => {
    const system = await createSystem({ CONSOLE_PASSWORD: PASSWORD });
    const response = await new Operator(system).send("GET", path);
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe(`/console/sign-in?to=${encodeURIComponent(path)}`);
    expect(await response.text()).toBe("");
  });

  it.each(posts)(
    "does nothing for a stranger, and nothing without the form's token: %s %s",
    async (_, path) => {
      const { system, operator } = await openConsole();
      await createPaid(system);
      const csrf = (await operator.open("/console")).forms[0]?.fields.csrf ?? "";
      const foreign = (await (await signIn(system, "Grace")).open("/console")).forms[0]?.fields.csrf ?? "";
      const before = await dumpTables();
      const calls = system.gateway.calls.length;
      const form = { amount: "5", note: "why", step: "2" };
      const refused = [
        await new Operator(system).post(path, { ...form, csrf }),
        await operator.post(path, form),
        await operator.post(path, { ...form, csrf: "" }),
        await operator.post(path, { ...form, csrf: foreign }),
        await operator.post(path, { ...form, csrf: `${csrf}x` }),
        await operator.send(
          "POST",
          path,
          { "content-type": "application/x-www-form-urlencoded" },
          `csrf=${csrf}`,
        ),
      ];
      expect(refused.map(({ status }) => status)).toEqual([401, 403, 403, 403, 403, 403]);
      for (const response of refused) {
        expect(response.headers.get("content-type")).toMatch(/^text\/html/);
        expect(await response.text()).toContain("Nothing was done.");
      }
      await system.settle();
      expect(system.gateway.calls).toHaveLength(calls);
      expect(await dumpTables()).toBe(before);
    },
  );

  it.each(all)("says while D1 is away that nothing more is known: %s %s", async (method, path) => {
    const { system, operator } = await openConsole();
    const csrf = (await operator.open("/console")).forms[0]?.fields.csrf;
    const trouble = breakD1(system, () => "before");
    const response =
      method === "GET"
        ? await operator.send(method, path)
        : await operator.post(path, { csrf, note: "why", amount: "5" });
    expect(trouble.count()).toBeGreaterThan(0);
    expect(response.status).toBe(503);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("content-security-policy")).toContain("script-src 'self'");
    expect(await response.text()).toContain("The database did not answer");
    trouble.end();
    expect((await operator.open("/console")).status).toBe(200);
  });

  it.each(all)("is not there while the console is closed: %s %s", async (method, path) => {
    const system = await createSystem({ CONSOLE_PASSWORD: "" });
    const operator = new Operator(system);
    const response = method === "GET" ? await operator.send(method, path) : await operator.post(path, {});
    expect(response.status).toBe(404);
  });
});
