/** S6: whatever address a request brings along, nobody is called by it. */
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { GATEWAYS } from "../../src/gateways/index.ts";
import { utf8 } from "../../src/gateways/signature.ts";
import { signedCallback } from "../support/fake-gateway.ts";
import { inParallel } from "../support/parallel.ts";
import {
  API_KEY,
  createPending,
  createSystem,
  newOrder,
  ORIGIN,
  replaceServices,
  type System,
} from "../support/system.ts";
import { connectTo } from "./generic-gateway.ts";
import { HOSTILE_ADDRESSES, INSIDE_ADDRESSES } from "./hostile-addresses.ts";

const AT_ONCE = 16;
const METADATA_AT_MOST = 50;

/** A system whose every call to the outside is noted. */
async function watched(): Promise<{ system: System; called: Set<string> }> {
  const called = new Set<string>();
  const system = await createSystem({ ALLOWED_ORIGINS: "https://shop.example" });
  const { fetch } = system.services;
  replaceServices(system, {
    fetch: (request) => {
      called.add(new URL(request.url).origin);
      return fetch(request);
    },
  });
  return { system, called };
}

/** What may stand in a header, as it is or in percents. */
const asHeader = (text: string) => (/^[\x20-\x7e]+$/.test(text) ? text : encodeURIComponent(text));

describe("S6: an address that comes with a request", () => {
  it(`is called by nobody, wherever it stands: ${HOSTILE_ADDRESSES.length} of them`, async () => {
    expect(HOSTILE_ADDRESSES.length).toBeGreaterThan(160);
    const { system, called } = await watched();
    const real = globalThis.fetch;
    globalThis.fetch = (input, init) => {
      called.add(`by the platform: ${new Request(input, init).url}`);
      return real(input, init);
    };
    try {
      await inParallel(HOSTILE_ADDRESSES, AT_ONCE, (address) => sendInHeaders(system, address));
      for (let from = 0; from < HOSTILE_ADDRESSES.length; from += METADATA_AT_MOST) {
        await sendInBodies(system, HOSTILE_ADDRESSES.slice(from, from + METADATA_AT_MOST));
      }
      await system.settle();
      system.advance(3_600_000);
      await system.tick();
      await system.settle();
    } finally {
      globalThis.fetch = real;
    }
    expect([...called].toSorted()).toEqual(["https://shop.example"]);
    expect(system.shop.received.length).toBeGreaterThan(3);
  });
});

/** As the page to come back to, and in each header that could be taken for an address. */
async function sendInHeaders(system: System, address: string): Promise<void> {
  const names = [
    "x-forwarded-host",
    "x-original-url",
    "x-forwarded-for",
    "forwarded",
    "referer",
    "origin",
    "via",
  ];
  const headers = Object.fromEntries(names.map((name) => [name, asHeader(address)]));
  const refused = await system.call("POST", "/transactions", newOrder({ return_url: address }), headers);
  expect([address, refused.status]).toEqual([address, 400]);
  const webhook = new Request(`${ORIGIN}/webhooks/generic?url=${encodeURIComponent(address)}`, {
    ...{ method: "POST", headers, body: JSON.stringify({ url: address }) },
  });
  expect((await system.fetch(webhook)).status).toBe(401);
  const page = new Request(`${ORIGIN}/status/x?return_url=${encodeURIComponent(address)}`, { headers });
  expect((await system.fetch(page)).status).toBe(404);
}

/** In each field of an order and of the gateway's news, from the start of a payment to its refund. */
async function sendInBodies(system: System, addresses: readonly string[]): Promise<void> {
  const texts = addresses.map((address) => address.replace(/\p{Cc}/gu, ""));
  const metadata = Object.fromEntries(addresses.map((address, index) => [`url${index}`, address]));
  const [text = ""] = texts;
  const order = newOrder({ description: text, metadata, customer: { name: text } });
  const created = await system.call("POST", "/transactions", order, { "idempotency-key": asHeader(text) });
  expect(created.status).toBe(201);
  const { id } = (await created.json()) as { id: string };
  const links = addresses.map((href) => ({ href, rel: "self" }));
  const named = ["callback_url", "return_url", "payment_url", "url"].map((name) => [name, text]);
  const news = { ...Object.fromEntries(named), links, metadata };
  const body = await system.gateway.callback(id, "success", news).text();
  expect((await system.fetch(signedCallback(body))).status).toBe(200);
  system.gateway.settle(id, "success");
  const refund = await system.call("POST", `/transactions/${id}/refunds`, { reason: text });
  expect(refund.status).toBe(201);
}

