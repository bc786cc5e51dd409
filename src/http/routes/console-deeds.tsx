/** GET and POST /console/payments/:id/:deed: what will happen, then the deed, recorded with who and why. */
import { type Context, Hono } from "hono";
import { ConfirmPage } from "../../console/confirm-page.tsx";
import { NoticePage } from "../../console/notice-page.tsx";
import type { ConfirmView } from "../../console/views.ts";
import { OperationError } from "../../operations/operation-error.ts";
import { recordAction } from "../../operations/operator-action.ts";
import { type ActionName, type Payment, readPayment } from "../../operations/read-payment.ts";
import { isolate } from "../../pages/format.ts";
import { toDecimal } from "../../transactions/money.ts";
import type { AppEnv } from "../app-env.ts";
import {
  DEEDS,
  type Deed,
  type Order,
  PLAIN,
  refundSentences,
  WHY,
  whyNot,
  wordsOfRefusal,
} from "../console-deeds.ts";
import { readForm, readNote } from "../console-form.ts";
import { consolePage } from "../console-page.ts";
import { shellOf } from "../console-shell.ts";
import { HttpProblem } from "../problem.ts";
import { parseAmount } from "../search-query.ts";

export const consoleDeedRoutes = new Hono<AppEnv>();

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What a page needs to know to ask for a deed, or to ask again. */
interface Asked {
  readonly name: ActionName;
  readonly deed: Deed;
  readonly payment: Payment;
  readonly gateway: string;
  readonly canRefund: boolean;
}

consoleDeedRoutes.get("/payments/:id/:deed", async (c) => {
  const asked = await findDeed(c);
  const { id } = asked.payment.loaded.transaction;
  return asked.payment.actions.includes(asked.name)
    ? show(c, toView(asked))
    : c.redirect(`/console/payments/${id}?done=late`, 303);
});

consoleDeedRoutes.post("/payments/:id/:deed", async (c) => {
  const asked = await findDeed(c);
  const { name, deed, payment } = asked;
  const form = await readForm(c);
  const confirmed = name === "refund" ? readConfirmation(form) : null;
  // What was confirmed once is not weighed again: sent twice, it comes to the same refund.
  if (!payment.actions.includes(name) && !(confirmed && asked.canRefund)) {
    return showImpossible(c, payment, whyNot(name, payment, asked.gateway), 409);
  }
  const note = readNote(form);
  const typed = form.get("amount") ?? "";
  const { amount, error } = checkAmount(asked, typed, confirmed !== null);
  const noteError = deed.needsNote && note === "" ? "Say why: it stays in the record." : null;
  if (error !== null || noteError !== null) {
    return show(c, toView(asked, { typed, note, amountError: error, noteError }), 422);
  }
  if (name === "refund" && confirmed === null) {
    return show(c, toSecondStep(asked, amount ?? payment.rest, note));
  }
  const { rest: expectedRest = null, key = null } = confirmed ?? {};
  const order: Order = { actor: c.get("operator").actor, note, amount, expectedRest, key };
  return perform(c, asked, order, typed);
});

async function perform(c: Context<AppEnv>, asked: Asked, order: Order, typed: string): Promise<Response> {
  const { services } = c.env;
  const { name, deed, payment } = asked;
  const { id: transactionId, currency } = payment.loaded.transaction;
  const { actor, note, amount } = order;
  const sum = amount === null ? "" : `: ${toDecimal(amount, currency)} ${currency}`;
  try {
    const record = { action: name, actor, note: note || null, transactionId };
    let done = "";
    await recordAction(services, record, async () => {
      done = await deed.perform(services, payment, order);
      return `${done}${sum}`;
    });
    return c.redirect(`/console/payments/${transactionId}?done=${done}`, 303);
  } catch (error) {
    if (!(error instanceof OperationError)) {
      throw error;
    }
    // As it is by now: others may have been first.
    const now = (await readPayment(services, transactionId)) ?? payment;
    const problem = wordsOfRefusal(error, now);
    const status = error.details.retryAfterSeconds === undefined ? 409 : 503;
    return now.actions.includes(name)
      ? show(c, toView({ ...asked, payment: now }, { typed, note, problem }), status)
      : showImpossible(c, now, problem, status);
  }
}

