/** GET and POST /console/sign-in, POST /console/sign-out. Whoever knows the password gets in; guessing is limited. */
import { type Context, Hono } from "hono";
import { tooManyAttempts } from "../../console/notice-page.tsx";
import { SignInPage, type SignInView } from "../../console/sign-in-page.tsx";
import { deriveSecret, equalInConstantTime } from "../../lib/derive-secret.ts";
import type { AppEnv } from "../app-env.ts";
import { comesFromHere, isFormOf, readForm } from "../console-form.ts";
import { consolePage } from "../console-page.ts";
import {
  closedConsole,
  endSession,
  findSession,
  identify,
  outOfDate,
  showNotice,
  startSession,
  turnAway,
} from "../console-session.ts";
import { networkOf } from "../network.ts";

const HOME = "/console";
const MAX_DESTINATION = 2000;
/** No control characters, no line breaks, nothing that turns the direction of what follows; something to read. */
const NAME =
  /^(?=.*[\p{L}\p{N}])[^\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]{1,80}$/u;

export const consoleSignInRoutes = new Hono<AppEnv>();

consoleSignInRoutes.on(["GET", "POST"], ["/sign-in", "/sign-out"], async (c, next) =>
  c.env.services.config.console ? next() : closedConsole(c),
);

consoleSignInRoutes.get("/sign-in", async (c) => {
  const to = toDestination(c, c.req.query("to"));
  const who = await identify(c);
  if (who.kind === "operator") {
    return c.redirect(to, 303);
  }
  return c.env.services.config.console?.password
    ? showSignIn(c, { name: "", to, fault: null })
    : turnAway(c, who);
});

consoleSignInRoutes.post("/sign-in", async (c) => {
  const { services } = c.env;
  const password = services.config.console?.password;
  if (!comesFromHere(c)) {
    return outOfDate(c, "foreign_origin");
  }
  if (!password) {
    return c.redirect(HOME, 303);
  }
  const form = await readForm(c);
  const to = toDestination(c, form.get("to"));
  const name = (form.get("name") ?? "").normalize("NFC").trim();
  if (!NAME.test(name)) {
    return showSignIn(c, { name, to, fault: "name" }, 400);
  }
  const address = await callerOf(c);
  // Counted before it is looked at, so that many at once are not more than many in turn.
  const retryAt = await services.store.countAttempt(address, services.now());
  if (retryAt !== null) {
    return refuseAttempt(c, retryAt);
  }
  if (!(await equalInConstantTime(form.get("password") ?? "", password))) {
    services.log.warn("operator.refused", { reason: "wrong_password" });
    return showSignIn(c, { name, to, fault: "password" }, 401);
  }
  await services.store.forgetAttempts(address);
  await startSession(c, name);
  services.log.info("operator.signed_in");
  return c.redirect(to, 303);
});

consoleSignInRoutes.post("/sign-out", async (c) => {
  if (!comesFromHere(c)) {
    return outOfDate(c, "foreign_origin");
  }
  const session = await findSession(c);
  if (session && !(await isFormOf(c, session))) {
    return outOfDate(c, "wrong_token");
  }
  await endSession(c);
  if (session) {
    c.env.services.log.info("operator.signed_out");
  }
  return c.redirect("/console/sign-in", 303);
});

function showSignIn(c: Context<AppEnv>, view: SignInView, status: 200 | 400 | 401 = 200) {
  return consolePage(c, <SignInPage view={view} />, status);
}

function refuseAttempt(c: Context<AppEnv>, retryAt: number) {
  const seconds = Math.max(1, Math.ceil((retryAt - c.env.services.now()) / 1000));
  c.env.services.log.warn("operator.refused", { reason: "too_many_attempts" });
  return showNotice(c, tooManyAttempts(seconds), 429, { "Retry-After": String(seconds) });
}

/** The page that was asked for, if it is one of the console's, however its address is written; else the first one. */
function toDestination(c: Context<AppEnv>, asked: string | null | undefined): string {
  const { origin } = new URL(c.req.url);
  if (!asked || asked.length > MAX_DESTINATION || !/^\/[!-[\]-~]*$/.test(asked)) {
    return HOME;
  }
  const url = URL.parse(asked, origin);
  const isOurs = url?.origin === origin && /^\/console(\/(?!sign-(in|out)$).*)?$/.test(url.pathname);
  return isOurs ? url.pathname + url.search : HOME;
}

/** Tells one caller from another without keeping an address. Who sends none shares the count with all such. */
async function callerOf(c: Context<AppEnv>): Promise<string> {
  const key = await deriveSecret(c.env.services.config.clientSecretKeys[0], "addresses of sign-ins");
  return deriveSecret(key, networkOf(c.req.header("cf-connecting-ip") ?? ""));
}
