/** What the doctor finds: what is wrong first, with what to do; then what is well. */
import type { Finding, Level } from "../operations/finding.ts";
import { Badge } from "./badge.tsx";
import { ConsoleDocument } from "./document.tsx";
import { Icon } from "./icons.tsx";
import { Code, PageHead } from "./parts.tsx";
import { type Column, Table } from "./table.tsx";
import type { Shell } from "./views.ts";

type Wrong = Exclude<Level, "ok">;
/** The worst first. */
const WRONG: readonly Wrong[] = ["fault", "warning"];

export function DoctorPage({ shell, findings }: { shell: Shell; findings: readonly Finding[] }) {
  const wrong = WRONG.flatMap((rank) => findings.filter(({ level }) => level === rank));
  const well = findings.filter(({ level }) => level === "ok");
  return (
    <ConsoleDocument title="Doctor" shell={shell} here="doctor">
      <PageHead title="Doctor">
        <a class="button" href="/console/doctor">
          Look again
        </a>
      </PageHead>
      <p class="soft">
        Looked just now: every gateway was asked, and got a webhook about nothing through this Worker. From
        outside, the same is seen by <Code>npm run doctor</Code>.
      </p>
      {wrong.length === 0 ? (
        <p class="all-quiet">
          <Icon name="quiet" />
          <strong>All is well.</strong>
        </p>
      ) : (
        <Table
          caption="What is not well, the worst first"
          kind="findings"
          columns={WRONG_COLUMNS}
          rows={wrong}
        />
      )}
      <h2>Well</h2>
      <Table caption="What is well" kind="findings" columns={WELL_COLUMNS} rows={well} />
    </ConsoleDocument>
  );
}

const CHECK: Column<Finding> = { head: "What", cell: ({ check }) => <strong>{check}</strong> };
const WRONG_COLUMNS: readonly Column<Finding>[] = [
  CHECK,
  { head: "How it is", cell: ({ level }) => <LevelBadge level={level} /> },
  { head: "Why", cell: ({ says }) => <bdi>{says}</bdi> },
  { head: "What to do", cell: ({ advice }) => advice ?? "–" },
];
const WELL_COLUMNS: readonly Column<Finding>[] = [
  CHECK,
  { head: "How it is", cell: ({ says }) => <bdi>{says}</bdi> },
];

function LevelBadge({ level }: { level: Level }) {
  return level === "fault" ? <Badge tone="stop">Fault</Badge> : <Badge tone="care">Warning</Badge>;
}
