/** The buyer's browser: hears what the channel publishes, reads the state, and keeps the newest version it knows. */
import type { StatusUpdate } from "../../../src/channel/message.ts";
import type { Services } from "../../../src/services.ts";

export interface Sighting {
  readonly transactionId: string;
  readonly version: number;
  readonly status: string;
}

export class Browser {
  readonly sightings: Sighting[] = [];
  /** Whether what is published goes by the real Durable Object too. */
  throughChannel = false;

  async hear(channel: Services["channel"], update: StatusUpdate): Promise<void> {
    if (this.throughChannel) {
      await channel.publish(update);
    }
    this.see({ transactionId: update.transaction_id, version: update.version, status: update.status });
  }

  see(sighting: Sighting): void {
    this.sightings.push(sighting);
  }

  /** What it shows now. */
  shown(transactionId: string): Sighting | undefined {
    const seen = this.sightings.filter((sighting) => sighting.transactionId === transactionId);
    return seen.toSorted((a, b) => a.version - b.version).at(-1);
  }
}
