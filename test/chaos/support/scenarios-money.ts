/** One scenario for each way that money takes after the first payment. */
import {
  attempt,
  createHeld,
  createPaid,
  createRefunding,
  createReviewed,
  createTwice,
  endRefunds,
  expire,
  MINUTE,
  pay,
  post,
  refund,
  type Scenario,
  tell,
} from "./steps.ts";
import type { World } from "./world.ts";

const BY_REFUND = { variables: { LATE_PAYMENT_POLICY: "refund" } };

/** All calls to a verb of the gateway's, from now on until everybody is up again. */
function refuse(world: World, verb: RegExp): void {
  world.gateway.faulty = verb;
  world.gateway.fault = "refuse";
}

const refunding: Scenario[] = [
  {
    name: "a refund with a key, repeated when it was cut short",
    prepare: async (world) => {
      const id = await createPaid(world);
      return async () => {
        await attempt(refund(world, id));
        await refund(world, id);
      };
    },
    ends: ["succeeded"],
    money: ["1999 - 500"],
  },
  {
    name: "a refund that the gateway does not end at once",
    prepare: async (world) => {
      const id = await createPaid(world);
      return async () => {
        world.gateway.refundOutcome = "pending";
        await attempt(refund(world, id));
        await world.settle();
        endRefunds(world);
      };
    },
    ends: ["succeeded"],
    money: ["1999 - 0", "1999 - 500"],
  },
  {
    name: "a refund under way of which the cron learns the end",
    prepare: async (world) => {
      await createRefunding(world);
      endRefunds(world);
      world.advance(MINUTE);
      return () => world.tick();
    },
    ends: ["succeeded"],
    money: ["1999 - 500"],
  },
  {
    name: "a refund under way of which a callback tells",
    prepare: async (world) => {
      const id = await createRefunding(world);
      endRefunds(world);
      return () => tell(world, id);
    },
    ends: ["succeeded"],
    money: ["1999 - 500"],
  },
  {
    name: "a refund that the gateway refuses",
    prepare: async (world) => {
      const id = await createPaid(world);
      refuse(world, /refund/);
      return () => refund(world, id);
    },
    ends: ["succeeded"],
    // Cut short, it is the cron that asks again, when the gateway refuses no more.
    money: ["1999 - 500", "1999 - 0"],
  },
  {
    name: "late money whose way back fails",
    options: BY_REFUND,
    prepare: async (world) => {
      const { id } = await expire(world);
      world.gateway.settle(id, "success");
      world.gateway.refundOutcome = "failure";
      return () => tell(world, id);
    },
    ends: ["review"],
    money: ["1999 - 0"],
  },
  {
    name: "a refund in the gateway's dashboard, then a dispute",
    prepare: async (world) => {
      const id = await createPaid(world);
      world.gateway.refundByHand(id, 700);
      world.gateway.session(id).dispute = "open";
      return () => tell(world, id);
    },
    ends: ["succeeded"],
    money: ["1999 - 700 open"],
  },
];

const capturing: Scenario[] = [
  {
    name: "a capture of the whole sum",
    prepare: async (world) => {
      const id = await createHeld(world);
      return () => post(world, `/transactions/${id}/capture`);
    },
    ends: ["authorized", "succeeded"],
    money: ["0 - 0", "1999 - 0"],
  },
  {
    name: "a capture of a part",
    prepare: async (world) => {
      const id = await createHeld(world);
      return () => post(world, `/transactions/${id}/capture`, { amount: 500 });
    },
    ends: ["authorized", "succeeded"],
    money: ["0 - 0", "500 - 0"],
  },
  {
    name: "a capture that the gateway refuses",
    prepare: async (world) => {
      const id = await createHeld(world);
      refuse(world, /capture/);
      return () => post(world, `/transactions/${id}/capture`, { amount: 500 });
    },
    ends: ["succeeded", "authorized"],
    money: ["500 - 0", "0 - 0"],
  },
];

const deciding: Scenario[] = [
  {
    name: "a payment that is accepted",
    prepare: async (world) => {
      const id = await createReviewed(world);
      return () => post(world, `/transactions/${id}/accept`);
    },
    ends: ["review", "succeeded"],
    money: ["1500 - 0"],
  },
  {
    name: "a payment that is rejected, and again when that was cut short",
    prepare: async (world) => {
      const id = await createReviewed(world);
      return async () => {
        await attempt(post(world, `/transactions/${id}/reject`));
        await world.settle();
        await post(world, `/transactions/${id}/reject`);
      };
    },
    ends: ["canceled"],
    money: ["1500 - 1500"],
  },
  {
    name: "late money, which goes back by the policy",
    options: BY_REFUND,
    prepare: async (world) => {
      const { id } = await expire(world);
      world.gateway.settle(id, "success");
      const callback = world.callback(id, "success");
      return () => world.fetch("callback", callback);
    },
    ends: ["canceled"],
    money: ["1999 - 1999"],
  },
  {
    name: "an order that is paid twice, and once by the policy",
    options: BY_REFUND,
    prepare: async (world) => {
      const [first, second] = await createTwice(world);
      await pay(world, second);
      world.gateway.settle(first.id, "success");
      const callback = world.callback(first.id, "success");
      return () => world.fetch("callback", callback);
    },
    ends: ["canceled succeeded"],
    money: ["1999 - 1999, 1999 - 0"],
  },
];

export const MONEY_SCENARIOS: readonly Scenario[] = [...refunding, ...capturing, ...deciding];
