/** GET /console/doctor: the same list that GET /doctor gives to the shop. */
import { Hono } from "hono";
import { DoctorPage } from "../../console/doctor-page.tsx";
import { examine } from "../../operations/examine.ts";
import type { AppEnv } from "../app-env.ts";
import { consolePage } from "../console-page.ts";
import { shellOf } from "../console-shell.ts";

export const consoleDoctorRoutes = new Hono<AppEnv>();

consoleDoctorRoutes.get("/doctor", async (c) => {
  const findings = await examine(c.env.services, new URL(c.req.url).origin);
  return consolePage(c, <DoctorPage shell={shellOf(c)} findings={findings} />);
});
