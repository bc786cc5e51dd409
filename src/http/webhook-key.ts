/** An entry of the inbox by its place there, in one opaque word. */
import type { WebhookKey } from "../operations/replay-webhook.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";

export function encodeKey({ transactionId, gateway, eventId }: WebhookKey): string {
  return encodeCursor(JSON.stringify([transactionId, gateway, eventId]));
}

/** @throws HttpProblem 400 for what is no id of ours */
export function decodeKey(id: string, parameter: string): WebhookKey {
  const text = decodeCursor(id, /^\[".*"\]$/s, parameter);
  const [transactionId = "", gateway = "", eventId = ""] = parse(text);
  return { transactionId, gateway, eventId };
}

function parse(text: string): string[] {
  try {
    return (JSON.parse(text) as unknown[]).map(String);
  } catch {
    return [];
  }
}
