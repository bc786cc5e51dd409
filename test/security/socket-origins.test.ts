/** S11: a hostile page in the buyer's browser, and whoever else would watch. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createPending, createSystem, ORIGIN, type System, type TransactionBody } from "../support/system.ts";

/** Null: a program, which has no origin. */
const ALLOWED = ["https://shop.example", ORIGIN, "myapp://", null];
const FOREIGN = [
  "https://evil.example",
  "https://shop.example.evil.example",
  "https://evilshop.example",
  "https://sub.shop.example",
  "https://shop.example.",
  "https://shop.example:443",
  "https://shop.example:8443",
  "http://shop.example",
  "https://shop.example/",
  "https://shop.example, https://evil.example",
  "https://evil.example#https://shop.example",
  "https://evil.example/?https://shop.example",
  "https://user@shop.example",
  "HTTPS://SHOP.EXAMPLE",
  "//shop.example",
  "shop.example",
  "wss://shop.example",
  "null",
  "file://",
  "chrome-extension://abcdefghijklmnop",
  "http://localhost:8788",
  "https://localhost:8787",
  "http://127.0.0.1:8787",
  "http://localhost:8787.evil.example",
  "myapp://evil",
  "yourapp://",
  "*",
];

describe("S11: GET /transactions/:id/socket", () => {
  let system: System;
  let own: TransactionBody;
  let other: TransactionBody;

  beforeAll(async () => {
    system = await createSystem({ ALLOWED_ORIGINS: "https://shop.example,myapp://" });
    [own, other] = [await createPending(system), await createPending(system)];
  });

  /** By each of the two ways in which a secret may come. */
  async function connect(origin: string | null, secret: string | null): Promise<number[]> {
    const proofs: Record<string, string>[] =
      secret === null
        ? [{}, { "sec-websocket-protocol": "payment-edge.v1" }]
        : [
            { authorization: `Bearer ${secret}` },
            { "sec-websocket-protocol": `payment-edge.v1, secret.${secret}` },
          ];
    return Promise.all(
      proofs.map(async (proof) => {
        const headers = { upgrade: "websocket", ...(origin === null ? {} : { origin }), ...proof };
        const response = await system.fetch(
          new Request(`${ORIGIN}/transactions/${own.id}/socket`, { headers }),
        );
        response.webSocket?.accept();
        response.webSocket?.close();
        return response.status;
      }),
    );
  }

  it.each(FOREIGN)("opens nothing for a page of %j, whatever it knows", async (origin) => {
    for (const secret of [null, "unknown", other.client_secret, own.client_secret]) {
      expect(await connect(origin, secret)).toEqual([403, 403]);
    }
  });

  it.each(ALLOWED)("opens for a page of %j with the very secret, and with no other", async (origin) => {
    expect(await connect(origin, null)).toEqual([401, 401]);
    expect(await connect(origin, "unknown")).toEqual([401, 401]);
    expect(await connect(origin, other.client_secret)).toEqual([404, 404]);
    expect(await connect(origin, own.client_secret)).toEqual([101, 101]);
  });

  it("takes no cookie for a proof: an operator's browser proves nothing here", async () => {
    const headers = { upgrade: "websocket", cookie: `console=${own.client_secret}; client_secret=x` };
    const response = await system.fetch(new Request(`${ORIGIN}/transactions/${own.id}/socket`, { headers }));
    expect(response.status).toBe(401);
  });

  it("holds nothing for who was refused", async () => {
    await connect("https://evil.example", own.client_secret);
    await connect(null, other.client_secret);
    const held = () =>
      runInDurableObject(env.CHANNEL.getByName(own.id), (_, ctx) => ctx.getWebSockets().length);
    await expect.poll(held).toBe(0);
  });
});
