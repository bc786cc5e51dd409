/** Answers about the house itself: its health, and what the doctor finds. */
import * as z from "zod";
import { choice, said, time } from "./words.ts";

const state = (...states: ("ok" | "failing" | "unknown")[]) => z.enum(states);

export const health = z
  .object({
    status: state("ok", "failing").meta({ description: "`failing` is answered with 503." }),
    checks: z.object({
      database: z.object({ status: state("ok", "failing").meta({ description: "Whether D1 can be read." }) }),
      cron: z.object({
        status: state("ok", "failing", "unknown").meta({
          description: "`failing` after five minutes of silence; `unknown` while D1 cannot be read.",
        }),
        last_tick_at: time("Null: it never ticked yet, which is no fault.").nullable(),
      }),
    }),
  })
  .meta({ description: "Whether the house is in order." });

const LEVELS = {
  ok: "all is well",
  warning: "it works, but not as it should, or not for long",
  fault: "payments, or your knowledge of them, suffer from it",
} as const;

export const examination = z
  .object({
    status: choice("The worst of all findings.", LEVELS),
    findings: z.array(
      z.object({
        check: said("What was looked at.", "database"),
        level: choice("How it stands.", LEVELS),
        says: said("How it stands, in words."),
        advice: said("What to do. Null where all is well.").nullable(),
      }),
    ),
  })
  .meta({ description: "What is well, and what is not." });

export const probes = z
  .object({
    probes: z.array(
      z.object({
        gateway: said("The gateway whose webhook it would be.", "generic"),
        url: said("Where to send it.", "https://pay.example.com/webhooks/generic"),
        headers: z.record(z.string(), z.string()).meta({ description: "To be sent with it." }),
        body: said("To be sent as it is."),
        expects: z.union([z.literal(200), z.literal(401)]).meta({
          description: "The status of the answer, if all is well: 401 where the signature is a forged one.",
        }),
      }),
    ),
  })
  .meta({ description: "Webhooks about nothing, to be sent with POST from outside, within minutes." });
