/** A client as the contract wants it: shows what is newer than what it has, and drops the rest. */
import type { System, TransactionBody } from "../support/system.ts";
import { type Update, type Watcher, watch } from "./watch.ts";

export interface Viewer extends Watcher {
  /** Everything that came, also what was dropped. */
  readonly received: Update[];
  /** What was on the screen, one after the other. */
  readonly shown: Update[];
  /** The version on the screen; 0 before the first. */
  version(): number;
  sync(): void;
  /** Once this version, or a newer one, is on the screen. */
  reached(version: number): Promise<void>;
}

export async function view(
  system: System,
  transaction: Pick<TransactionBody, "id" | "client_secret">,
): Promise<Viewer> {
  const watcher = await watch(system, transaction);
  const received: Update[] = [];
  const shown: Update[] = [];
  const waiting: { version: number; resolve: () => void }[] = [];
  const version = () => shown.at(-1)?.version ?? 0;
  const take = (message: string) => {
    const update = JSON.parse(message) as Update;
    received.push(update);
    if (update.version > version()) {
      shown.push(update);
    }
    for (const each of waiting.filter((one) => one.version <= version())) {
      each.resolve();
    }
  };
  watcher.messages.forEach(take);
  watcher.socket.addEventListener("message", ({ data }) => take(String(data)));
  return {
    ...watcher,
    received,
    shown,
    version,
    sync: () => watcher.socket.send(JSON.stringify({ type: "sync", version: version() })),
    reached: (wanted) =>
      new Promise((resolve) => {
        if (version() >= wanted) {
          resolve();
        } else {
          waiting.push({ version: wanted, resolve });
        }
      }),
  };
}
