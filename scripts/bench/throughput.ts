/** How many requests a second, and how long each takes, at a fixed number at once: ours and the floor in turns, so that whatever else the machine does hits both. */
import { quantile } from "./quantile.ts";
import type { Payment, Subject } from "./subjects.ts";

const OPERATIONS = ["initiate", "webhook", "status"] as const;
type Operation = (typeof OPERATIONS)[number];

const CONCURRENCY = 16;
const ROUNDS = 4;
const WARM_UP = 200;

interface Sample {
  readonly times: number[];
  seconds: number;
}

export interface Throughput {
  readonly operation: Operation;
  readonly subject: string;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the requests a second, to those of the floor. */
  readonly ofFloor: number | null;
}

/** @param seconds of each operation of each subject, over all rounds; the last subject is the floor */
export async function measureThroughput(
  subjects: readonly Subject[],
  seconds: number,
): Promise<Throughput[]> {
  const samples = new Map<string, Sample>();
  for (const subject of subjects) {
    await warmUp(subject);
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const made = new Map(subjects.map(({ name }) => [name, [] as Payment[]]));
    for (const operation of OPERATIONS) {
      for (const subject of subjects) {
        const sample = samples.get(`${operation} ${subject.name}`) ?? { times: [], seconds: 0 };
        samples.set(`${operation} ${subject.name}`, sample);
        await run(
          sample,
          toCall(operation, subject, made.get(subject.name) ?? []),
          (seconds / ROUNDS) * 1000,
        );
      }
    }
  }
  return OPERATIONS.flatMap((operation) => toRows(operation, subjects, samples));
}

async function warmUp(subject: Subject): Promise<void> {
  for (let count = 0; count < WARM_UP; count += 1) {
    const payment = await subject.create();
    await subject.pay(payment);
    await subject.read(payment);
  }
}

/** @returns the next request; null when there is nothing left to ask for */
function toCall(operation: Operation, subject: Subject, made: Payment[]): () => Promise<unknown> | null {
  const all = made.values();
  let next = 0;
  switch (operation) {
    case "initiate":
      return () => subject.create().then((payment) => made.push(payment));
    case "webhook":
      return () => {
        const { value } = all.next();
        return value ? subject.pay(value) : null;
      };
    case "status":
      return () => {
        const payment = made[next++ % made.length];
        return payment ? subject.read(payment) : null;
      };
  }
}

async function run(sample: Sample, call: () => Promise<unknown> | null, limitMs: number): Promise<void> {
  const started = performance.now();
  const worker = async () => {
    while (performance.now() - started < limitMs) {
      const began = performance.now();
      const answer = call();
      if (!answer) {
        return;
      }
      await answer;
      sample.times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  sample.seconds += (performance.now() - started) / 1000;
}

function toRows(
  operation: Operation,
  subjects: readonly Subject[],
  samples: ReadonlyMap<string, Sample>,
): Throughput[] {
  const rows = subjects.map(({ name: subject }) => {
    const { times, seconds } = samples.get(`${operation} ${subject}`) ?? { times: [], seconds: 1 };
    const perSecond = times.length / seconds;
    return { operation, subject, perSecond, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
  });
  const floor = rows.at(-1);
  return rows.map((row) => ({
    ...row,
    ofFloor: floor && row !== floor ? row.perSecond / floor.perSecond : null,
  }));
}
