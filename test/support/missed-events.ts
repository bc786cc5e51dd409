/** What a vendor's own list of events comes to, read as the cron reads it. */
import { GatewayError, type MissedEvent, type Notice } from "../../src/gateways/gateway.ts";

export type MissedNotice = Notice & Pick<MissedEvent, "createdAt">;

/** Passes over what the vendor refuses to explain, or what nobody can read. */
export async function readMissed(events: AsyncIterable<MissedEvent> | undefined): Promise<MissedNotice[]> {
  const found: MissedNotice[] = [];
  for await (const { createdAt, read } of events ?? []) {
    const notices = await read().catch((error: unknown) => {
      if (error instanceof GatewayError && (error.kind === "rejected" || error.kind === "malformed")) {
        return [];
      }
      throw error;
    });
    found.push(...notices.map((notice) => ({ ...notice, createdAt })));
  }
  return found;
}
