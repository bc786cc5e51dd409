/** What the simulated gateway would hand out in its dashboard, derived so that a newcomer has nothing to set. */
import { deriveSecret } from "../lib/derive-secret.ts";

export interface SandboxCredentials {
  /** The bearer that the gateway's API demands. */
  readonly apiKey: string;
  /** `whsec_…`, which signs the gateway's callbacks. */
  readonly webhookSecret: string;
}

/** @param key the first of CLIENT_SECRET_KEY */
export async function sandboxCredentials(key: string): Promise<SandboxCredentials> {
  const secret = Uint8Array.fromBase64(await deriveSecret(key, "sandbox webhook secret"), {
    alphabet: "base64url",
  });
  return {
    apiKey: `sandbox_${await deriveSecret(key, "sandbox api key")}`,
    webhookSecret: `whsec_${secret.toBase64()}`,
  };
}