/** @throws HttpProblem 404 for what does not exist */
async function findDeed(c: Context<AppEnv>): Promise<Asked> {
  const { services } = c.env;
  const payment = await readPayment(services, c.req.param("id") ?? "");
  const name = c.req.param("deed") ?? "";
  if (!payment || !isAction(name)) {
    throw new HttpProblem(
      "not_found",
      "There is no such payment, or nothing of this name can be done with it.",
    );
  }
  const { transaction } = payment.loaded;
  const gateway = services.gateways.get(transaction.gateway);
  return {
    ...{ name, deed: DEEDS[name], payment, gateway: gateway?.title ?? transaction.gateway },
    canRefund: gateway?.refund !== undefined,
  };
}

function isAction(name: string): name is ActionName {
  return Object.hasOwn(DEEDS, name);
}

function checkAmount(
  { deed, payment }: Asked,
  typed: string,
  isConfirmed: boolean,
): { readonly amount: number | null; readonly error: string | null } {
  const max = deed.maxAmount(payment);
  if (max === null) {
    return { amount: null, error: null };
  }
  const { currency } = payment.loaded.transaction;
  const amount = parseAmount(typed, currency);
  if (amount === null || amount < 1) {
    return {
      amount: null,
      error: `Not a sum in ${currency}, such as ${toDecimal(Math.max(max, 1), currency)}.`,
    };
  }
  return amount > max && !isConfirmed
    ? { amount: null, error: `At most ${toDecimal(max, currency)} ${currency}.` }
    : { amount, error: null };
}

interface Filled {
  readonly typed?: string;
  readonly note?: string;
  readonly amountError?: string | null;
  readonly noteError?: string | null;
  readonly problem?: string;
}

function toView({ name, deed, payment, gateway }: Asked, filled: Filled = {}): ConfirmView {
  const { id, currency } = payment.loaded.transaction;
  const max = deed.maxAmount(payment);
  const { title, button, dangerous, needsNote } = deed;
  return {
    ...{ title, button, dangerous, hidden: {}, problem: filled.problem ?? null },
    sentences: deed.sentences(payment, gateway),
    action: `/console/payments/${id}/${name}`,
    back: `/console/payments/${id}`,
    amount:
      max === null
        ? null
        : {
            label: "Amount",
            value: filled.typed || toDecimal(max, currency),
            hint: `At most ${toDecimal(max, currency)} ${currency}.`,
            ...{ currency, error: filled.amountError ?? null },
          },
    note: { ...WHY, value: filled.note ?? "", required: needsNote, error: filled.noteError ?? null },
    step: name === "refund" ? { now: 1, of: 2 } : null,
  };
}

/** What was left is told along: if that changes meanwhile, nothing is given back. */
function toSecondStep({ payment, gateway }: Asked, amount: number, note: string): ConfirmView {
  const { id, currency } = payment.loaded.transaction;
  const sum = toDecimal(amount, currency);
  return {
    ...PLAIN,
    note: null,
    title: `Refund ${sum} ${currency}?`,
    sentences: [...refundSentences(payment, gateway, amount), `Why: ${isolate(note)}`],
    ...{ button: `Refund ${sum} ${currency}`, dangerous: true, step: { now: 2, of: 2 } },
    action: `/console/payments/${id}/refund`,
    back: `/console/payments/${id}/refund`,
    hidden: { step: "2", amount: sum, note, rest: String(payment.rest), key: crypto.randomUUID() },
  };
}

/** What the second step brings back; null where it is the first one, or lacks any of it. */
function readConfirmation(form: URLSearchParams): { readonly rest: number; readonly key: string } | null {
  const [rest, key] = [form.get("rest") ?? "", form.get("key") ?? ""];
  const isWhole = form.get("step") === "2" && /^\d{1,16}$/.test(rest) && UUID.test(key);
  return isWhole ? { rest: Number(rest), key } : null;
}

function show(c: Context<AppEnv>, view: ConfirmView, status: 200 | 409 | 422 | 503 = 200) {
  return consolePage(c, <ConfirmPage shell={shellOf(c)} view={view} />, status);
}

/** It makes no sense any more: there is nothing to fill in, and one way back. */
function showImpossible(c: Context<AppEnv>, { loaded }: Payment, why: string, status: 409 | 503) {
  const link = { href: `/console/payments/${loaded.transaction.id}`, label: "Back to the payment" };
  const text = `${why} Look how it stands before you go on.`;
  return consolePage(c, <NoticePage {...{ title: "This was not done", text, link }} />, status);
}
