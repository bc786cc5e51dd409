/**
 * Every call to the outside waits here until it is let through, one at a time: the next one only when nothing is in
 * flight and the isolate has gone quiet. So a run is a sequence that its chooser alone decides, and can be replayed.
 * Pauses are calls like any other; deadlines ring only when nothing else can go on.
 */

/** One request, tick or the like, with the work that it defers: it lives and dies as a whole. */
export interface Invocation {
  readonly name: string;
  alive: boolean;
  /** What goes on when it is killed, for whoever waits for its answer. */
  onKilled(): void;
}

/**
 * What becomes of a call: it fails without effect, its answer is lost or never comes, or its invocation ends before or
 * after it.
 */
export type Fault = "before" | "after" | "kill before" | "kill after" | "hang";

export interface Call {
  readonly invocation: Invocation;
  /** Such as `store.commit` or `gateway.status`. */
  readonly label: string;
}

/** Which of the waiting calls is next. */
export interface Chooser {
  offer(call: Call): void;
  /** @returns the place of the next one among those offered and not yet taken, in the order of their arrival */
  next(waiting: readonly Call[]): Promise<number> | number;
}

export const inOrder: Chooser = { offer: () => undefined, next: () => 0 };

export type FaultPlan = (call: Call) => Fault | null;

interface Waiting extends Call {
  release(fault: Fault | null): Promise<void>;
}

interface Timer {
  readonly waiting: Waiting;
  readonly ms: number;
}

/** Event-loop turns without a new call, after which nothing more is to be expected: a body is read in one or two. */
const QUIET_TURNS = 12;
/** A timer of so long is a deadline, not a pause. */
const DEADLINE_MS = 1000;
/** How often works that wait for nothing of ours are looked at again, each a millisecond after the other. */
const MAX_PATIENCE = 500;
/** After so many looks they are taken to wait for an answer that does not come. */
const HANGING_AFTER = 20;
/** The real one; a run has its own. */
const sleep = (ms: number) => scheduler.wait(ms);

export class Conductor {
  /** `invocation: label`, with the fault if there was one: what a seed must reproduce. */
  readonly trace: string[] = [];
  chooser: Chooser;
  faults: FaultPlan = () => null;
  /** Works begun and not ended, by what they are called. */
  readonly #works = new Map<Promise<unknown>, Invocation>();
  readonly #waiting: Waiting[] = [];
  readonly #deadlines = new Map<number, Timer>();
  readonly #cleared = new Set<number>();
  #timers = 0;
  #arrivals = 0;
  #pumping: Promise<void> | null = null;

  constructor(chooser: Chooser) {
    this.chooser = chooser;
  }

  /**
   * Lets `call` through when its turn comes.
   * @param lost the error of an answer that never came
   */
  pass<T>(invocation: Invocation, label: string, call: () => Promise<T>, lost: () => Error): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#arrive({
        invocation,
        label,
        release: async (fault) => {
          if (fault === "kill before") {
            this.#kill(invocation);
          } else if (fault === "before") {
            reject(lost());
          } else {
            await this.#perform(invocation, call, fault, lost, resolve, reject);
          }
        },
      });
    });
  }

  async #perform<T>(
    invocation: Invocation,
    call: () => Promise<T>,
    fault: "after" | "kill after" | "hang" | null,
    lost: () => Error,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ): Promise<void> {
    const [result] = await Promise.allSettled([call()]);
    if (fault === "kill after") {
      this.#kill(invocation);
    } else if (fault === "after") {
      reject(lost());
    } else if (fault === "hang") {
      return;
    } else if (result.status === "fulfilled") {
      resolve(result.value);
    } else {
      reject(result.reason);
    }
  }

  /** A work that `settled` waits for. */
  begin(invocation: Invocation, work: Promise<unknown>): void {
    this.#works.set(work, invocation);
    const end = () => void this.#works.delete(work);
    work.then(end, end);
    this.#pumping ??= this.#pump();
  }

  /** When nothing waits and all works have ended. */
  async settled(): Promise<void> {
    while (this.#pumping) {
      await this.#pumping;
    }
  }

  /** Stands where setTimeout is. */
  setTimer(invocation: Invocation, callback: () => void, ms: number): number {
    this.#timers += 1;
    const id = this.#timers;
    const release = async () => {
      if (!this.#cleared.has(id)) {
        callback();
      }
    };
    if (ms < DEADLINE_MS) {
      this.#arrive({ invocation, label: "pause", release });
    } else {
      this.#deadlines.set(id, { ms, waiting: { invocation, label: "deadline", release } });
    }
    return id;
  }

  clearTimer(id: number): void {
    this.#cleared.add(id);
    this.#deadlines.delete(id);
  }

  #arrive(waiting: Waiting): void {
    if (!waiting.invocation.alive) {
      return;
    }
    this.#arrivals += 1;
    this.#waiting.push(waiting);
    this.chooser.offer(waiting);
    this.#pumping ??= this.#pump();
  }

  #kill(invocation: Invocation): void {
    invocation.alive = false;
    for (const [work, owner] of this.#works) {
      if (owner === invocation) {
        this.#works.delete(work);
      }
    }
    for (const [id, { waiting }] of this.#deadlines) {
      if (waiting.invocation === invocation) {
        this.#deadlines.delete(id);
      }
    }
    invocation.onKilled();
  }

  async #pump(): Promise<void> {
    let looks = 0;
    for (;;) {
      await this.#quiet();
      const next = (await this.#choose()) ?? (looks >= HANGING_AFTER ? this.#firstDeadline() : undefined);
      if (next) {
        looks = 0;
        await this.#release(next);
      } else if (this.#works.size === 0 || looks >= MAX_PATIENCE) {
        break;
      } else {
        looks += 1;
        await sleep(1);
      }
    }
    this.#pumping = null;
    this.#deadlines.clear();
    if (this.#works.size > 0) {
      throw new Error(`stuck: ${[...this.#works.values()].map(({ name }) => name).join(", ")}`);
    }
  }

  async #choose(): Promise<Waiting | undefined> {
    if (this.#waiting.length === 0) {
      return undefined;
    }
    const place = await this.chooser.next(this.#waiting);
    return this.#waiting.splice(place, 1)[0];
  }

  #firstDeadline(): Waiting | undefined {
    const [first] = [...this.#deadlines].sort(([, a], [, b]) => a.ms - b.ms);
    this.#deadlines.delete(first?.[0] ?? 0);
    return first?.[1].waiting;
  }

  async #release(next: Waiting): Promise<void> {
    const { invocation, label } = next;
    if (!invocation.alive) {
      return;
    }
    const isTimer = label === "pause" || label === "deadline";
    const fault = isTimer ? null : this.faults(next);
    this.trace.push(`${invocation.name}: ${label}${fault ? ` (${fault})` : ""}`);
    await next.release(fault);
  }

  /** A body's read is a turn of the event loop, and no slower than one. */
  async #quiet(): Promise<void> {
    let seen = this.#arrivals;
    for (let turn = 0; turn < QUIET_TURNS; turn += 1) {
      await new Response("").text();
      if (this.#arrivals !== seen) {
        seen = this.#arrivals;
        turn = 0;
      }
    }
  }
}
