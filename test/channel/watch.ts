/** A socket of a test's: keeps what comes, and waits for it without sleeping. */
import { ORIGIN, type System, type TransactionBody } from "../support/system.ts";

export interface Update {
  readonly type: string;
  readonly transaction_id: string;
  readonly status: string;
  readonly version: number;
  readonly final: boolean;
}

export interface Watcher {
  readonly socket: WebSocket;
  /** Everything that came so far. */
  readonly messages: string[];
  /** The next message that was not taken yet. */
  next(): Promise<string>;
  nextUpdate(): Promise<Update>;
  /** How it ended. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

export async function watch(
  system: System,
  { id, client_secret }: Pick<TransactionBody, "id" | "client_secret">,
): Promise<Watcher> {
  const headers = { upgrade: "websocket", authorization: `Bearer ${client_secret}` };
  const response = await system.fetch(new Request(`${ORIGIN}/transactions/${id}/socket`, { headers }));
  const { webSocket } = response;
  if (!webSocket) {
    throw new Error(`no socket, but ${response.status}`);
  }
  return listen(webSocket);
}

export function listen(socket: WebSocket): Watcher {
  const messages: string[] = [];
  const waiting: ((message: string) => void)[] = [];
  let taken = 0;
  socket.addEventListener("message", ({ data }) => {
    messages.push(String(data));
    const waiter = waiting.shift();
    if (waiter) {
      taken += 1;
      waiter(String(data));
    }
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.addEventListener("close", ({ code, reason }) => {
      resolve({ code, reason });
    });
    socket.addEventListener("error", () => {
      resolve({ code: 1006, reason: "error" });
    });
  });
  socket.accept();
  const next = () => {
    const message = messages[taken];
    if (message !== undefined) {
      taken += 1;
      return Promise.resolve(message);
    }
    return new Promise<string>((resolve) => {
      waiting.push(resolve);
    });
  };
  return {
    socket,
    messages,
    next,
    nextUpdate: async () => JSON.parse(await next()) as Update,
    closed,
  };
}
