/** Who did what, and why, newest first. */
import { Badge } from "./badge.tsx";
import { ConsoleDocument } from "./document.tsx";
import { Note } from "./entry-frame.tsx";
import { ShortMoment } from "./moment.tsx";
import { Empty, PageHead, Pager, PaymentLink } from "./parts.tsx";
import { type Column, Table } from "./table.tsx";
import type { ActivityView, Shell } from "./views.ts";
import { humanize, wordsOfDeed } from "./words.ts";

type Row = ActivityView["rows"][number];

export function ActivityPage({ shell, view }: { shell: Shell; view: ActivityView }) {
  return (
    <ConsoleDocument title="Activity" shell={shell} here="activity">
      <PageHead title="Activity" />
      <p class="soft">What operators did here: written down before it is done, and with what came of it.</p>
      {view.rows.length === 0 ? (
        <Empty title="Nobody has done anything yet." />
      ) : (
        <Table
          caption="What operators did, newest first"
          kind="deeds"
          columns={columnsFor(shell.now)}
          rows={view.rows}
        />
      )}
      <Pager path="/console/activity" next={view.next} />
    </ConsoleDocument>
  );
}

function columnsFor(now: number): readonly Column<Row>[] {
  return [
    { head: "When (UTC)", cell: ({ createdAt }) => <ShortMoment at={createdAt} now={now} /> },
    { head: "Who", cell: ({ actor }) => <bdi>{actor}</bdi> },
    { head: "What", cell: ({ action }) => <strong title={action}>{wordsOfDeed(action)}</strong> },
    {
      head: "Payment",
      cell: ({ transactionId }) => (transactionId === null ? "–" : <PaymentLink id={transactionId} />),
    },
    { head: "Why", cell: ({ note }) => (note === null || note === "" ? "–" : <Note text={note} />) },
    { head: "What came of it", cell: ({ outcome }) => <Outcome outcome={outcome} /> },
  ];
}

function Outcome({ outcome }: { outcome: string | null }) {
  return outcome === null ? (
    <Badge tone="care">Unknown: interrupted</Badge>
  ) : (
    <span>{humanize(outcome)}</span>
  );
}
