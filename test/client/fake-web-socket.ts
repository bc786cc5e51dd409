/**
 * A WebSocket whose far end is the test. Knows only what the library may rely on: on-handlers, send, close,
 * readyState. A close() by the library is never acknowledged, as by a dead peer.
 */
export class FakeWebSocket {
  static all: FakeWebSocket[] = [];

  static last(): FakeWebSocket {
    const socket = FakeWebSocket.all.at(-1);
    if (!socket) {
      throw new Error("no socket was opened");
    }
    return socket;
  }

  readyState = 0;
  readonly sent: string[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;
  readonly url: string;
  /** All that the constructor got after the address. */
  readonly more: unknown[];

  constructor(url: string, ...more: unknown[]) {
    this.url = url;
    this.more = more;
    FakeWebSocket.all.push(this);
  }

  send(text: string): void {
    if (this.readyState !== 1) {
      throw new Error("InvalidStateError");
    }
    this.sent.push(text);
  }

  close(): void {
    this.readyState = 2;
  }

  /** The far end accepts, and tells its state if one is given. */
  accept(update?: unknown): void {
    this.readyState = 1;
    if (update) {
      this.receive(JSON.stringify(update));
    }
  }

  receive(data: unknown): void {
    this.onmessage?.({ data });
  }

  /** Refused, or cut: browsers fire both events. */
  fail(): void {
    this.readyState = 3;
    this.onerror?.();
    this.onclose?.();
  }
}
