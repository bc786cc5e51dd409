/**
 * Keeps a way to the server open: the socket, and polling while sockets fail.
 * It passes on whatever comes in, from both ways and in any order; what is new is not its business.
 */
import { type StatusPoll, type StatusPollEvents, startPolling } from "./status-poll.ts";
import { openStatusSocket, type StatusSocket, type StatusSocketEvents } from "./status-socket.ts";
import type { TransactionTarget } from "./transaction-state.ts";

const FLOOR_MS = 1_000;
const CEILING_MS = 30_000;
/** A socket that was cut counts as so many failures: 16 s. */
const CUT_FAILURES = 4;
const FAILURES_BEFORE_POLLING = 3;

export type StatusLinkEvents = StatusPollEvents & Pick<StatusSocketEvents, "version">;

export interface StatusLink {
  /** Asks for the present state now, by what there is; without a socket, opens one at once. */
  sync(): void;
  close(): void;
}

export function openLink(target: TransactionTarget, events: StatusLinkEvents): StatusLink {
  let failures = 0;
  let socket: StatusSocket | undefined;
  let poll: StatusPoll | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;

  function connect(): void {
    clearTimeout(retry);
    try {
      socket = openStatusSocket(target, { ...events, onAnswer, onDown });
    } catch {
      onDown(false);
    }
  }
  function onAnswer(pong: boolean): void {
    stopPolling();
    // Opening proves little: a proxy may cut each socket after its first message. A heartbeat proves it.
    if (pong) {
      failures = 0;
    }
  }
  function onDown(cut: boolean): void {
    socket = undefined;
    failures += 1;
    if (failures >= FAILURES_BEFORE_POLLING) {
      poll ??= startPolling(target, events);
    }
    retry = setTimeout(connect, reconnectDelayMs(failures, cut));
  }
  function stopPolling(): void {
    poll?.close();
    poll = undefined;
  }

  connect();
  return {
    sync() {
      socket?.sync();
      if (!socket) {
        connect();
      }
      poll?.now();
    },
    close() {
      clearTimeout(retry);
      socket?.close();
      stopPolling();
    },
  };
}

/**
 * Full jitter between 1 s, which keeps a server that refuses at once from being hammered, and 1 s × 2^failures, at most
 * 30 s. A socket that was cut was mostly cut with all others (a deploy): they come back evenly over 1 to 16 s.
 */
function reconnectDelayMs(failures: number, cut: boolean): number {
  const ceilingMs = Math.min(CEILING_MS, FLOOR_MS * 2 ** Math.max(failures, cut ? CUT_FAILURES : 0));
  return FLOOR_MS + Math.random() * (ceilingMs - FLOOR_MS);
}
