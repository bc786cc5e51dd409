/** The demo shop as a test drives it, with payment-edge's API replaced by one that records. */
import { buildSandbox, newTransactionId, PUBLIC_URL, postForm } from "./build-sandbox.ts";

interface SeenCall {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: unknown;
}

function newTransaction({ amount, currency }: { amount: number; currency: string }) {
  const id = newTransactionId();
  return {
    id,
    status: "pending",
    version: 1,
    amount,
    amount_captured: 0,
    amount_refunded: 0,
    currency,
    payment_url: `https://gateway.test/pay/${id}`,
    status_url: `${PUBLIC_URL}/status/${id}?client_secret=cs`,
    client_secret: "cs",
    expires_at: "2030-01-01T00:00:00.000Z",
    late: false,
    review_reason: null,
  };
}

/** payment-edge's API for the shop: each create makes a transaction, unless it is told to answer otherwise. */
function createFakeApi() {
  const calls: SeenCall[] = [];
  const states = new Map<string, Record<string, unknown>>();
  const failures: Response[] = [];

  const create = (body: { amount: number; currency: string }) => {
    const transaction = newTransaction(body);
    states.set(transaction.id, transaction);
    return transaction;
  };

  return {
    calls,
    async fetch(request: Request): Promise<Response> {
      const { pathname } = new URL(request.url);
      const text = await request.text();
      const body = text === "" ? null : JSON.parse(text);
      calls.push({ method: request.method, path: pathname, headers: request.headers, body });
      if (request.method === "GET") {
        return Response.json(states.get(pathname.split("/").at(-1) ?? ""));
      }
      const isCreation = pathname === "/transactions";
      return failures.shift() ?? Response.json(isCreation ? create(body) : {}, { status: 201 });
    },
    failNext(status: number, problem: Record<string, unknown>): void {
      failures.push(Response.json(problem, { status }));
    },
    /** Changes what is said of the latest transaction. */
    change(state: Record<string, unknown>): void {
      const [id, latest] = [...states].at(-1) ?? ["", {}];
      states.set(id, { ...latest, ...state });
    },
  };
}

export function openShop() {
  const api = createFakeApi();
  const app = buildSandbox(api.fetch);
  return {
    api,
    app,
    show: async (id: string) => (await app.request(`/demo/orders/${id}`)).text(),
    payAgain: (id: string) => app.request(postForm(`/demo/orders/${id}/pay`, {})),
    /** @returns the order's id */
    async order(product = "harbour", more: Record<string, string> = {}): Promise<string> {
      const answer = await app.request(postForm("/demo/orders", { product, ...more }));
      return answer.headers.get("location")?.split("/").at(-1) ?? "";
    },
  };
}
