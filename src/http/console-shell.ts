/** What the console's pages say around their own matter, and what the last action came to. */
import type { Context } from "hono";
import type { Flash, Shell } from "../console/views.ts";
import type { AppEnv } from "./app-env.ts";

export function shellOf(c: Context<AppEnv>): Shell {
  const { services } = c.env;
  return { ...c.get("operator"), now: services.now(), sandbox: services.config.sandbox };
}

/** What was done, by its code in the address: nobody's own words get onto a page that way. */
const DONE = {
  changed: ["done", "The gateway was asked: there was news, and it is applied."],
  unchanged: ["done", "The gateway was asked: nothing has changed."],
  silent: ["care", "The gateway did not answer. The cron asks again."],
  canceled: ["done", "It is canceled, here and at the gateway."],
  captured: ["done", "The money is captured."],
  refunded: ["done", "The money is on its way back, and the gateway has confirmed it."],
  refunding: [
    "care",
    "The refund is under way: the gateway has not confirmed it yet. It is repeated until it has.",
  ],
  repeated: ["done", "This very confirmation had been sent before: the refund is done, and done once."],
  accepted: ["done", "Accepted: the payment counts, and the shop is told."],
  rejected: ["done", "Rejected: the payment is called off, and its money goes back."],
  applied: ["done", "The webhook was applied once more, and changed the payment."],
  ignored: ["done", "The webhook was applied once more: it changes nothing. Its reason stands beside it."],
  duplicate: ["done", "The webhook had been applied before: nothing has changed."],
  parked: ["care", "Its payment is still not known: the webhook waits on."],
  late: ["care", "That makes no sense any more: see how the payment stands now."],
  resent: ["done", "The event is sent to the shop again."],
} as const satisfies Readonly<Record<string, readonly [Flash["tone"], string]>>;

export type Done = keyof typeof DONE;

/** @param done as the address has it: anything */
export function flashOf(done: string | undefined): Flash | null {
  if (done === undefined || !isDone(done)) {
    return null;
  }
  const [tone, text] = DONE[done];
  return { tone, text };
}

function isDone(text: string): text is Done {
  return Object.hasOwn(DONE, text);
}
