/** /console: the operator's pages, for those who are signed in. Whatever goes wrong is told as a page. */
import { type Context, Hono } from "hono";
import { type Notice, NoticePage } from "../../console/notice-page.tsx";
import { describeError } from "../../lib/log.ts";
import { StoreError } from "../../store/store-error.ts";
import type { AppEnv } from "../app-env.ts";
import { consolePage } from "../console-page.ts";
import { operatorOnly } from "../console-session.ts";
import { isProblem, statusOf } from "../problem.ts";
import { limitRate } from "../rate-limit.ts";
import { consoleActivityRoutes } from "./console-activity.tsx";
import { consoleDeedRoutes } from "./console-deeds.tsx";
import { consoleDeliveryRoutes } from "./console-deliveries.tsx";
import { consoleDoctorRoutes } from "./console-doctor.tsx";
import { consoleGatewayRoutes } from "./console-gateways.tsx";
import { consoleOverviewRoutes } from "./console-overview.tsx";
import { consolePaymentRoutes } from "./console-payment.tsx";
import { consolePaymentsRoutes } from "./console-payments.tsx";
import { consoleSignInRoutes } from "./console-sign-in.tsx";
import { consoleWebhookRoutes } from "./console-webhooks.tsx";

export const consoleRoutes = new Hono<AppEnv>();

const BACK = { href: "/console", label: "To the console" };
const TROUBLE: Notice = {
  title: "The database did not answer",
  text: "Nothing more is known of what you asked for. Look again in a moment, before you repeat it.",
  link: BACK,
};
const BROKEN: Notice = {
  title: "Something went wrong on our side",
  text: "It is in the log, with this page’s time. Look how things stand before you repeat what you did.",
  link: BACK,
};

consoleRoutes.onError((error, c) => {
  if (isProblem(error)) {
    const [status, title] = statusOf(error.code);
    const { retryAfterSeconds: seconds } = error.details;
    const headers: Record<string, string> = seconds === undefined ? {} : { "Retry-After": String(seconds) };
    return notice(c, { title, text: error.message, link: BACK }, status, headers);
  }
  c.env.services.log.error("request.failed", { error: describeError(error) });
  return error instanceof StoreError ? notice(c, TROUBLE, 503) : notice(c, BROKEN, 500);
});

consoleRoutes.use(limitRate);
consoleRoutes.route("/", consoleSignInRoutes);
consoleRoutes.use(operatorOnly);
consoleRoutes.route("/", consoleOverviewRoutes);
consoleRoutes.route("/", consolePaymentsRoutes);
consoleRoutes.route("/", consolePaymentRoutes);
consoleRoutes.route("/", consoleDeedRoutes);
consoleRoutes.route("/", consoleWebhookRoutes);
consoleRoutes.route("/", consoleDeliveryRoutes);
consoleRoutes.route("/", consoleGatewayRoutes);
consoleRoutes.route("/", consoleActivityRoutes);
consoleRoutes.route("/", consoleDoctorRoutes);
consoleRoutes.all("*", (c) =>
  notice(c, { title: "Not found", text: "There is nothing at this address.", link: BACK }, 404),
);

function notice(
  c: Context<AppEnv>,
  page: Notice,
  status: Parameters<typeof consolePage>[2],
  headers: Parameters<typeof consolePage>[3] = {},
) {
  return consolePage(c, <NoticePage {...page} />, status, headers);
}
