/** What the doctor finds: what is wrong first, with what to do; then what is well. */
import { type Finding, type Level, statusOf } from "../operations/finding.ts";
import { Badge, type Tone } from "./badge.tsx";
import { ConsoleDocument } from "./document.tsx";
import { Icon } from "./icons.tsx";
import { PageHead } from "./parts.tsx";
import { type Column, Table } from "./table.tsx";
import type { Shell } from "./views.ts";

const LEVELS: Readonly<Record<Level, readonly [tone: Tone, word: string]>> = {
  ok: ["done", "Well"],
  warning: ["care", "Warning"],
  fault: ["stop", "Fault"],
};
/** The order in which they are shown. */
const RANKS: readonly Level[] = ["fault", "warning", "ok"];

export function DoctorPage({ shell, findings }: { shell: Shell; findings: readonly Finding[] }) {
  const rows = RANKS.flatMap((rank) => findings.filter(({ level }) => level === rank));
  return (
    <ConsoleDocument title="Doctor" shell={shell} here="doctor">
      <PageHead title="Doctor">
        <a class="button" href="/console/doctor">
          Look again
        </a>
      </PageHead>
      <p class="soft">
        Looked just now: every gateway was asked, and got a webhook about nothing through this Worker. To see
        it from outside too: npm run doctor.
      </p>
      {statusOf(findings) === "ok" ? (
        <p class="all-quiet">
          <Icon name="quiet" />
          <strong>All is well.</strong>
        </p>
      ) : null}
      <Table caption="What the doctor finds, the worst first" kind="findings" columns={COLUMNS} rows={rows} />
    </ConsoleDocument>
  );
}

const COLUMNS: readonly Column<Finding>[] = [
  { head: "What", cell: ({ check }) => <strong>{check}</strong> },
  { head: "How it is", cell: ({ level }) => <LevelBadge level={level} /> },
  { head: "Why", cell: ({ says }) => <bdi>{says}</bdi> },
  { head: "What to do", cell: ({ advice }) => advice ?? "–" },
];

function LevelBadge({ level }: { level: Level }) {
  const [tone, word] = LEVELS[level];
  return <Badge tone={tone}>{word}</Badge>;
}
