/** Where a buyer may be sent back to: an address of an allowed origin or app, whatever it is made to look like. */
import { describe, expect, it } from "vitest";
import { createSystem, initiate, newOrder, ORIGIN } from "../support/system.ts";

const HOST = "shop.example";

const REFUSED = [
  "javascript:alert(1)",
  "javascript://shop.example/%0aalert(1)",
  "JaVaScRiPt:alert(1)",
  "java\nscript:alert(1)",
  "\u0001javascript:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "vbscript:msgbox(1)",
  "file:///etc/passwd",
  "about:blank",
  "ftp://shop.example/",
  "ws://shop.example/",
  "mailto:a@shop.example",
  "intent://shop.example/#Intent;end",
  "blob:https://shop.example/5b7f3c52-0000-4000-8000-000000000000",
  "filesystem:https://shop.example/temporary/x",
  "view-source:https://shop.example/",
  "",
  " ",
  "/done",
  "done",
  "?done",
  "//evil.example",
  "//shop.example/done",
  "///evil.example",
  "\\\\evil.example",
  "/\\evil.example",
  "\\/evil.example",
  "https:",
  "https://",
  "https:///",
  "https:evil.example",
  "https:/evil.example",
  "https:\\\\evil.example",
  "http://shop.example/",
  "https://evil.example/",
  "https://evil.example/https://shop.example/",
  "https://evil.example?https://shop.example/",
  "https://evil.example#https://shop.example/",
  "https://evil.example\\shop.example/",
  "https://shop.example@evil.example/",
  "https://shop.example:443@evil.example/",
  "https://shop.example%40evil.example/",
  "https://user@shop.example/",
  "https://user:password@shop.example/",
  "https://:password@shop.example/",
  "https://shop.example:8443/",
  "https://shop.example:80/",
  "https://sub.shop.example/",
  "https://shop.example.evil.example/",
  "https://shop.example./",
  "https://evilshop.example/",
  "https://shop-example/",
  "https://shop.exampl\u0435/",
  "https://xn--shop-9ta.example/",
  "https://shop%00.example/",
  "https://shop.example\u0000.evil.example/",
  "https://[::1]/",
  "https://127.0.0.1/",
  "https://2130706433/",
  "null",
  "undefined",
  "*",
];

/** Odd spellings of what is allowed: given on as what they mean. */
const NORMALIZED: readonly (readonly [string, string])[] = [
  ["https://shop.example", "https://shop.example/"],
  ["https://shop.example/done?order=1#top", "https://shop.example/done?order=1#top"],
  ["https://SHOP.example/Done", "https://shop.example/Done"],
  ["HTTPS://shop.example/", "https://shop.example/"],
  ["https://shop.example:443/", "https://shop.example/"],
  ["https://sh\top.exa\nmple/do\rne", "https://shop.example/done"],
  ["\t https://shop.example/ \n", "https://shop.example/"],
  ["https:\\\\shop.example\\done", "https://shop.example/done"],
  ["https:shop.example/", "https://shop.example/"],
  ["https://shop.example/\\evil.example", "https://shop.example//evil.example"],
  ["https://shop.example/a/../b", "https://shop.example/b"],
  ["https://ｓhop.example/", "https://shop.example/"],
  ["https://shop.example/?next=//evil.example", "https://shop.example/?next=//evil.example"],
  ["https://shop.example/é", "https://shop.example/%C3%A9"],
  ['https://shop.example/"><script>', "https://shop.example/%22%3E%3Cscript%3E"],
  ["http://localhost:8787/demo", "http://localhost:8787/demo"],
];

