/** HTTP to PayPal: the access token and its life, keys, and answers of the right form. */
import * as z from "zod/mini";
import type { Mode } from "../transactions/transaction.ts";
import { GatewayError, type Tools } from "./gateway.ts";
import { type ApiAnswer, type ApiHeaders, createApiClient, type Method, refuse } from "./http.ts";
import { utf8 } from "./signature.ts";

/** Of a token's life: none is used that may end on the way. */
const MARGIN_MS = 30_000;

interface PayPalAccount {
  /** Without a slash at the end. */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export type PayPalCall = (
  method: Method,
  path: string,
  body?: unknown,
  headers?: ApiHeaders,
) => Promise<ApiAnswer>;

const tokenForm = z.lazy(() =>
  z.object({ access_token: z.string().check(z.minLength(1)), expires_in: z.number() }),
);
const problemForm = z.lazy(() =>
  z.object({
    name: z.string(),
    details: z.catch(z.array(z.object({ issue: z.string() })), []),
  }),
);

const MODES = new Map<string, Mode>([
  ["api-m.paypal.com", "live"],
  ["api-m.sandbox.paypal.com", "test"],
]);

/** No answer says it, but the address does. */
export function toMode(url: string): Mode | null {
  return MODES.get(new URL(url).hostname) ?? null;
}

/**
 * By address and credentials, for one request after another of an isolate. The token itself, not the call for it: in
 * workerd that belongs to the request that made it.
 */
const tokens = new Map<string, { readonly token: string; readonly endsAt: number }>();

export function createPayPalCall(
  { url, clientId, clientSecret }: PayPalAccount,
  { fetch, now }: Tools,
): PayPalCall {
  const api = createApiClient(url, {}, fetch);
  const authorization = `Basic ${utf8(`${clientId}:${clientSecret}`).toBase64()}`;
  const place = JSON.stringify([url, authorization]);

  const sign = async (): Promise<string> => {
    const form = new URLSearchParams({ grant_type: "client_credentials" });
    const answer = await api.post("/v1/oauth2/token", form, { authorization });
    const { access_token: token, expires_in } = readAnswer(tokenForm, answer);
    tokens.set(place, { token, endsAt: now() + expires_in * 1000 - MARGIN_MS });
    return token;
  };

  return async (method, path, body, headers = {}) => {
    const send = (token: string) =>
      api.call(method, path, body, { ...headers, authorization: `Bearer ${token}` });
    const known = tokens.get(place);
    if (!known || known.endsAt <= now()) {
      return send(await sign());
    }
    const answer = await send(known.token);
    return answer.status === 401 ? send(await sign()) : answer;
  };
}

/** The idempotency key, and that the answer be the whole state. */
export function keyed(key: string): ApiHeaders {
  return { "paypal-request-id": key, prefer: "return=representation" };
}

/** @throws GatewayError for a refusal, or for an answer of another form */
export function readAnswer<T>(form: z.ZodMiniType<T>, answer: ApiAnswer): T {
  refuse(answer);
  const parsed = form.safeParse(answer.body);
  if (!parsed.success) {
    throw new GatewayError("unknown", "the gateway's answer is not of its documented form");
  }
  return parsed.data;
}

/** @throws GatewayError for a refusal with another status */
export function refuseUnless(answer: ApiAnswer, ...statuses: readonly number[]): void {
  if (!statuses.includes(answer.status)) {
    refuse(answer);
  }
}

/** PayPal itself says that there is no such thing; a 404 by somebody else says nothing. */
export function isGone({ status, body }: ApiAnswer): boolean {
  return status === 404 && problemForm.safeParse(body).data?.name === "RESOURCE_NOT_FOUND";
}

export function hasIssue({ body }: ApiAnswer, issues: readonly string[]): boolean {
  return problemForm.safeParse(body).data?.details.some(({ issue }) => issues.includes(issue)) ?? false;
}
