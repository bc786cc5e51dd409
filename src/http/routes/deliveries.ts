/** What the shop is owed and what came of it, and the return of dead letters. */
import { Hono } from "hono";
import { PLACES, placesAfter, readPlaces, writePlaces } from "../../lib/places.ts";
import { replayDeliveries } from "../../operations/replay-deliveries.ts";
import { eventId } from "../../operations/send-delivery.ts";
import { toTimestamp } from "../../operations/views.ts";
import type { Services } from "../../services.ts";
import type { AppEnv } from "../app-env.ts";
import { shopOnly } from "../auth.ts";
import { decodeCursor, encodeCursor, toPage } from "../cursor.ts";
import { check, deliveriesQuery, readJson, replayBody } from "../schemas.ts";

export const deliveryRoutes = new Hono<AppEnv>();

deliveryRoutes.use(shopOnly);

deliveryRoutes.get("/", async (c) => {
  const { services } = c.env;
  const { status, limit, cursor } = check(deliveriesQuery, c.req.query());
  const before = cursor === undefined ? [] : readPlaces(decodeCursor(cursor, PLACES));
  const found = await services.store.listDeliveries({
    ...(status === undefined ? {} : { status }),
    before,
    limit: limit + 1,
  });
  const { page, next_cursor } = toPage(found, limit, (_last, rows) =>
    encodeCursor(writePlaces(placesAfter(before, rows))),
  );
  return c.json({ data: page.map(toView), next_cursor });
});

deliveryRoutes.post("/replay", async (c) => {
  const { services } = c.env;
  const { type, limit } = check(replayBody, await readJson(c.req.raw));
  return c.json({ replayed: await replayDeliveries(services, type ?? null, limit) }, 202);
});

type Listed = Awaited<ReturnType<Services["store"]["listDeliveries"]>>[number];

function toView(delivery: Listed) {
  const { nextAttemptAt, deliveredAt } = delivery;
  return {
    id: eventId(delivery),
    transaction_id: delivery.transactionId,
    type: delivery.type,
    version: delivery.version,
    status: delivery.status,
    attempts: delivery.attempts,
    next_attempt_at: nextAttemptAt === null ? null : toTimestamp(nextAttemptAt),
    delivered_at: deliveredAt === null ? null : toTimestamp(deliveredAt),
    last_error: delivery.lastError,
    created_at: toTimestamp(delivery.createdAt),
  };
}
