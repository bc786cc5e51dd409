/** The simulated gateway's pay page: the buyer's, or a test's, choice of what becomes of the payment. */
import { type Context, Hono } from "hono";
import { WEBHOOK_MODES } from "./callback.ts";
import { answerPage, type PageStatus } from "./html.ts";
import { PayNotice, PayPage } from "./pay-page.tsx";
import type { SandboxSession } from "./sandbox-session.ts";
import { allowedOutcomes, OUTCOMES, type Session } from "./session.ts";

export interface PayRoutesOptions {
  readonly sessions: DurableObjectNamespace<SandboxSession>;
}

export function createPayRoutes(options: PayRoutesOptions): Hono {
  const app = new Hono();

  app.get("/pay/:id", async (c) => {
    const session = await options.sessions.getByName(c.req.param("id")).read();
    return session ? showSession(c, session) : showUnknown(c);
  });

  app.post("/pay/:id", async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const outcome = OUTCOMES.find((one) => one === form.get("outcome"));
    const webhook = WEBHOOK_MODES.find((one) => one === (form.get("webhook") ?? "once"));
    const ruling =
      outcome && webhook
        ? await options.sessions.getByName(c.req.param("id")).settle(outcome, webhook)
        : undefined;
    if (ruling === undefined) {
      return showBadForm(c);
    }
    if (ruling === null) {
      return showUnknown(c);
    }
    if (ruling.kind === "refused") {
      return showSession(c, ruling.session, 409);
    }
    const { cancel_url, return_url } = ruling.session;
    c.header("cache-control", "no-store");
    return c.redirect(outcome === "cancel" ? cancel_url : return_url, 303);
  });
  return app;
}

function showSession(c: Context, session: Session, status: PageStatus = 200) {
  return answerPage(
    c,
    <PayPage session={session} outcomes={allowedOutcomes(session.status)} refused={status === 409} />,
    {
      status,
      formTargets: [session.return_url, session.cancel_url],
    },
  );
}

function showBadForm(c: Context) {
  return answerPage(
    c,
    <PayNotice title="That is not a choice">
      <p>The form takes these values, and nothing has been changed.</p>
      <dl class="values">
        <dt>outcome</dt>
        <dd>{OUTCOMES.join(", ")}</dd>
        <dt>webhook</dt>
        <dd>{WEBHOOK_MODES.join(", ")}</dd>
      </dl>
    </PayNotice>,
    { status: 400 },
  );
}

function showUnknown(c: Context) {
  return answerPage(
    c,
    <PayNotice title="No such payment">
      <p>The gateway has never heard of this payment. Go back to the shop and start again.</p>
    </PayNotice>,
    { status: 404 },
  );
}
