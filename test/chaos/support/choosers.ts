/** Who decides which waiting call is next: a seed, or fast-check's scheduler. */
import type { Scheduler } from "fast-check";
import type { Call, Chooser } from "./conductor.ts";
import type { Random } from "./random.ts";

export function byRandom(random: Random): Chooser {
  return { offer: () => undefined, next: (waiting) => random.below(waiting.length) };
}

/** Each call is a task of the scheduler's, so that it reports, replays and shrinks the order. */
export function byScheduler(scheduler: Scheduler): Chooser {
  let chosen: Call | undefined;
  return {
    offer: (call) => {
      void scheduler.schedule(Promise.resolve(), `${call.invocation.name}: ${call.label}`).then(() => {
        chosen = call;
      });
    },
    next: async (waiting) => {
      await scheduler.waitOne();
      return chosen ? waiting.indexOf(chosen) : 0;
    },
  };
}
