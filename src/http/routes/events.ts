/** The shop's feed of outgoing events, to catch up by pulling, and their replay. */
import { Hono } from "hono";
import { replayEvent } from "../../operations/replay-event.ts";
import { eventId } from "../../operations/send-delivery.ts";
import type { AppEnv } from "../app-env.ts";
import { shopOnly } from "../auth.ts";
import { decodeCursor, encodeCursor } from "../cursor.ts";
import { check, eventsQuery } from "../schemas.ts";

export const eventRoutes = new Hono<AppEnv>();

eventRoutes.use(shopOnly);

eventRoutes.get("/", async (c) => {
  const { services } = c.env;
  const { after, limit } = check(eventsQuery, c.req.query());
  const position = after === undefined ? 0 : Number(decodeCursor(after, /^\d{1,15}$/, "after"));
  const found = await services.store.listAfter(position, limit);
  const data = found.map((event) => ({ id: eventId(event), ...(JSON.parse(event.body) as object) }));
  const last = found.at(-1);
  return c.json({ data, next_cursor: last ? encodeCursor(String(last.position)) : (after ?? null) });
});

eventRoutes.post("/:id/replay", async (c) => {
  const { services } = c.env;
  const id = c.req.param("id");
  await replayEvent(services, id);
  return c.json({ id, status: "owed" }, 202);
});
