/** Who is asking: the shop by its API key, a buyer by the client secret of one transaction. */
import { equalInConstantTime } from "../lib/derive-secret.ts";
import { readClientSecret } from "../operations/client-secret.ts";
import type { Services } from "../services.ts";
import { HttpProblem } from "./problem.ts";

export type Principal =
  | { readonly kind: "shop" }
  /** May see this transaction's public view and nothing else. */
  | { readonly kind: "buyer"; readonly transactionId: string };

/** @throws HttpProblem 401, whether the thing exists or not */
export async function authenticate({ config }: Services, bearer: string | null): Promise<Principal> {
  if (bearer !== null) {
    const matches = await Promise.all(config.apiKeys.map((key) => equalInConstantTime(key, bearer)));
    if (matches.includes(true)) {
      return { kind: "shop" };
    }
    const transactionId = await readClientSecret(config.clientSecretKeys, bearer);
    if (transactionId !== null) {
      return { kind: "buyer", transactionId };
    }
  }
  throw new HttpProblem(
    "unauthorized",
    "Send your API key, or a transaction's client_secret, as Authorization: Bearer.",
  );
}

/** @throws HttpProblem 401 for strangers, 404 for a buyer: what is not theirs does not exist for them */
export async function authenticateShop(services: Services, bearer: string | null): Promise<void> {
  const principal = await authenticate(services, bearer);
  if (principal.kind !== "shop") {
    throw new HttpProblem("not_found", "There is nothing at this address.");
  }
}

/** @throws HttpProblem 404 when a buyer asks for another transaction */
export function authorizeView(principal: Principal, transactionId: string): void {
  if (principal.kind === "buyer" && principal.transactionId !== transactionId) {
    throw new HttpProblem("not_found", "There is no such transaction.");
  }
}

export function readBearer(request: Request): string | null {
  return /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? null;
}
