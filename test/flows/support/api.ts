/** A shop's and a browser's calls, each answer judged by the system's own document; and the wire shapes of the contract. */
import { randomUUID } from "node:crypto";
import { fetchDescribed } from "./contract.ts";
import { API_KEY } from "./system.ts";

export interface Transaction {
  readonly id: string;
  readonly order_id: string;
  readonly status: string;
  readonly version: number;
  readonly amount: number;
  readonly currency: string;
  readonly amount_captured: number;
  readonly amount_refunded: number;
  readonly gateway: string;
  readonly gateway_reference: string | null;
  readonly payment_url: string | null;
  readonly status_url: string;
  readonly socket_url: string;
  readonly client_secret: string;
  readonly return_url: string | null;
  readonly description: string | null;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly late: boolean;
  readonly review_reason: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly created_at: string;
  readonly updated_at: string;
  readonly expires_at: string;
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly request_id: string;
  readonly transaction_id?: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

export interface OutgoingEvent {
  readonly type: string;
  readonly timestamp: string;
  readonly data: Omit<Transaction, "client_secret" | "payment_url" | "status_url" | "socket_url">;
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body, as the caller expects it to be; undefined when it is no JSON. */
  readonly body: T;
}

export interface CallOptions {
  readonly method?: string;
  /** null sends no credentials. */
  readonly bearer?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Sent as it is, instead of body. */
  readonly raw?: BodyInit;
}

export type NewTransaction = Readonly<Record<string, unknown>>;

export interface Api {
  call<T>(path: string, options?: CallOptions): Promise<Answer<T>>;
  create(body: NewTransaction, idempotencyKey?: string): Promise<Answer<Transaction>>;
  /** The same call where a refusal is expected. */
  createProblem(body: NewTransaction, idempotencyKey?: string): Promise<Answer<Problem>>;
  get(id: string): Promise<Transaction>;
  /** A fresh transaction with its session; throws on anything but 201. */
  start(terms?: NewTransaction): Promise<Transaction>;
}

/** Valid terms with an order of their own. */
export const terms = (changes: NewTransaction = {}): NewTransaction => ({
  order_id: `order-${randomUUID()}`,
  amount: 1999,
  currency: "USD",
  ...changes,
});

export function createApi(baseUrl: string): Api {
  const call = async <T>(path: string, options: CallOptions = {}): Promise<Answer<T>> => {
    const { bearer = API_KEY } = options;
    const body = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const response = await fetchDescribed(new URL(path, baseUrl), {
      method: options.method ?? (body === undefined ? "GET" : "POST"),
      redirect: "manual",
      headers: {
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parse(text) as T };
  };
  const post = <T>(body: NewTransaction, key?: string) =>
    call<T>("/transactions", { body, headers: key === undefined ? {} : { "idempotency-key": key } });
  return {
    call,
    create: (body, key) => post<Transaction>(body, key),
    createProblem: (body, key) => post<Problem>(body, key),
    get: async (id) => (await call<Transaction>(`/transactions/${id}`)).body,
    start: async (changes) => {
      const created = await post<Transaction>(terms(changes));
      if (created.status !== 201) {
        throw new Error(`POST /transactions answered ${created.status} ${created.text}`);
      }
      return created.body;
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
