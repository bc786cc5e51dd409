/** /console/webhooks: verified webhooks and what became of them, and their replay, one or many. */
import { type Context, Hono } from "hono";
import { ConfirmPage } from "../../console/confirm-page.tsx";
import type { WebhooksView } from "../../console/views.ts";
import { WebhooksPage } from "../../console/webhooks-page.tsx";
import { WEBHOOK_WORDS } from "../../console/words.ts";
import { recordAction } from "../../operations/operator-action.ts";
import { toReceivedWebhook } from "../../operations/read-payment.ts";
import { replayWebhook, replayWebhooks, type WebhookKey } from "../../operations/replay-webhook.ts";
import { isolate } from "../../pages/format.ts";
import type { Services } from "../../services.ts";
import type { AppEnv } from "../app-env.ts";
import { PLAIN } from "../console-deeds.ts";
import { readForm, readNote } from "../console-form.ts";
import { consolePage } from "../console-page.ts";
import { toWebhookRow } from "../console-rows.ts";
import { type Done, flashOf, shellOf } from "../console-shell.ts";
import { toPage, toSiftedPage } from "../cursor.ts";
import { HttpProblem } from "../problem.ts";
import { decodeKey, encodeKey } from "../webhook-key.ts";

export const consoleWebhookRoutes = new Hono<AppEnv>();

const PAGE = 25;
/** Applied ones are the most, and have no index of their own: they are looked for among so many. */
const EXAMINED = 100;
/** Each is some round trips. */
const REPLAYED_AT_ONCE = 100;
const OUTCOMES = ["applied", "ignored", "parked"] as const;
type Outcome = (typeof OUTCOMES)[number];

consoleWebhookRoutes.get("/webhooks", async (c) => {
  const { services } = c.env;
  const { outcome: asked, cursor, done, replayed, changed } = c.req.query();
  const outcome = OUTCOMES.find((name) => name === asked);
  const after = cursor ? decodeKey(cursor, "cursor") : undefined;
  const [{ page, next_cursor }, health] = await Promise.all([
    list(services, outcome, after),
    services.store.listGatewayHealth(),
  ]);
  const filter = outcome === undefined ? "" : `outcome=${outcome}&`;
  const view: WebhooksView = {
    outcome: outcome ?? "all",
    rows: page.map((row) => toWebhookRow(toReceivedWebhook(row))),
    next: next_cursor === null ? null : `${filter}cursor=${next_cursor}`,
    health,
    flash: flashOf(done) ?? countFlash(replayed, changed),
  };
  return consolePage(c, <WebhooksPage shell={shellOf(c)} view={view} />);
});

consoleWebhookRoutes.get("/webhooks/replay", (c) => {
  const outcome = readUnapplied(c.req.query("outcome"));
  const { cursor, replayed, changed } = c.req.query();
  const word = WEBHOOK_WORDS[outcome].toLowerCase();
  const before = countFlash(replayed, changed);
  const view = {
    ...PLAIN,
    title: `Replay ${word} webhooks`,
    sentences: [
      ...(before ? [`${before.text} There are more, of older payments.`] : []),
      `Up to ${REPLAYED_AT_ONCE} ${word} webhooks are applied once more, those of the newest payments first.`,
      "Each goes the way that it came: it changes only what it should, and what changes nothing stays where it is.",
    ],
    button: before ? "Replay the next ones" : "Replay them",
    action: `/console/webhooks/replay?outcome=${outcome}`,
    hidden: cursor === undefined ? {} : { cursor },
    back: `/console/webhooks?outcome=${outcome}`,
  };
  return consolePage(c, <ConfirmPage shell={shellOf(c)} view={view} />);
});

