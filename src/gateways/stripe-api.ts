/** How Stripe is asked, and how its answers are read. https://docs.stripe.com/api/errors, …/api/pagination */
import * as z from "zod/mini";
import { GatewayError, type Tools } from "./gateway.ts";
import { type ApiAnswer, type ApiClient, createApiClient, refuse } from "./http.ts";

const API_VERSION = "2026-10-28.endive";
const PAGE_SIZE = 100;
const MAX_PAGES = 100;

export const id = z.string().check(z.regex(/^\w{1,255}$/));
export const pageForm = z.lazy(() =>
  z.object({ data: z.array(z.looseObject({ id })), has_more: z.boolean() }),
);
const errorForm = z.lazy(() =>
  z.object({ error: z.object({ type: z.string(), code: z.optional(z.string()) }) }),
);

type Query = Readonly<Record<string, string>>;

export function connectApi(url: string, key: string, fetch: Tools["fetch"]): ApiClient {
  const headers = { authorization: `Bearer ${key}`, "stripe-version": API_VERSION };
  return createApiClient(`${url}/v1`, headers, fetch);
}

/** The newest that are asked for, and whether there are more. */
export async function readPage(
  api: ApiClient,
  path: string,
  query: Query,
): Promise<z.output<typeof pageForm>> {
  const search = new URLSearchParams({ limit: `${PAGE_SIZE}`, ...query });
  return readAnswer(pageForm, await api.get(`${path}?${search}`));
}

/** All that are asked for, newest first. */
export async function* list(api: ApiClient, path: string, query: Query): AsyncGenerator<{ id: string }> {
  let after = {};
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { data, has_more } = await readPage(api, path, { ...query, ...after });
    yield* data;
    const last = data.at(-1);
    if (!has_more || !last) {
      return;
    }
    after = { starting_after: last.id };
  }
  throw new GatewayError("unknown", "Stripe's list does not end");
}

/** @throws GatewayError for a refusal; "unknown" where the call may have had its effect, or for another form */
export function readAnswer<T>(form: z.ZodMiniType<T>, answer: ApiAnswer): T {
  // 424: something behind Stripe failed. The key with another request: what became of the first?
  if (answer.status === 424 || errorOf(answer)?.type === "idempotency_error") {
    throw new GatewayError("unknown", "Stripe does not tell what became of the call");
  }
  refuse(answer);
  const parsed = form.safeParse(answer.body);
  if (!parsed.success) {
    throw new GatewayError("unknown", "Stripe's answer is not of its documented form");
  }
  return parsed.data;
}

/** Stripe's own word, not that of some other server at a wrong address. */
export function isMissing(answer: ApiAnswer): boolean {
  return (answer.status === 404 || answer.status === 400) && errorOf(answer)?.code === "resource_missing";
}

function errorOf({ body }: ApiAnswer) {
  return errorForm.safeParse(body).data?.error;
}
