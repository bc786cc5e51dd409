/** One scenario for each way through the house: what is there before, what is cut short, and how it may end. */
import { SUBPROTOCOL } from "../../../src/channel/message.ts";
import { ORIGIN } from "../../support/system.ts";
import { attempt, create, createHalf, createTwice, expire, MINUTE, pay, type Scenario } from "./steps.ts";
import { createPending } from "./world.ts";

const opening: Scenario[] = [
  {
    name: "a create with a key",
    prepare: async (world) => () => create(world),
    ends: ["", "pending"],
  },
  {
    name: "a create that the gateway refuses",
    prepare: async (world) => () => {
      world.gateway.fault = "refuse";
      return create(world);
    },
    // Cut short, it is the cron that asks again, when the gateway refuses no more.
    ends: ["", "failed", "pending"],
  },
  {
    name: "a create while the gateway is away",
    prepare: async (world) => () => {
      world.gateway.fault = "busy";
      return create(world);
    },
    ends: ["", "pending"],
  },
  {
    name: "a create that is repeated when it was cut short",
    prepare: async (world) => async () => {
      await attempt(create(world));
      world.advance(31_000);
      await create(world);
    },
    ends: ["pending"],
  },
  {
    name: "a second key for the same order",
    prepare: async (world) => {
      await createPending(world);
      return () => create(world);
    },
    ends: ["pending"],
  },
  {
    name: "the same order for another amount",
    prepare: async (world) => {
      await createPending(world);
      return () => create(world, { amount: 2500 });
    },
    ends: ["pending", "canceled pending", "expired pending", "canceled", "expired"],
  },
];

const paying: Scenario[] = [
  {
    name: "a callback that says paid",
    prepare: async (world) => {
      const { id } = await createPending(world);
      world.gateway.settle(id, "success");
      const callback = world.callback(id, "success");
      return () => world.fetch("callback", callback);
    },
    ends: ["succeeded"],
  },
  {
    name: "a callback that comes before the transaction is open",
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
    name: "a callback that changes nothing",
    prepare: async (world) => {
      const transaction = await createPending(world);
      await pay(world, transaction);
      const callback = world.callback(transaction.id, "failure");
      return () => world.fetch("callback", callback);
    },
    ends: ["succeeded"],
  },
  {
    name: "a buyer who comes back before the callback, and looks",
    prepare: async (world) => {
      const { id, client_secret } = await createPending(world);
      world.gateway.settle(id, "success");
      const page = `${ORIGIN}/status/${id}`;
      return async () => {
        await attempt(
          world.fetch("return", new Request(`${page}?client_secret=${client_secret}&returned=1`)),
        );
        const body = `client_secret=${client_secret}&returned=1`;
        await world.fetch("look", new Request(page, { method: "POST", body }));
      };
    },
    ends: ["succeeded"],
  },
  {
    name: "a callback that the cron has to make up for",
    prepare: async (world) => {
      const { id } = await createPending(world);
      world.gateway.settle(id, "success");
      world.advance(MINUTE);
      return () => world.tick();
    },
    ends: ["succeeded"],
  },
  {
    name: "money that comes after the end",
    prepare: async (world) => {
      const { id } = await expire(world);
      world.gateway.settle(id, "success");
      const callback = world.callback(id, "success");
      return () => world.fetch("callback", callback);
    },
    ends: ["succeeded"],
  },
  {
    name: "an order of which one page is paid and another open",
    prepare: async (world) => {
      const [first] = await createTwice(world);
      world.gateway.settle(first.id, "success");
      const callback = world.callback(first.id, "success");
      return () => world.fetch("callback", callback);
    },
    ends: ["succeeded canceled"],
  },
  {
    name: "an order that is paid twice",
    prepare: async (world) => {
      const [first, second] = await createTwice(world);
      await pay(world, second);
      world.gateway.settle(first.id, "success");
      const callback = world.callback(first.id, "success");
      return () => world.fetch("callback", callback);
    },
    ends: ["review succeeded"],
  },
];

const ending: Scenario[] = [
  {
    name: "a look of the cron that finds nothing new",
    prepare: async (world) => {
      await createPending(world);
      world.advance(MINUTE);
      return () => world.tick();
    },
    ends: ["pending"],
  },
  {
    name: "a look of the cron while the gateway is away",
    prepare: async (world) => {
      await createPending(world);
      world.advance(MINUTE);
      return () => {
        world.gateway.fault = "down";
        return world.tick();
      };
    },
    ends: ["pending"],
  },
  {
    name: "a transaction past its time",
    prepare: async (world) => {
      await createPending(world);
      world.advance(30 * MINUTE);
      return () => world.tick();
    },
    ends: ["expired"],
  },
  {
    name: "a transaction that the shop calls off",
    prepare: async (world) => {
      const { id } = await createPending(world);
      return () => world.call("cancel", "POST", `/transactions/${id}/cancel`);
    },
    // Closed at the gateway and cut short: it is over, and nobody knows any more who ended it.
    ends: ["canceled", "pending", "expired"],
  },
];

const telling: Scenario[] = [
  {
    name: "a shop that answers 500 at first",
    prepare: async (world) => {
      const { id } = await createPending(world);
      world.gateway.settle(id, "success");
      world.shop.answer = () => new Response(null, { status: 500 });
      const callback = world.callback(id, "success");
      return async () => {
        await attempt(world.fetch("callback", callback));
        await world.settle();
        world.advance(MINUTE);
        world.shop.answer = () => new Response(null, { status: 204 });
        await world.tick();
      };
    },
    ends: ["succeeded"],
  },
  {
    name: "an event that is asked for again",
    prepare: async (world) => {
      await pay(world, await createPending(world));
      const { id } = world.shop.distinct("transaction.succeeded")[0] ?? { id: "" };
      return () => world.call("replay", "POST", `/events/${id}/replay`);
    },
    ends: ["succeeded"],
  },
  {
    name: "a browser that watches",
    prepare: async (world) => {
      const { id, client_secret } = await createPending(world);
      world.browser.throughChannel = true;
      world.gateway.settle(id, "success");
      const callback = world.callback(id, "success");
      const protocols = `${SUBPROTOCOL}, secret.${client_secret}`;
      const headers = { upgrade: "websocket", "sec-websocket-protocol": protocols };
      const socket = new Request(`${ORIGIN}/transactions/${id}/socket`, { headers });
      return async () => {
        const watching = world.fetch("socket", socket).catch(() => null);
        const webSocket = (await watching)?.webSocket;
        webSocket?.accept();
        await attempt(world.fetch("callback", callback));
        await world.settle();
        webSocket?.close();
      };
    },
    ends: ["succeeded"],
  },
  {
    name: "a shop that reads",
    prepare: async (world) => {
      const { id } = await createPending(world);
      const paths = ["/transactions", `/transactions/${id}/events`, "/events", "/health"];
      return async () => {
        for (const path of paths) {
          await attempt(world.call("read", "GET", path));
        }
      };
    },
    ends: ["pending"],
  },
];

export const SCENARIOS: readonly Scenario[] = [...opening, ...paying, ...ending, ...telling];
