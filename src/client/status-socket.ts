/**
 * One status socket, from its opening to its end, with the heartbeat that finds out when it is only half alive.
 * It neither reconnects nor compares versions.
 */
import {
  PING,
  PONG,
  SECRET_SUBPROTOCOL_PREFIX,
  type StatusUpdate,
  SUBPROTOCOL,
  type SyncRequest,
} from "../channel/message.ts";
import {
  bearer,
  type TransactionState,
  type TransactionTarget,
  toState,
  transactionUrl,
} from "./transaction-state.ts";

const HEARTBEAT_MS = 20_000;
const ANSWER_WITHIN_MS = 10_000;
const OPEN = 1;

export interface StatusSocketEvents {
  /** The newest version known here; goes into each sync. */
  readonly version: () => number;
  /** Something came in; `pong` tells that it answered a ping. */
  readonly onAnswer: (pong: boolean) => void;
  readonly onState: (state: TransactionState) => void;
  /**
   * It is over: refused, closed, or silent for too long. Called once, and never after `close()`. `cut` tells that the
   * far end closed it after it had worked.
   */
  readonly onDown: (cut: boolean) => void;
}

export interface StatusSocket {
  /** Asks for the present state and for a sign of life; does nothing while it is still connecting. */
  sync(): void;
  close(): void;
}

/** Throws what `new WebSocket` throws (no WebSocket here, mixed content, a secret that is no token). */
export function openStatusSocket(target: TransactionTarget, events: StatusSocketEvents): StatusSocket {
  const socket = connect(target);
  const heartbeat = setInterval(sync, HEARTBEAT_MS);
  // The server speaks first, so the opening has to be answered like a ping.
  let deadline: ReturnType<typeof setTimeout> | undefined = setTimeout(fail, ANSWER_WITHIN_MS);
  let answered = false;

  function sync(): void {
    if (socket.readyState > OPEN) {
      // It ended without a word, as in the back-forward cache.
      fail();
    }
    if (socket.readyState !== OPEN) {
      return;
    }
    socket.send(JSON.stringify({ type: "sync", version: events.version() } satisfies SyncRequest));
    socket.send(PING);
    deadline ??= setTimeout(fail, ANSWER_WITHIN_MS);
  }
  function close(): void {
    clearInterval(heartbeat);
    clearTimeout(deadline);
    // A dead peer acknowledges no closing, so the close event may be minutes away: nobody waits for it.
    socket.onmessage = socket.onclose = socket.onerror = null;
    socket.close();
  }
  function fail(cut = false): void {
    close();
    events.onDown(cut);
  }

  socket.onmessage = ({ data }) => {
    clearTimeout(deadline);
    deadline = undefined;
    answered = true;
    events.onAnswer(data === PONG);
    const state = readUpdate(data);
    if (state) {
      events.onState(state);
    }
  };
  // Some runtimes report a refused socket by an error alone.
  socket.onclose = socket.onerror = () => fail(answered);
  return { sync, close };
}

/**
 * With the secret in a header where there is no page: Node, Bun and `ws` read the options second, React Native third,
 * and neither minds the other place. A browser cannot set headers on a socket: there it is a subprotocol.
 */
function connect(target: TransactionTarget): WebSocket {
  const url = `${transactionUrl(target).replace(/^http/, "ws")}/socket`;
  if (typeof document === "undefined") {
    const options = { headers: bearer(target) };
    try {
      return new (WebSocket as AppWebSocket)(url, options, options);
    } catch {
      // A browser's worker takes protocols alone.
    }
  }
  return new WebSocket(url, [SUBPROTOCOL, SECRET_SUBPROTOCOL_PREFIX + target.clientSecret]);
}

type AppWebSocket = new (url: string, second: object, third: object) => WebSocket;

function readUpdate(data: unknown): TransactionState | undefined {
  try {
    const message = JSON.parse(String(data)) as Partial<StatusUpdate> | null;
    return message?.type === "payment_status_update" ? toState(message) : undefined;
  } catch {
    // A pong, or a message of a later version of the wire.
    return undefined;
  }
}
