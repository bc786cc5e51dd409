/** All that happened to a payment, in the order of time, day by day, the newest at the bottom. */
import { isSameDay } from "../pages/format.ts";
import { showDay } from "./moment.tsx";
import { type Sums, TimelineEntry } from "./timeline-entry.tsx";
import type { Entry } from "./views.ts";

interface TimelineProps {
  readonly entries: readonly Entry[];
  readonly currency: string;
  readonly olderCallsForgotten: boolean;
  readonly isArchived: boolean;
  readonly now: number;
}

export function Timeline({ entries, currency, olderCallsForgotten, isArchived, now }: TimelineProps) {
  let sums: Sums = { amountCaptured: 0, amountRefunded: 0 };
  return (
    <section data-part="timeline" class="timeline" aria-labelledby="timeline">
      <h2 id="timeline">What happened</h2>
      {olderCallsForgotten ? (
        <p class="soft">Calls to the gateway that are older than the ones below are forgotten.</p>
      ) : null}
      <ol>
        {entries.map((entry, index) => {
          const before = sums;
          sums = entry.kind === "event" ? entry : sums;
          const previous = entries[index - 1];
          return (
            <>
              {previous && isSameDay(previous.at, entry.at) ? null : <li class="day">{showDay(entry.at)}</li>}
              <TimelineEntry {...{ entry, before, currency, isArchived, now }} />
            </>
          );
        })}
      </ol>
      {entries.length === 0 ? <p class="soft">Nothing yet.</p> : null}
    </section>
  );
}
