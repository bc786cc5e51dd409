/** One scenario for each way that what was kept is used again: the inbox, dead letters, and a row that was put off. */
import { env } from "cloudflare:workers";
import {
  attempt,
  createHalf,
  createPaid,
  createRefunding,
  createReviewed,
  endRefunds,
  MINUTE,
  post,
  type Scenario,
  tell,
} from "./steps.ts";
import { createPending } from "./world.ts";

const NAMELESS = { isNameless: true };

export const KEPT_SCENARIOS: readonly Scenario[] = [
  {
    name: "a callback that names only what the gateway calls it",
    options: NAMELESS,
    prepare: async (world) => {
      const { id } = await createPending(world);
      world.gateway.settle(id, "success");
      const callback = world.callback(id, "success");
      return () => world.fetch("callback", callback);
    },
    ends: ["succeeded"],
  },
  {
    name: "such a callback before that name is known",
    options: NAMELESS,
    prepare: async (world) => {
      const id = await createHalf(world);
      world.gateway.settle(id, "success");
      const callback = world.callback(id, "success");
      return async () => {
        await attempt(world.fetch("callback", callback));
        world.advance(MINUTE);
        await world.tick();
      };
    },
    ends: ["succeeded"],
  },
  {
    name: "a callback in the inbox that is applied again",
    prepare: async (world) => {
      const id = await createReviewed(world);
      await tell(world, id);
      await post(world, `/transactions/${id}/accept`);
      const { data } = (await (await world.call("list", "GET", "/inbox?outcome=ignored")).json()) as {
        data: readonly { id: string }[];
      };
      return () => post(world, `/inbox/${data[0]?.id}/replay`);
    },
    ends: ["succeeded"],
    money: ["1500 - 0"],
  },
  {
    name: "many callbacks in the inbox that are applied again",
    prepare: async (world) => {
      const id = await createReviewed(world);
      await tell(world, id);
      await tell(world, id);
      await post(world, `/transactions/${id}/accept`);
      return () => post(world, "/inbox/replay", { outcome: "ignored" });
    },
    ends: ["succeeded"],
    money: ["1500 - 0"],
  },
  {
    name: "dead letters that are sent again, and again when that was cut short",
    prepare: async (world) => {
      world.shop.answer = () => new Response(null, { status: 410 });
      await createPaid(world);
      return async () => {
        await attempt(post(world, "/deliveries/replay", { status: "dead" }));
        await post(world, "/deliveries/replay", { status: "dead" });
      };
    },
    ends: ["succeeded"],
  },
  {
    name: "a shop that reads what was kept",
    prepare: async (world) => {
      const id = await createRefunding(world);
      endRefunds(world);
      const paths = ["/inbox", "/deliveries", `/transactions/${id}/refunds`];
      return async () => {
        for (const path of paths) {
          await attempt(world.call("read", "GET", path));
        }
      };
    },
    ends: ["succeeded"],
  },
  {
    name: "a row that makes the cron stumble, until it is mended",
    prepare: async (world) => {
      await createHalf(world);
      const moveExpiry = (by: string) =>
        env.DB.prepare(`UPDATE transactions SET expires_at = expires_at ${by}`).run();
      await moveExpiry("+ 9000000000000000");
      world.advance(MINUTE);
      return async () => {
        await attempt(world.tick());
        await moveExpiry("- 9000000000000000");
      };
    },
    ends: ["pending"],
  },
  {
    name: "an outage in which a gateway told of a refund",
    options: { isListing: true },
    prepare: async (world) => {
      const id = await createPaid(world);
      await world.tick();
      world.advance(10 * MINUTE);
      world.gateway.session(id).amountRefunded = 500;
      // It never arrives.
      world.callback(id, "success", { amount_refunded: 500 });
      world.advance(10 * MINUTE);
      return () => world.tick();
    },
    ends: ["succeeded"],
    money: ["1999 - 500"],
  },
  {
    name: "the cron counting what has happened",
    prepare: async (world) => {
      await createPaid(world);
      world.advance(MINUTE);
      return () => world.tick();
    },
    ends: ["succeeded"],
  },
  {
    name: "the full hour, at which the inbox forgets",
    prepare: async (world) => {
      await createPending(world);
      const nobody = `txn_${"0".repeat(26)}`;
      await world.fetch("callback", world.callback(nobody, "success"));
      // Worlds begin at a full hour.
      return () => world.tick();
    },
    ends: ["pending"],
  },
];
