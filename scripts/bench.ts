/**
 * `npm run bench`: what the Worker costs and how fast it is, against the least that a Worker could do and against what
 * people commonly use, all started here. `--json` prints the same for programs, `--seconds 10` is how long each
 * throughput is measured, `--only throughput,crowd,peers,growth,scale` leaves the rest out. Minutes, not seconds.
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { measureGrowth } from "./bench/growth.ts";
import { describeMachine, versionOf } from "./bench/machine.ts";
import { measureCrowd, measureLatency, measureMemory, weighOurs, weighPeer } from "./bench/news.ts";
import { type Report, toText } from "./bench/report.ts";
import { measureScale } from "./bench/scale.ts";
import {
  installPeers,
  type Running,
  startFloor,
  startGateway,
  startOurs,
  startPeer,
} from "./bench/servers.ts";
import { toSubject, watchNothing, watchOurs, watchPeer } from "./bench/subjects.ts";
import { measureThroughput } from "./bench/throughput.ts";

const PARTS = ["throughput", "crowd", "peers", "growth", "scale"];
/** Those that start no servers. */
const APART = ["growth", "scale"];
const CROWD = 2000;
const IDLE_SOCKETS = 2000;

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    seconds: { type: "string", default: "10" },
    only: { type: "string", default: PARTS.join() },
  },
});
const wanted = values.only.split(",");
const running: Running[] = [];

async function started(starting: Promise<Running>): Promise<Running> {
  const one = await starting;
  running.push(one);
  return one;
}

async function measure(): Promise<Report> {
  const report: Report = { machine: describeMachine(), loadBefore: loadavg() };
  const note = (text: string) => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);
  if (wanted.some((part) => !APART.includes(part))) {
    const gateway = await started(startGateway());
    const ours = toSubject("payment-edge", await started(startOurs(gateway.url)), watchOurs);
    if (wanted.includes("throughput")) {
      note("throughput, against the floor");
      const floor = toSubject("the floor", await started(startFloor(gateway.url)), watchNothing);
      report.throughput = await measureThroughput([ours, floor], Number(values.seconds));
      await floor.stop();
    }
    if (wanted.includes("crowd")) {
      note(`${CROWD} sockets of one payment`);
      report.crowd = await measureCrowd(ours, CROWD);
    }
    if (wanted.includes("peers")) {
      const node = installPeers();
      report.machine.peerNode = versionOf(node);
      const peer = toSubject("Socket.IO", await started(startPeer(gateway.url, node)), watchPeer());
      note("from callback to browser");
      report.latency = await measureLatency([ours, peer]);
      report.weight = [await weighOurs(ours), await weighPeer(peer)];
      note(`memory of ${IDLE_SOCKETS} sockets`);
      report.memory = [await measureMemory(ours, IDLE_SOCKETS), await measureMemory(peer, IDLE_SOCKETS)];
      await peer.stop();
    }
    await ours.stop();
  }
  if (wanted.includes("growth")) {
    note("costs over a seeded month");
    report.growth = measureGrowth();
  }
  if (wanted.includes("scale")) {
    note("a simulated minute of ten thousand payments a second");
    report.scale = measureScale(note);
  }
  return { ...report, loadAfter: loadavg() };
}

try {
  const report = await measure();
  console.log(values.json ? JSON.stringify(report, null, 2) : toText(report));
} finally {
  await Promise.all(running.map((one) => one.stop()));
}
