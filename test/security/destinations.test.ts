/** S7: whatever address a request brings along, no browser is led there. */
import { beforeAll, describe, expect, it } from "vitest";
import { Browser, openConsole } from "../support/console.ts";
import {
  createPending,
  createSystem,
  newOrder,
  ORIGIN,
  replaceServices,
  type System,
} from "../support/system.ts";
import { connectTo } from "./generic-gateway.ts";
import { FOREIGN_DESTINATIONS } from "./hostile-addresses.ts";

describe("S7: where a browser is led", () => {
  let system: System;

  beforeAll(async () => {
    system = await openConsole();
  });

  it.each(FOREIGN_DESTINATIONS)("is our own console after a sign-in that asks for %j", async (to) => {
    const browser = new Browser(system);
    const { headers, status } = await browser.signIn({ to });
    const location = headers.get("location") ?? "";
    expect([status, location]).toEqual([303, expect.stringMatching(/^\/console(\/|$)/)]);
    expect(new URL(location, ORIGIN).origin).toBe(ORIGIN);
    // Who is in already is led on at once.
    const on = await browser.get(`/console/sign-in?to=${encodeURIComponent(to)}`);
    expect(new URL(on.headers.get("location") ?? "", ORIGIN).href).toMatch(
      /^http:\/\/localhost:8787\/console(\/|$)/,
    );
  });

  it("is the status page, on our own host, whatever its form says", async () => {
    const { id, client_secret } = await createPending(system);
    for (const address of FOREIGN_DESTINATIONS) {
      const response = await system.fetch(
        new Request(`${ORIGIN}/status/${id}`, {
          method: "POST",
          headers: { "x-forwarded-host": "evil.example", "x-forwarded-proto": "ftp" },
          body: new URLSearchParams({
            client_secret,
            locale: address,
            returned: "1",
            to: address,
            return_url: address,
          }),
        }),
      );
      const location = new URL(response.headers.get("location") ?? "", "https://nowhere.example");
      expect([response.status, location.origin, location.pathname]).toEqual([303, ORIGIN, `/status/${id}`]);
      expect(location.searchParams.get("client_secret")).toBe(client_secret);
    }
  });

  it.each([
    "javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "//evil.example",
    "nonsense",
  ])("is never to %s, though the gateway names it as the page to pay at", async (payment_url) => {
    const hostile = await createSystem();
    const gateway = connectTo(async () => Response.json({ payment_url, session_id: "s" }));
    replaceServices(hostile, { gateways: new Map([["generic", gateway]]) });
    const response = await hostile.call("POST", "/transactions", newOrder());
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain(payment_url);
  });
});