consoleWebhookRoutes.post("/webhooks/replay", async (c) => {
  const { services } = c.env;
  const outcome = readUnapplied(c.req.query("outcome"));
  const { actor } = c.get("operator");
  const form = await readForm(c);
  const cursor = form.get("cursor");
  const after = cursor === null ? undefined : decodeKey(cursor, "cursor");
  const action = { action: "replay_webhooks", actor, note: readNote(form) || null, transactionId: null };
  let counts: Awaited<ReturnType<typeof replayWebhooks>> = { replayed: 0, applied: 0, last: null };
  await recordAction(services, action, async () => {
    counts = await replayWebhooks(services, outcome, after, REPLAYED_AT_ONCE);
    return `${counts.replayed} ${outcome}, ${counts.applied} changed a payment`;
  });
  const { replayed, applied, last } = counts;
  const result = `outcome=${outcome}&replayed=${replayed}&changed=${applied}`;
  return c.redirect(
    last ? `/console/webhooks/replay?${result}&cursor=${encodeKey(last)}` : `/console/webhooks?${result}`,
    303,
  );
});

consoleWebhookRoutes.get("/webhooks/:key/replay", async (c) => {
  const entry = await findEntry(c);
  const view = {
    ...PLAIN,
    title: "Replay this webhook",
    sentences: [
      `The webhook ${isolate(entry.eventId)} of ${entry.gateway} is applied once more, as if it had just come.`,
      "It changes only what it should: what is known already is not done twice.",
    ],
    button: "Replay it",
    action: `/console/webhooks/${c.req.param("key")}/replay`,
    back: backOf(entry, entry.outcome),
  };
  return consolePage(c, <ConfirmPage shell={shellOf(c)} view={view} />);
});

consoleWebhookRoutes.post("/webhooks/:key/replay", async (c) => {
  const { services } = c.env;
  const entry = await findEntry(c);
  const action = {
    action: "replay_webhook",
    actor: c.get("operator").actor,
    note: [`${entry.gateway} ${entry.eventId}`, readNote(await readForm(c))].filter(Boolean).join(": "),
    transactionId: isOfPayment(entry, entry.outcome) ? entry.transactionId : null,
  };
  let done: Done = "ignored";
  await recordAction(services, action, async () => {
    done = await replayWebhook(services, entry);
    return done;
  });
  return c.redirect(`${backOf(entry, done)}?done=${done}`, 303);
});

/** @throws HttpProblem 404 */
async function findEntry(c: Context<AppEnv>) {
  const entry = await c.env.services.store.findInbox(decodeKey(c.req.param("key") ?? "", "key"));
  if (!entry) {
    throw new HttpProblem("not_found", "There is no such webhook in the inbox.");
  }
  return entry;
}

type Place = Pick<WebhookKey, "transactionId">;

/** While it is parked, nobody knows the payment that it names. */
function isOfPayment({ transactionId }: Place, outcome: string): boolean {
  return outcome !== "parked" && /^txn_[0-9a-z]{26}$/.test(transactionId);
}

async function list({ store }: Services, outcome: Outcome | undefined, after: WebhookKey | undefined) {
  if (outcome === "applied") {
    const examined = await store.listInbox(undefined, after, EXAMINED);
    const isApplied = (row: (typeof examined)[number]) => row.outcome === "applied";
    return toSiftedPage(examined, examined.length < EXAMINED, isApplied, PAGE, encodeKey);
  }
  return toPage(await store.listInbox(outcome, after, PAGE + 1), PAGE, encodeKey);
}

/** The payment's page, where there is one. */
function backOf(entry: Place, outcome: string): string {
  return isOfPayment(entry, outcome) ? `/console/payments/${entry.transactionId}` : "/console/webhooks";
}

/** @throws HttpProblem 400 */
function readUnapplied(outcome: string | undefined): Exclude<Outcome, "applied"> {
  if (outcome !== "ignored" && outcome !== "parked") {
    throw new HttpProblem("invalid_request", "Ignored or parked webhooks are replayed: outcome=parked.");
  }
  return outcome;
}

function countFlash(replayed: string | undefined, changed: string | undefined): WebhooksView["flash"] {
  const isCount = (text: string | undefined) => /^\d{1,3}$/.test(text ?? "");
  return isCount(replayed) && isCount(changed)
    ? { tone: "done", text: `${replayed} replayed; ${changed} of them changed a payment.` }
    : null;
}
