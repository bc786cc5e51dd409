/** The figures of a period by gateway, and the few that are looked at first. */
import {
  type Ending,
  type Facts,
  type Figures,
  PUSH_BOUNDS,
  quantile,
  TIME_TO_PAID_BOUNDS,
  WEBHOOK_LAG_BOUNDS,
} from "../operations/statistics.ts";
import { showNumber, showShare } from "./chart.tsx";
import { showDuration } from "./moment.tsx";
import { Money } from "./money.tsx";
import { rateOf, sumOf } from "./overview-charts.tsx";
import { Code } from "./parts.tsx";
import { type Column, Table } from "./table.tsx";
import { ENDING_WORDS } from "./words.ts";

type Row = readonly [gateway: string, figures: Figures];

const MEDIAN_AND_MOST = "median, 95\u00a0%";

const COLUMNS: readonly Column<Row>[] = [
  { head: "Gateway", cell: ([gateway]) => <Code>{gateway}</Code> },
  { head: "Success rate", numeric: true, cell: ([, figures]) => <Rate figures={figures} /> },
  countColumn("succeeded"),
  countColumn("failed"),
  countColumn("canceled"),
  countColumn("expired"),
  countColumn("review"),
  { head: "Captured", numeric: true, cell: ([, figures]) => <Sums figures={figures} of="captured" /> },
  { head: "Refunded", numeric: true, cell: ([, figures]) => <Sums figures={figures} of="refunded" /> },
  {
    head: "Time to paid",
    unit: MEDIAN_AND_MOST,
    numeric: true,
    cell: ([, { timeToPaid }]) => <Times histogram={timeToPaid} bounds={TIME_TO_PAID_BOUNDS} />,
  },
  {
    head: "Webhook lag",
    unit: MEDIAN_AND_MOST,
    numeric: true,
    cell: ([, { webhookLag }]) => <Times histogram={webhookLag} bounds={WEBHOOK_LAG_BOUNDS} />,
  },
  {
    head: "Push",
    unit: MEDIAN_AND_MOST,
    numeric: true,
    cell: ([, { push }]) => <Times histogram={push} bounds={PUSH_BOUNDS} />,
  },
];

/** All gateways together. */
export function Headline({ totals }: { totals: Facts }) {
  const all = sumOf(totals);
  return (
    <dl class="tiles">
      <div>
        <dt>Success rate</dt>
        <dd>
          <Rate figures={all} />
        </dd>
      </div>
      <div>
        <dt>Paid</dt>
        <dd>{showNumber(all.ended.succeeded ?? 0)}</dd>
      </div>
      <div>
        <dt>Captured</dt>
        <dd>
          <Sums figures={all} of="captured" />
        </dd>
      </div>
      <div>
        <dt>Refunded</dt>
        <dd>
          <Sums figures={all} of="refunded" />
        </dd>
      </div>
      <div>
        <dt>
          Time to paid <span class="head-unit">{MEDIAN_AND_MOST}</span>
        </dt>
        <dd>
          <Times histogram={all.timeToPaid} bounds={TIME_TO_PAID_BOUNDS} />
        </dd>
      </div>
    </dl>
  );
}

export function FiguresTable({ totals }: { totals: Facts }) {
  const rows = Object.entries(totals).sort(([one], [other]) => one.localeCompare(other));
  return (
    <section class="scroll" aria-label="Figures by gateway" tabindex={0}>
      <Table caption="Figures by gateway" columns={COLUMNS} rows={rows} />
    </section>
  );
}

function countColumn(ending: Ending): Column<Row> {
  return {
    head: ENDING_WORDS[ending],
    numeric: true,
    cell: ([, { ended }]) => showNumber(ended[ending] ?? 0),
  };
}

function Rate({ figures }: { figures: Figures }) {
  const rate = rateOf(figures);
  return rate === null ? "–" : showShare(rate);
}

function Sums({ figures, of }: { figures: Figures; of: "captured" | "refunded" }) {
  const sums = Object.entries(figures.money).filter(([, money]) => money[of] !== 0);
  if (sums.length === 0) {
    return <span class="soft">–</span>;
  }
  return (
    <span class="lines">
      {sums.sort().map(([currency, money]) => (
        <Money amount={money[of]} currency={currency} />
      ))}
    </span>
  );
}

/** The median, and what 95 of 100 stay under. */
function Times({ histogram, bounds }: { histogram: readonly number[]; bounds: readonly number[] }) {
  const median = quantile(histogram, bounds, 0.5);
  const most = quantile(histogram, bounds, 0.95);
  if (median === null || most === null) {
    return <span class="soft">–</span>;
  }
  return (
    <span class="lines">
      <span>{showBound(median, bounds)}</span>
      <span class="soft">{showBound(most, bounds)}</span>
    </span>
  );
}

function showBound(bound: number, bounds: readonly number[]): string {
  return Number.isFinite(bound) ? `≤ ${showDuration(bound)}` : `> ${showDuration(bounds.at(-1) ?? 0)}`;
}