describe("checkReturnUrl", () => {
  it.each(REFUSED)("refuses %j", async (return_url) => {
    const system = await createSystem();
    const { status, body } = await initiate(system, newOrder({ return_url }));
    expect({ status, pointers: body.errors?.map(({ pointer }) => pointer) }).toEqual({
      status: 400,
      pointers: ["/return_url"],
    });
    expect(system.gateway.sessions.size).toBe(0);
  });

  it.each(NORMALIZED)("takes %j for what it is", async (return_url, href) => {
    const system = await createSystem();
    const { status, body } = await initiate(system, newOrder({ return_url }));
    expect(status).toBe(201);
    expect(body).toMatchObject({ return_url: href });
    expect([`https://${HOST}`, "http://localhost:8787"]).toContain(new URL(href).origin);
  });

  it("sends the gateway's buyer to our page, never to the shop's address", async () => {
    const system = await createSystem();
    const { body } = await initiate(system, newOrder({ return_url: "https://shop.example/done" }));
    const request = system.gateway.sessions.get(body.id)?.request;
    const page = `http://localhost:8787/status/${body.id}?client_secret=${body.client_secret}`;
    for (const address of [request?.return_url, request?.cancel_url]) {
      expect(String(address).startsWith(page)).toBe(true);
    }
  });

  it("allows nothing but the Worker's own origin where ALLOWED_ORIGINS is empty", async () => {
    const system = await createSystem({ ALLOWED_ORIGINS: "" });
    expect((await initiate(system, newOrder({ return_url: "https://shop.example/" }))).status).toBe(400);
    expect((await initiate(system, newOrder({ return_url: "http://localhost:8787/x" }))).status).toBe(201);
  });
});

describe("checkReturnUrl, of an app", () => {
  const APPS = "https://shop.example, myshop://, com.example.shop://, narrow://pay, capacitor://localhost";

  it.each([
    ["myshop://paid", "myshop://paid"],
    ["MyShop://paid?order=1#top", "myshop://paid?order=1#top"],
    ["myshop://", "myshop://"],
    ["myshop:/paid", "myshop:/paid"],
    ["myshop:paid", "myshop:paid"],
    ["com.example.shop:/paid", "com.example.shop:/paid"],
    ["narrow://pay/done", "narrow://pay/done"],
    ["https://shop.example/app/paid", "https://shop.example/app/paid"],
    ['myshop://paid/"><script>', "myshop://paid/%22%3E%3Cscript%3E"],
  ])("takes %j, whose scheme or host is allowed", async (return_url, href) => {
    const system = await createSystem({ ALLOWED_ORIGINS: APPS });
    const { status, body } = await initiate(system, newOrder({ return_url }));
    expect(status).toBe(201);
    expect(body).toMatchObject({ return_url: href });
  });

  it.each([
    ...REFUSED,
    "myshop",
    "myshop2://paid",
    "myshop.evil://paid",
    "evil://myshop://",
    "narrow://",
    "narrow:pay",
    "narrow://payback",
    "narrow://pay.evil.example/",
    "narrow://PAY",
    "narrow://pay:8080/",
    "narrow://evil@pay/",
    "myshop://user:password@paid",
  ])("refuses %j, also where apps are allowed", async (return_url) => {
    const system = await createSystem({ ALLOWED_ORIGINS: APPS });
    const { status, body } = await initiate(system, newOrder({ return_url }));
    expect({ status, pointers: body.errors?.map(({ pointer }) => pointer) }).toEqual({
      status: 400,
      pointers: ["/return_url"],
    });
  });

  it("leads from our page back into the app, with the outcome", async () => {
    const system = await createSystem({ ALLOWED_ORIGINS: APPS });
    const { body } = await initiate(system, newOrder({ return_url: "myshop://paid?order=1" }));
    const page = `${ORIGIN}/status/${body.id}?client_secret=${body.client_secret}`;
    const html = await (await system.fetch(new Request(page))).text();
    expect(html).toContain(`href="myshop://paid?order=1&amp;transaction_id=${body.id}&amp;status=pending"`);
  });

  it.each([
    ["capacitor://localhost", "capacitor://localhost"],
    ["https://shop.example", "https://shop.example"],
    ["null", null],
    ["narrow://pay.evil.example", null],
  ])("answers a web view whose origin is %s with %s as the allowed one", async (origin, allowed) => {
    const system = await createSystem({ ALLOWED_ORIGINS: APPS });
    const { body } = await initiate(system, newOrder());
    const headers = { authorization: `Bearer ${body.client_secret}`, origin };
    const response = await system.fetch(new Request(`${ORIGIN}/transactions/${body.id}`, { headers }));
    expect(response.headers.get("access-control-allow-origin")).toBe(allowed);
  });
});
