/** GET /console/activity: what operators did, who and why. */
import { Hono } from "hono";
import { ActivityPage } from "../../console/activity-page.tsx";
import type { AppEnv } from "../app-env.ts";
import { consolePage } from "../console-page.ts";
import { shellOf } from "../console-shell.ts";
import { toPage } from "../cursor.ts";

export const consoleActivityRoutes = new Hono<AppEnv>();

const PAGE = 50;

consoleActivityRoutes.get("/activity", async (c) => {
  const { cursor = "" } = c.req.query();
  const before = /^act_[0-9a-z]{26}$/.test(cursor) ? cursor : null;
  const found = await c.env.services.store.listActions(before, PAGE + 1);
  const { page, next_cursor } = toPage(found, PAGE, ({ id }) => id);
  const view = { rows: page, next: next_cursor === null ? null : `cursor=${next_cursor}` };
  return consolePage(c, <ActivityPage shell={shellOf(c)} view={view} />);
});
