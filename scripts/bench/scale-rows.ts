/** The simulation's part of the table for people. */
import type { Row } from "./report.ts";
import type { Cron, Flow, Scale } from "./scale.ts";
import type { Simulated } from "./simulation.ts";

const WHO = {
  together: "all from the first day",
  grown: "after one that was alone",
};

export function scaleRows({ simulated, needed, oldBears, cron, flow }: Scale): Row[] {
  const enough = needed.map(({ writeMs, databases, worst }): Row => {
    const found = `${databases} databases keep the worst at ${percent(worst)}`;
    return [`${flow.paymentsPerSecond}/s, a write ${writeMs} ms`, WHO.together, found];
  });
  const old: Row = ["an older one at 70 %", WHO.grown, `${oldBears} new orders/s in all`];
  return [...simulated.map(simulatedRow), ...enough, old, cronRow(cron), ...flowRows(flow)];
}

const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
const ms = (value: number) => (value < 10 ? value.toFixed(1) : value.toFixed(0));

function simulatedRow(one: Simulated): Row {
  const { paymentsPerSecond, databases, growth, mean, worst, old, create, webhook, longestQueue, looks } =
    one;
  const busy = `busy ${percent(mean)}, worst ${percent(worst)}${old === null ? "" : `, the old one ${percent(old)}`}`;
  const times = `create p50 ${ms(create.p50)} p99 ${ms(create.p99)} ms, webhook p50 ${ms(webhook.p50)} p99 ${ms(webhook.p99)} ms`;
  const ticks = `a tick every ${looks.everyMinutes} min does ${looks.done} of ${looks.due} looks`;
  const who = databases === 1 ? "alone" : WHO[growth];
  return [
    `${paymentsPerSecond}/s over ${databases}`,
    who,
    `${busy}; ${times}; longest queue ${longestQueue}; ${ticks}`,
  ];
}

function cronRow({ looks, paymentsPerSecond, minutesPerMinute }: Cron): Row {
  const bears = `${looks} looks a minute in all: ${paymentsPerSecond.toFixed(0)} payments/s for good`;
  return [
    "the cron",
    "32 databases or more",
    `${bears}; a minute of the goal takes ${minutesPerMinute.toFixed(0)}`,
  ];
}

function flowRows(flow: Flow): Row[] {
  const what = `${flow.paymentsPerSecond}/s`;
  const { workerRequests, objectRequests, rowsWritten, gigabytesPerDay, daysOfDatabases, daysOfAccount } =
    flow;
  const days = `${flow.databases} of 10 GB full in ${daysOfDatabases.toFixed(1)} days, 1 TB of an account in ${daysOfAccount.toFixed(1)}`;
  const good = `${flow.databasePaymentsPerDay.toFixed(0)} payments/day in a database, ${flow.accountPaymentsPerSecond.toFixed(0)}/s in 1 TB`;
  return [
    [
      what,
      "a second",
      `${workerRequests} Worker requests, ${objectRequests} to objects, ${rowsWritten} rows written`,
    ],
    [what, "D1's storage", `${gigabytesPerDay.toFixed(0)} GB a day: ${days}`],
    ["for good", "archived at 180 days", good],
  ];
}
