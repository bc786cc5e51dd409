/** The overview's charts: over time, by how long it took, and why payments failed. */
import {
  addFigures,
  type Facts,
  type Figures,
  NO_FIGURES,
  PUSH_BOUNDS,
  successRate,
  TIME_TO_PAID_BOUNDS,
  WEBHOOK_LAG_BOUNDS,
} from "../operations/statistics.ts";
import { Chart, showNumber } from "./chart.tsx";
import { showDate, showDuration, showShort } from "./moment.tsx";
import type { OverviewView } from "./views.ts";
import { wordsOfFailure } from "./words.ts";

const DAY_MS = 24 * 60 * 60_000;
const ALL = "All gateways";

export function OverviewCharts({ view }: { view: OverviewView }) {
  const gateways = Object.keys(view.totals).sort();
  return (
    <section class="charts" aria-labelledby="charts">
      <h2 id="charts">Charts</h2>
      <PaidOverTime view={view} gateways={gateways} />
      <RateOverTime view={view} gateways={gateways} />
      <Chart
        kind="stacked"
        title="Time to paid"
        note="From the creation of a payment to its money, in classes."
        {...histogram(view.totals, gateways, ({ timeToPaid }) => timeToPaid, TIME_TO_PAID_BOUNDS)}
      />
      <Chart
        kind="stacked"
        title="Webhook lag"
        note="From the event at the gateway to its arrival here, by the two clocks."
        {...histogram(view.totals, gateways, ({ webhookLag }) => webhookLag, WEBHOOK_LAG_BOUNDS)}
      />
      <Chart
        kind="bars"
        title="Push to the buyer’s page"
        note="From the commit to the last watching socket."
        {...histogram({ [ALL]: sumOf(view.totals) }, [ALL], ({ push }) => push, PUSH_BOUNDS)}
      />
      <Failures totals={view.totals} />
    </section>
  );
}

interface OverTimeProps {
  readonly view: OverviewView;
  readonly gateways: readonly string[];
}

function PaidOverTime({ view, gateways }: OverTimeProps) {
  return (
    <Chart
      kind="stacked"
      title="Paid payments"
      note={`How many were paid in every ${showDuration(view.bucketMs)}, by gateway.`}
      head="From (UTC)"
      series={gateways}
      rows={view.buckets.map(({ start, figures }) => ({
        ...labelled(start, view.bucketMs),
        values: gateways.map((gateway) => figures[gateway]?.ended.succeeded ?? 0),
      }))}
    />
  );
}

function RateOverTime({ view, gateways }: OverTimeProps) {
  const hasMany = gateways.length > 1;
  return (
    <Chart
      kind="line"
      title="Success rate"
      note="Paid ones of those that ended. A gap: none ended."
      head="From (UTC)"
      series={hasMany ? [ALL, ...gateways] : gateways}
      isShare
      rows={view.buckets.map(({ start, figures }) => ({
        ...labelled(start, view.bucketMs),
        values: [
          ...(hasMany ? [rateOf(sumOf(figures))] : []),
          ...gateways.map((gateway) => rateOf(figures[gateway] ?? NO_FIGURES)),
        ],
      }))}
    />
  );
}

function Failures({ totals }: { totals: Facts }) {
  const counts = Object.entries(sumOf(totals).failures).sort(([, one], [, other]) => other - one);
  const most = counts[0]?.[1] ?? 0;
  return (
    <figure class="chart" aria-label="Reasons of failure">
      <figcaption>
        <h3>Reasons of failure</h3>
        <p>As the gateways give them, the most frequent first.</p>
      </figcaption>
      {counts.length === 0 ? (
        <p class="nothing">No payment failed in this period.</p>
      ) : (
        <section class="scroll" aria-label="Reasons of failure: numbers" tabindex={0}>
          <table class="numbers reasons">
            <caption class="unseen">Reasons of failure</caption>
            <thead>
              <tr>
                <th scope="col">Reason</th>
                <th scope="col" class="number">
                  Payments
                </th>
              </tr>
            </thead>
            <tbody>
              {counts.map(([code, count]) => (
                <tr>
                  <th scope="row" title={code}>
                    {wordsOfFailure(code)}
                    <Bar share={count / most} />
                  </th>
                  <td class="number">{showNumber(count)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </figure>
  );
}

/** Decoration: the number stands beside it. */
function Bar({ share }: { share: number }) {
  return (
    <svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <rect width={String(Math.round(share * 1000) / 10)} height="1" />
    </svg>
  );
}

export function sumOf(facts: Facts): Figures {
  return Object.values(facts).reduce(addFigures, NO_FIGURES);
}

/** A short while may take back more than it brings: a failed attempt that was paid after all. */
export function rateOf(figures: Figures): number | null {
  const rate = successRate(figures);
  return rate === null ? null : Math.min(1, Math.max(0, rate));
}

function labelled(start: number, bucketMs: number) {
  return { x: start, label: bucketMs < DAY_MS ? showShort(start) : showDate(start) };
}

function histogram(
  totals: Facts,
  gateways: readonly string[],
  of: (figures: Figures) => readonly number[],
  bounds: readonly number[],
) {
  const last = bounds.at(-1) ?? 0;
  const classes = [...bounds.map((bound) => `≤ ${showDuration(bound)}`), `> ${showDuration(last)}`];
  return {
    head: "Took",
    series: gateways,
    rows: classes.map((x, index) => ({
      x,
      values: gateways.map((gateway) => of(totals[gateway] ?? NO_FIGURES)[index] ?? 0),
    })),
  };
}
