/** Who is asking: the shop by its API key, a buyer by the client secret of one transaction. */
import { createMiddleware } from "hono/factory";
import { equalInConstantTime } from "../lib/derive-secret.ts";
import { readClientSecret } from "../operations/client-secret.ts";
import type { Services } from "../services.ts";
import type { AppEnv } from "./app-env.ts";
import { HttpProblem } from "./problem.ts";

export type Principal =
  | { readonly kind: "shop" }
  /** May see this transaction's public view and nothing else. */
  | { readonly kind: "buyer"; readonly transactionId: string };

/** @throws HttpProblem 401, whether the thing exists or not */
export async function authenticate({ config }: Services, bearer: string | null): Promise<Principal> {
  if ((await findApiKey(config, bearer)) !== null) {
    return { kind: "shop" };
  }
  if (bearer !== null) {
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

/** Which of the shop's live keys it is, by its place among them; each is compared, so that time tells nothing. */
export async function findApiKey(
  { apiKeys }: Services["config"],
  bearer: string | null,
): Promise<number | null> {
  if (bearer === null) {
    return null;
  }
  const matches = await Promise.all(apiKeys.map((key) => equalInConstantTime(key, bearer)));
  return matches.includes(true) ? matches.indexOf(true) : null;
}

/** Lets the shop alone pass: 401 for strangers, 404 for a buyer, for whom what is not theirs does not exist. */
export const shopOnly = createMiddleware<AppEnv>(async (c, next) => {
  const principal = await authenticate(c.env.services, readBearer(c.req.raw));
  if (principal.kind !== "shop") {
    throw new HttpProblem("not_found", "There is nothing at this address.");
  }
  await next();
});

/** @throws HttpProblem 404 when a buyer asks for another transaction */
export function authorizeView(principal: Principal, transactionId: string): void {
  if (principal.kind === "buyer" && principal.transactionId !== transactionId) {
    throw new HttpProblem("not_found", "There is no such transaction.");
  }
}

export function readBearer(request: Request): string | null {
  return /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? null;
}
