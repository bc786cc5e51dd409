/** What was measured, as one table for people. */
import type { Growth } from "./growth.ts";
import type { Machine } from "./machine.ts";
import type { Crowd, Latency, Memory, Weight } from "./news.ts";
import type { Scale } from "./scale.ts";
import { scaleRows } from "./scale-rows.ts";
import type { Throughput } from "./throughput.ts";

/** What was left out is absent. */
export interface Report {
  readonly machine: Machine;
  /** Of the last 1, 5 and 15 minutes: what else the machine had to do. */
  readonly loadBefore: readonly number[];
  readonly loadAfter?: readonly number[];
  throughput?: readonly Throughput[];
  crowd?: Crowd;
  latency?: readonly Latency[];
  weight?: readonly Weight[];
  memory?: readonly Memory[];
  growth?: Growth;
  scale?: Scale;
}

export type Row = readonly [what: string, who: string, found: string];

export function toText(report: Report): string {
  const { machine, loadBefore, loadAfter = [] } = report;
  const peers = Object.entries(machine.peers).map(([name, version]) => `${name} ${version}`);
  const rows: Row[] = [
    ["what", "who", "found"],
    ...(report.throughput ?? []).map(throughputRow),
    ...(report.crowd ? [crowdRow(report.crowd)] : []),
    ...(report.latency ?? []).map(latencyRow),
    ...(report.weight ?? []).flatMap(weightRows),
    ...(report.memory ?? []).map(memoryRow),
    ...(report.growth ? growthRows(report.growth) : []),
    ...(report.scale ? scaleRows(report.scale) : []),
  ];
  const toLoad = (load: readonly number[]) => load.map((one) => one.toFixed(1)).join(" ");
  return [
    `${machine.cores} cores of ${machine.cpu}, ${machine.memoryGb} GB, Node ${machine.node}, workerd ${machine.workerd}, wrangler ${machine.wrangler}`,
    `peers: ${peers.join(", ")}${machine.peerNode ? `, on Node ${machine.peerNode}` : ""}`,
    `load of 1, 5 and 15 minutes: ${toLoad(loadBefore)} before, ${toLoad(loadAfter)} after`,
    "",
    ...toLines(rows),
  ].join("\n");
}

function toLines(rows: readonly Row[]): string[] {
  const width = (column: 0 | 1) => Math.max(...rows.map((row) => row[column].length));
  const [what, who] = [width(0), width(1)];
  return rows.map((row) => `${row[0].padEnd(what)}  ${row[1].padEnd(who)}  ${row[2]}`);
}

const ms = (value: number) => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
const kB = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;

function throughputRow({ operation, subject, perSecond, p50Ms, p99Ms, ofFloor }: Throughput): Row {
  const share = ofFloor === null ? "" : `, ${ofFloor.toFixed(2)} of the floor`;
  return [operation, subject, `${perSecond.toFixed(0)}/s, p50 ${ms(p50Ms)}, p99 ${ms(p99Ms)}${share}`];
}

function crowdRow({ sockets, firstMs, lastMs, lost }: Crowd): Row {
  const all = `first ${ms(firstMs)}, last ${ms(lastMs)} after the callback, ${lost} lost`;
  return [`${sockets} sockets of one payment`, "payment-edge", all];
}

function latencyRow({ subject, rate, p50Ms, p99Ms, lost }: Latency): Row {
  return [
    `callback to browser, ${rate}/s`,
    subject,
    `p50 ${ms(p50Ms)}, p99 ${ms(p99Ms)}${lost > 0 ? `, ${lost} lost` : ""}`,
  ];
}

function weightRows({ subject, libraryBytes, libraryGzipBytes, socketBytes }: Weight): Row[] {
  return [
    ["browser's library", subject, `${kB(libraryBytes)}, ${kB(libraryGzipBytes)} in gzip`],
    ["sent over one socket", subject, `${socketBytes} B`],
  ];
}

function memoryRow({ subject, sockets, bytesPerSocket }: Memory): Row {
  const each = bytesPerSocket === null ? "not known here" : `${kB(bytesPerSocket)} each`;
  return [`memory of ${sockets} idle sockets`, subject, each];
}

function growthRows({ sizes, backlog }: Growth): Row[] {
  const rows = sizes.map(({ size, happy, dollarsPerMillion, idle }): Row => {
    const paid = `${happy.rowsRead} rows read, ${happy.rowsWritten} written, ${happy.roundTrips} round trips`;
    return [
      `a payment beside ${size}`,
      "payment-edge",
      `${paid}, $${dollarsPerMillion.toFixed(2)} a million; idle tick ${idle.rowsRead} read`,
    ];
  });
  const { due, first, firstSeconds, ticks, all, seconds } = backlog;
  const one = `first tick ${firstSeconds.toFixed(1)} s, ${first.rowsRead} rows read, ${first.rowsWritten} written`;
  const rest = `${ticks} ticks in all, ${seconds.toFixed(0)} s, ${all.rowsWritten} rows written`;
  return [...rows, [`${due} due at once`, "payment-edge", `${one}; ${rest}`]];
}