describe("S6: PayPal's header that names a certificate", () => {
  const LOOKALIKES =
    `https://api.paypal.com.evil.example/c https://evilpaypal.com/c https://paypal.com.evil.example/c
    https://api.paypal.com@evil.example/c https://api.paypal.com:8443/c https://user@api.paypal.com/c
    http://api.paypal.com/c https://api.paypal.com/c?x=1 https://api.paypal.com/c#x
    https://evil.example/api.paypal.com https://evil.example#.paypal.com https://evil.example?.paypal.com
    https://api-paypal.com/c https://api.paypal.co/c https://api.paypal.com./c https://xn--pypal-4ve.com/c //api.paypal.com/c
    HTTPS://API.PAYPAL.COM.EVIL.EXAMPLE/c`.split(/\s+/);

  it("leads nowhere but to PayPal's own hosts, and from there no further", async () => {
    const called: string[] = [];
    const definition = GATEWAYS.find(({ id }) => id === "paypal");
    const variables = {
      PAYPAL_CLIENT_ID: "paypal-client-id-for-tests-only",
      PAYPAL_CLIENT_SECRET: "paypal-client-secret-for-tests-only",
      PAYPAL_WEBHOOK_ID: "WH-FOR-TESTS",
    };
    const paypal = definition?.connect(definition.config.parse(variables), {
      now: Date.now,
      fetch: async (request) => {
        called.push(request.url);
        // Whatever it is led to, it does not follow.
        return new Response(null, { status: 302, headers: { location: "https://evil.example/c" } });
      },
    });
    const send = (url: string) => {
      const headers = new Headers({
        "paypal-transmission-id": "id",
        "paypal-transmission-time": new Date().toISOString(),
        "paypal-transmission-sig": btoa("x".repeat(256)),
        "paypal-auth-algo": "SHA256withRSA",
        "paypal-cert-url": asHeader(url),
      });
      const body = utf8('{"id":"WH-1","event_type":"PAYMENT.CAPTURE.COMPLETED"}');
      return paypal?.readWebhook({ url: `${ORIGIN}/webhooks/paypal`, headers, body });
    };
    for (const url of [...HOSTILE_ADDRESSES, ...LOOKALIKES]) {
      await expect(send(url), url).rejects.toMatchObject({ kind: "unverified" });
    }
    expect(called).toEqual([]);
    await expect(send("https://api.paypal.com/v1/certs/c")).rejects.toMatchObject({ kind: "unverified" });
    expect(called).toEqual(["https://api.paypal.com/v1/certs/c"]);
  });
});

describe("S6: an answer that leads elsewhere", () => {
  it.each([301, 302, 303, 307, 308])(
    "is followed neither from the shop nor from the gateway: %i",
    async (status) => {
      const { system, called } = await watched();
      const away = () =>
        new Response(null, { status, headers: { location: "http://169.254.169.254/latest/meta-data" } });
      const { id } = await createPending(system);
      system.shop.answer = away;
      await system.fetch(system.gateway.callback(id, "success"));
      await system.settle();
      const asked: string[] = [];
      const gateway = connectTo(async (request) => {
        asked.push(new URL(request.url).origin, request.redirect);
        return away();
      });
      await expect(gateway.retrieve({ transactionId: id, reference: null })).rejects.toThrow();
      expect([...called]).toEqual(["https://shop.example"]);
      expect(new Set(asked)).toEqual(new Set(["https://gateway.example", "manual"]));
    },
  );
});

describe("S6: loadConfig", () => {
  const REQUIRED = {
    PUBLIC_URL: "https://pay.example",
    API_KEYS: API_KEY,
    CLIENT_SECRET_KEY: "client-secret-key-for-tests-only",
    FULFILMENT_SECRET: `whsec_${btoa("fulfilment-secret-for-tests-only")}`,
  };
  const names = [
    "FULFILMENT_URL",
    ...GATEWAYS.flatMap(({ config }) => Object.keys(config.shape).filter((name) => name.endsWith("_URL"))),
  ];

  it.each(names)("takes for %s no address but an https one without credentials", (name) => {
    const refused = [
      ...INSIDE_ADDRESSES.filter((address) => address.startsWith("http:")),
      ...[
        "https://user@api.example/v71",
        "https://user:password@api.example/v71",
        "//api.example/v71",
        "api.example",
      ],
      ...[
        "ftp://api.example/v71",
        "file:///v71",
        "javascript:alert(1)//v71",
        "data:text/plain,/v71",
        "ws://api.example/v71",
      ],
    ];
    const taken = refused.filter(
      (address) => !complaint({ ...REQUIRED, [name]: address }).includes(`${name} must`),
    );
    expect(taken).toEqual([]);
    expect(complaint({ ...REQUIRED, [name]: "https://api.example/v71" })).not.toContain(`${name} must`);
  });

  function complaint(variables: Record<string, string>): string {
    try {
      loadConfig(variables);
      return "";
    } catch (error) {
      return String(error);
    }
  }
});
