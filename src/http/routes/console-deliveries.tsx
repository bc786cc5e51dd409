/** /console/deliveries: what the shop is owed and what came of it, and the return of dead letters. */
import { type Context, Hono } from "hono";
import { ConfirmPage } from "../../console/confirm-page.tsx";
import { DeliveriesPage } from "../../console/deliveries-page.tsx";
import type { DeliveriesView } from "../../console/views.ts";
import { databaseOf } from "../../lib/id.ts";
import { PLACES, placesAfter, readPlaces, writePlaces } from "../../lib/places.ts";
import { recordAction } from "../../operations/operator-action.ts";
import { replayDeliveries } from "../../operations/replay-deliveries.ts";
import { replayEvent } from "../../operations/replay-event.ts";
import { parseEventId } from "../../operations/send-delivery.ts";
import type { Services } from "../../services.ts";
import type { AppEnv } from "../app-env.ts";
import { PLAIN } from "../console-deeds.ts";
import { readForm, readNote } from "../console-form.ts";
import { consolePage } from "../console-page.ts";
import { toDeliveryRow } from "../console-rows.ts";
import { flashOf, shellOf } from "../console-shell.ts";
import { toPage, toSiftedPage } from "../cursor.ts";
import { HttpProblem } from "../problem.ts";

export const consoleDeliveryRoutes = new Hono<AppEnv>();

const PAGE = 25;
/** Delivered ones are the most, and have no index of their own: they are looked for among so many. */
const EXAMINED = 100;
const REPLAYED_AT_ONCE = 1000;
const STATUSES = ["owed", "delivered", "dead"] as const;

consoleDeliveryRoutes.get("/deliveries", async (c) => {
  const { services } = c.env;
  const { status: asked, cursor = "", done, replayed = "" } = c.req.query();
  const status = STATUSES.find((name) => name === asked);
  const [{ page, next_cursor }, dead] = await Promise.all([
    status === "owed" ? listOwed(services, cursor) : list(services, status, cursor),
    services.store.countDead(),
  ]);
  const view: DeliveriesView = {
    status: status ?? "all",
    rows: page.map(toDeliveryRow),
    next:
      next_cursor === null ? null : `${status === undefined ? "" : `status=${status}&`}cursor=${next_cursor}`,
    dead,
    shop: describeShop(services),
    flash: /^\d{1,4}$/.test(replayed)
      ? { tone: "done", text: `${replayed} dead letters are owed again: the cron sends them.` }
      : flashOf(done),
  };
  return consolePage(c, <DeliveriesPage shell={shellOf(c)} view={view} />);
});

consoleDeliveryRoutes.get("/deliveries/replay", (c) => {
  const view = {
    ...PLAIN,
    title: "Send dead letters again",
    sentences: [
      `Up to ${REPLAYED_AT_ONCE} events that were given up are owed to the shop again, the oldest first.`,
      "Each keeps its id and its body, so a shop that has dealt with it before can tell; the cron begins within a minute.",
    ],
    button: "Send them again",
    action: "/console/deliveries/replay",
    back: "/console/deliveries?status=dead",
  };
  return consolePage(c, <ConfirmPage shell={shellOf(c)} view={view} />);
});

consoleDeliveryRoutes.post("/deliveries/replay", async (c) => {
  const { services } = c.env;
  const action = {
    action: "replay_deliveries",
    actor: c.get("operator").actor,
    note: readNote(await readForm(c)) || null,
    transactionId: null,
  };
  let count = 0;
  await recordAction(services, action, async () => {
    count = await replayDeliveries(services, null, REPLAYED_AT_ONCE);
    return `${count} owed again`;
  });
  return c.redirect(`/console/deliveries?replayed=${count}`, 303);
});

consoleDeliveryRoutes.get("/deliveries/:id/replay", async (c) => {
  const { id, transactionId } = await findEvent(c);
  const view = {
    ...PLAIN,
    title: "Send this event again",
    sentences: [
      `The event ${id} is sent to the shop again, now.`,
      "It keeps its id and its body, so a shop that has dealt with it before can tell.",
    ],
    button: "Send it again",
    action: `/console/deliveries/${id}/replay`,
    back: `/console/payments/${transactionId}`,
  };
  return consolePage(c, <ConfirmPage shell={shellOf(c)} view={view} />);
});

consoleDeliveryRoutes.post("/deliveries/:id/replay", async (c) => {
  const { services } = c.env;
  const { id, transactionId } = await findEvent(c);
  const { actor } = c.get("operator");
  const note = [id, readNote(await readForm(c))].filter(Boolean).join(": ");
  await recordAction(services, { action: "resend", actor, note, transactionId }, async () => {
    await replayEvent(services, id);
    return "owed again";
  });
  return c.redirect(`/console/payments/${transactionId}?done=resent`, 303);
});

type Status = Exclude<(typeof STATUSES)[number], "owed">;

/** @param cursor of the last one of the page before: the time of the next attempt, its position and its database */
async function listOwed({ store }: Services, cursor: string) {
  const [nextAttemptAt, position, database = 0] = cursor.split("-").map(readWhole);
  const after =
    nextAttemptAt === undefined || position === undefined ? undefined : { nextAttemptAt, position, database };
  const found = await store.listOwed(after, PAGE + 1);
  return toPage(
    found,
    PAGE,
    (row) => `${row.nextAttemptAt}-${row.position}-${databaseOf(row.transactionId)}`,
  );
}

/** A page of them, and where the next one begins. */
async function list({ store }: Services, status: Status | undefined, cursor: string) {
  const before = PLACES.test(cursor) ? readPlaces(cursor) : [];
  type Row = Awaited<ReturnType<typeof store.listDeliveries>>[number];
  const cursorOf = (_last: Row, rows: readonly Row[]) => writePlaces(placesAfter(before, rows));
  if (status === "delivered") {
    const examined = await store.listDeliveries({ before, limit: EXAMINED });
    const isDelivered = (row: Row) => row.status === "delivered";
    return toSiftedPage(examined, examined.length < EXAMINED, isDelivered, PAGE, cursorOf);
  }
  const found = await store.listDeliveries({ before, ...(status ? { status } : {}), limit: PAGE + 1 });
  return toPage(found, PAGE, cursorOf);
}

function readWhole(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** @throws HttpProblem 404 */
async function findEvent(c: Context<AppEnv>): Promise<{ id: string; transactionId: string }> {
  const id = c.req.param("id") ?? "";
  const named = parseEventId(id);
  if (!named || !(await c.env.services.store.hasDelivery(named.transactionId, named.position))) {
    throw new HttpProblem("not_found", "There is no such event.");
  }
  return { id, transactionId: named.transactionId };
}

/** Whom events go to, without what an address may carry in its query. */
function describeShop({ config: { fulfilment } }: Services): string | null {
  if (fulfilment?.kind !== "url") {
    return fulfilment ? "the Worker behind the binding FULFILMENT" : null;
  }
  const { origin, pathname } = new URL(fulfilment.url);
  return `${origin}${pathname}`;
}
