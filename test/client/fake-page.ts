/** The few globals of a page that the library touches: window and document as event targets, storage, history. */
import { vi } from "vitest";

export interface FakePage {
  readonly window: EventTarget;
  readonly document: EventTarget & { visibilityState: string };
}

export function stubPage(): FakePage {
  const window = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  vi.stubGlobal("window", window);
  vi.stubGlobal("document", document);
  return { window, document };
}

export function stubStorage(entries: Record<string, string> = {}): Map<string, string> {
  const stored = new Map(Object.entries(entries));
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  });
  return stored;
}

/** A session history over one document; stepping below its first entry is leaving. */
export class FakeHistory {
  left = false;
  private entries: unknown[] = [null];
  private index = 0;
  private readonly target: EventTarget;

  constructor(target: EventTarget) {
    this.target = target;
  }

  get state(): unknown {
    return this.entries[this.index];
  }

  get length(): number {
    return this.entries.length;
  }

  pushState(state: unknown): void {
    this.entries = [...this.entries.slice(0, this.index + 1), state];
    this.index += 1;
  }

  replaceState(state: unknown): void {
    this.entries[this.index] = state;
  }

  forward(): void {
    if (this.index < this.entries.length - 1) {
      this.index += 1;
      this.target.dispatchEvent(new Event("popstate"));
    }
  }

  back(): void {
    if (this.index > 0) {
      this.index -= 1;
      this.target.dispatchEvent(new Event("popstate"));
      return;
    }
    const leaving = new Event("beforeunload", { cancelable: true });
    this.target.dispatchEvent(leaving);
    this.left = !leaving.defaultPrevented;
  }
}
