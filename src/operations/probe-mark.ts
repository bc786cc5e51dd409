/** The mark by which the doctor's forged webhook is told from somebody else's. It is refused all the same. */
import { deriveSecret, equalInConstantTime } from "../lib/derive-secret.ts";
import type { Services } from "../services.ts";

export const PROBE_HEADER = "payment-edge-probe";
const PURPOSE = "forged webhooks of the doctor";

export function probeMark({ config }: Pick<Services, "config">): Promise<string> {
  return deriveSecret(config.clientSecretKeys[0], PURPOSE);
}

/** Whether we have made it: a header alone, which anybody can send, proves nothing. */
export async function isOurProbe(services: Pick<Services, "config">, headers: Headers): Promise<boolean> {
  const mark = headers.get(PROBE_HEADER);
  return mark !== null && (await equalInConstantTime(mark, await probeMark(services)));
}
