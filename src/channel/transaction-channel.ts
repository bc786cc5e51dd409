/**
 * The Durable Object of one transaction, named by its id: a loudspeaker for those who watch. No fields, no storage, no
 * alarm, no decisions: D1 is the only truth. It sleeps between messages.
 */
import { DurableObject } from "cloudflare:workers";
import { connectArchive } from "../store/archive-bucket.ts";
import { sharedStore } from "../store/open-store.ts";
import { PING, PONG, type StatusUpdate, SUBPROTOCOL, type SyncRequest } from "./message.ts";
import { toStatusUpdate } from "./status-update.ts";

const MAX_MESSAGE_LENGTH = 1024;
/** Each sync is a read of D1. A client of ours sends one in 20 s, and one whenever its page wakes. */
const SYNC_WINDOW_MS = 10_000;
const MAX_SYNCS_IN_WINDOW = 20;
const NORMAL_CLOSURE = 1000;
const POLICY_VIOLATION = 1008;
const TOO_BIG = 1009;
const INTERNAL_ERROR = 1011;

/** A socket's attachment. */
interface SyncWindow {
  /** Epoch milliseconds. */
  readonly since: number;
  readonly syncs: number;
}

export class TransactionChannel extends DurableObject<Cloudflare.Env> {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  /**
   * Takes a socket whose right to watch is proved. Accepts before it reads, so that no change falls between; the
   * version tells the client which of two messages is newer.
   * @returns 101, or 404 when there is no such transaction
   */
  override async fetch(request: Request): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    if (!(await this.sendState(server, 0))) {
      // The far end stays here: it has to answer the close, or the object would hold the socket for good.
      client.accept();
      return new Response(null, { status: 404 });
    }
    const offered = request.headers.has("sec-websocket-protocol");
    return new Response(null, {
      status: 101,
      webSocket: client,
      ...(offered ? { headers: { "sec-websocket-protocol": SUBPROTOCOL } } : {}),
    });
  }

  /** Tells everybody who watches. Sockets that are closing are passed over. @returns how many there were */
  publish(update: StatusUpdate): number {
    const message = JSON.stringify(update);
    const sockets = this.ctx.getWebSockets();
    for (const socket of sockets) {
      send(socket, message);
    }
    return sockets.length;
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (
      typeof message === "string"
        ? message.length > MAX_MESSAGE_LENGTH
        : message.byteLength > MAX_MESSAGE_LENGTH
    ) {
      socket.close(TOO_BIG, "a message has at most 1024 characters");
      return;
    }
    const sync = typeof message === "string" ? parseSync(message) : null;
    if (!sync) {
      socket.close(POLICY_VIOLATION, 'only "ping" and {"type":"sync","version":n} are understood');
      return;
    }
    if (!admitSync(socket)) {
      socket.close(POLICY_VIOLATION, "too many syncs");
      return;
    }
    await this.sendState(socket, sync.version);
  }

  /** Answers the client's close frame, or its socket would hang until it gives up; 1005 and 1006 cannot be sent. */
  override webSocketClose(socket: WebSocket, code: number): void {
    try {
      socket.close(code === 1005 || code === 1006 ? NORMAL_CLOSURE : code);
    } catch {
      // It is closed already.
    }
  }

  /**
   * The present state, if it is newer than what the client has. Closes the socket where neither D1 nor the archive has
   * one, or they do not answer within the store's deadline.
   * @returns false when there is no such transaction
   */
  private async sendState(socket: WebSocket, version: number): Promise<boolean> {
    try {
      const id = this.ctx.id.name ?? "";
      const found =
        (await sharedStore(this.env).find(id)) ??
        (await connectArchive(this.env)?.find(id, Date.now()))?.loaded;
      if (!found || found.transaction.version === 0) {
        socket.close(POLICY_VIOLATION, "no such transaction");
        return false;
      }
      if (found.transaction.version > version) {
        send(socket, JSON.stringify(toStatusUpdate(found.transaction)));
      }
    } catch {
      socket.close(INTERNAL_ERROR, "try again");
    }
    return true;
  }
}

/** Counts a sync in the socket's attachment, which outlives a hibernation. @returns false when there are too many */
function admitSync(socket: WebSocket): boolean {
  const window = socket.deserializeAttachment() as SyncWindow | null;
  const now = Date.now();
  const next =
    window && now - window.since < SYNC_WINDOW_MS
      ? { since: window.since, syncs: window.syncs + 1 }
      : { since: now, syncs: 1 };
  socket.serializeAttachment(next satisfies SyncWindow);
  return next.syncs <= MAX_SYNCS_IN_WINDOW;
}

function send(socket: WebSocket, message: string): void {
  try {
    socket.send(message);
  } catch {
    // It is closing: its client will come back and read the state.
  }
}

function parseSync(text: string): SyncRequest | null {
  try {
    const value = JSON.parse(text) as Partial<SyncRequest> | null;
    const valid = value?.type === "sync" && Number.isSafeInteger(value.version) && Number(value.version) >= 0;
    return valid && Object.keys(value).length === 2 ? (value as SyncRequest) : null;
  } catch {
    return null;
  }
}
