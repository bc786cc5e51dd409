/** The shop's feed of outgoing events, to catch up by pulling, and their replay. */
import { Hono } from "hono";
import { PLACES, placesAfter, readPlaces, writePlaces } from "../../lib/places.ts";
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
  const places = after === undefined ? [] : readPlaces(decodeCursor(after, PLACES, "after"));
  const found = await services.store.listAfter(places, limit);
  const data = found.map((event) => ({ id: eventId(event), ...(JSON.parse(event.body) as object) }));
  const next = found.length > 0 ? encodeCursor(writePlaces(placesAfter(places, found))) : (after ?? null);
  return c.json({ data, next_cursor: next });
});

eventRoutes.post("/:id/replay", async (c) => {
  const { services } = c.env;
  const id = c.req.param("id");
  await replayEvent(services, id);
  return c.json({ id, status: "owed" }, 202);
});
