/** What it takes to read a vendor's own list of events, whichever vendor it is. */
import type { MissedEvent, Notice } from "./gateway.ts";

export interface Listed<Event> {
  readonly event: Event;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

/** From `since` on, and before `until`; epoch milliseconds. */
export interface Window {
  readonly since: number;
  readonly until: number;
}

/** Each event of the window, in the order given: vendors do not say whether their own ends belong to it. */
export async function* followEach<Event>(
  events: Iterable<Listed<Event>> | AsyncIterable<Listed<Event>>,
  { since, until }: Window,
  follow: (event: Event) => Promise<readonly Notice[]>,
): AsyncGenerator<MissedEvent> {
  for await (const { event, createdAt } of events) {
    if (createdAt >= since && createdAt < until) {
      yield { createdAt, read: () => follow(event) };
    }
  }
}

/** How a thing stands now is the answer to each event about it: one look serves for all of a list. */
export function lookOnce<Seen>(look: (id: string) => Promise<Seen>): (id: string) => Promise<Seen> {
  const looks = new Map<string, Promise<Seen>>();
  return (id) => {
    const seen = looks.get(id) ?? look(id);
    looks.set(id, seen);
    return seen;
  };
}
