/** S3: how long a comparison takes, and how far it got, tells nothing. */
import { describe, expect, it } from "vitest";
import { GATEWAY_WEBHOOK_SECRET } from "../support/fake-gateway.ts";
import { inParallel } from "../support/parallel.ts";
import { API_KEY, createPending, createSystem, ORIGIN } from "../support/system.ts";

describe("S3: what is compared with a secret", () => {
  it("is compared with all that it may be, however soon one of them fits", async () => {
    const keys = [API_KEY, "key_test_second_0123456789ab", "key_test_third_0123456789abc"];
    const system = await createSystem({ API_KEYS: keys.join(",") });
    const { timingSafeEqual } = crypto.subtle;
    let compared = 0;
    crypto.subtle.timingSafeEqual = (one, other) => {
      compared += 1;
      return timingSafeEqual.call(crypto.subtle, one, other);
    };
    try {
      const counts: number[] = [];
      for (const bearer of [...keys, `${API_KEY}x`, "x"]) {
        compared = 0;
        const headers = { authorization: `Bearer ${bearer}` };
        await system.fetch(new Request(`${ORIGIN}/events`, { headers }));
        counts.push(compared);
      }
      expect(counts).toEqual([3, 3, 3, 3, 3]);
    } finally {
      crypto.subtle.timingSafeEqual = timingSafeEqual;
    }
  });

  it("never decides by a part of it: a secret's beginning opens as little as nothing", async () => {
    const system = await createSystem();
    const { id, client_secret } = await createPending(system);
    const beginnings = Array.from(client_secret, (_, length) => client_secret.slice(0, length)).slice(1);
    const keys = Array.from(API_KEY, (_, length) => API_KEY.slice(0, length)).slice(1);
    const statuses = await inParallel(
      [...beginnings, ...keys, GATEWAY_WEBHOOK_SECRET],
      32,
      async (bearer) => {
        const headers = { authorization: `Bearer ${bearer}` };
        return (await system.fetch(new Request(`${ORIGIN}/transactions/${id}`, { headers }))).status;
      },
    );
    expect(new Set(statuses)).toEqual(new Set([401]));
  });
});
