/** The console's first page: what needs a person now, then the figures of a period. */
import { ConsoleDocument } from "./document.tsx";
import { FiguresTable, Headline } from "./figures-table.tsx";
import { Moment } from "./moment.tsx";
import { NeedsNow } from "./needs.tsx";
import { OverviewCharts } from "./overview-charts.tsx";
import { Empty, PageHead, Tabs } from "./parts.tsx";
import { type OverviewView, PERIODS, type Period, type Shell } from "./views.ts";

const PERIOD_WORDS: Readonly<Record<Period, string>> = {
  "24h": "24 hours",
  "7d": "7 days",
  "30d": "30 days",
};

export function OverviewPage({ shell, view }: { shell: Shell; view: OverviewView }) {
  const isEmpty = Object.keys(view.totals).length === 0;
  return (
    <ConsoleDocument title="Overview" shell={shell} here="overview">
      <PageHead title="Overview" />
      <NeedsNow needs={view.needs} now={shell.now} />
      <section class="figures" aria-labelledby="figures">
        <div class="section-head">
          <h2 id="figures">Figures</h2>
          <Tabs
            label="Period"
            tabs={PERIODS.map((period) => ({
              name: PERIOD_WORDS[period],
              href: `/console?period=${period}`,
              isCurrent: period === view.period,
            }))}
          />
        </div>
        <Counted until={view.countedUntil} />
        {isEmpty ? (
          <Empty title={`No payment ended in the last ${PERIOD_WORDS[view.period]}.`}>
            <p>Figures appear with the first one that is paid, fails, or runs out of time.</p>
          </Empty>
        ) : (
          <>
            <Headline totals={view.totals} />
            <FiguresTable totals={view.totals} />
          </>
        )}
      </section>
      {isEmpty ? null : <OverviewCharts view={view} />}
    </ConsoleDocument>
  );
}

function Counted({ until }: { until: number | null }) {
  return (
    <p class="soft">
      {until === null ? (
        "Nothing is counted yet: the cron does that."
      ) : (
        <>
          Counted until <Moment at={until} />. An attempt counts as it stands last.
        </>
      )}
    </p>
  );
}
