/**
 * What is asked of gateways in one invocation: which call, when, how long it took, what came of it. Whoever writes a
 * transaction's row takes its calls along, so that they cost no row of their own.
 */
import { readLines, toLine } from "../lib/lines.ts";
import { type Gateway, GatewayError } from "./gateway.ts";

export interface GatewayCall {
  /** The method of the gateway interface. */
  readonly call: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly durationMs: number;
  /** The status that the gateway told, or the kind of its failure. */
  readonly outcome: string;
  readonly failed: boolean;
}

export interface Journal {
  /** The calls of a transaction that are not kept yet, in the form of its row; empty where there are none. */
  linesOf(transactionId: string): string;
  /** What was given of it last is kept: what was asked since then is not. */
  forget(transactionId: string): void;
  /** All that is left, which is forgotten by that. */
  drain(): readonly { readonly transactionId: string; readonly lines: string }[];
  /** The same gateway, its calls written down. */
  watch(gateway: Gateway): Gateway;
}

/**
 * @param now epoch milliseconds
 * @param note is told of each call as it ends
 */
export function createJournal(
  now: () => number,
  note: (gateway: string, call: GatewayCall) => void = () => undefined,
): Journal {
  const kept = new Map<string, string>();
  /** How many characters were given to whoever writes the row. */
  const given = new Map<string, number>();
  const write = (gateway: string, transactionId: string, ended: GatewayCall) => {
    const { call, at, durationMs, outcome, failed } = ended;
    const line = toLine([call, at, durationMs, outcome, failed]);
    kept.set(transactionId, `${kept.get(transactionId) ?? ""}${line}`);
    note(gateway, ended);
  };
  const recorder =
    (gateway: string): RecordCall =>
    async (call, transactionId, work, outcomeOf) => {
      const at = now();
      const end = (outcome: string, failed: boolean) =>
        write(gateway, transactionId, { call, at, durationMs: now() - at, outcome, failed });
      try {
        const answer = await work();
        end(outcomeOf(answer), false);
        return answer;
      } catch (error) {
        end(error instanceof GatewayError ? error.kind : "error", true);
        throw error;
      }
    };
  return {
    linesOf: (transactionId) => {
      const lines = kept.get(transactionId) ?? "";
      given.set(transactionId, lines.length);
      return lines;
    },
    forget: (transactionId) => {
      const rest = kept.get(transactionId)?.slice(given.get(transactionId) ?? 0) ?? "";
      given.delete(transactionId);
      kept.delete(transactionId);
      if (rest !== "") {
        kept.set(transactionId, rest);
      }
    },
    drain: () => {
      const rest = [...kept].map(([transactionId, lines]) => ({ transactionId, lines }));
      kept.clear();
      given.clear();
      return rest;
    },
    watch: (gateway) => watch(gateway, recorder(gateway.id)),
  };
}

/** The calls of a row, oldest first. A line that stands there twice was written again, its acknowledgement lost. */
export function readCalls(text: string): GatewayCall[] {
  const lines = [...new Set(text.split("\n"))].join("\n");
  return readLines(lines).map(([call, at, durationMs, outcome, failed]) => ({
    call: String(call),
    at: Number(at),
    durationMs: Number(durationMs),
    outcome: String(outcome),
    failed: failed === true,
  }));
}

type RecordCall = <T>(
  call: string,
  transactionId: string,
  work: () => Promise<T>,
  outcomeOf: (answer: T) => string,
) => Promise<T>;

function watch(gateway: Gateway, record: RecordCall): Gateway {
  const { expire, complete, capture, refund } = gateway;
  const statusOf = ({ status }: { readonly status: string }) => status;
  return {
    ...gateway,
    create: (request) =>
      record(
        "create",
        request.transactionId,
        () => gateway.create(request),
        ({ observation }) => observation.status,
      ),
    retrieve: (reference) =>
      record("retrieve", reference.transactionId, () => gateway.retrieve(reference), statusOf),
    ...(expire && {
      expire: (reference) => record("expire", reference.transactionId, () => expire(reference), statusOf),
    }),
    ...(complete && {
      complete: (reference) =>
        record("complete", reference.transactionId, () => complete(reference), statusOf),
    }),
    ...(capture && {
      capture: (reference, request) =>
        record("capture", reference.transactionId, () => capture(reference, request), statusOf),
    }),
    ...(refund && {
      refund: (reference, request) =>
        record("refund", reference.transactionId, () => refund(reference, request), statusOf),
    }),
  } satisfies Gateway;
}
