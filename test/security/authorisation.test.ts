/**
 * S5: who may do what, over the router's own list of routes: each has one rule here, and a new one must get one. A proof
 * of one kind opens no door of another.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { app } from "../../src/http/app.ts";
import { createPaid } from "../support/money.ts";
import { openConsole } from "../support/operator.ts";
import { API_KEY, createPending, ORIGIN, type System, type TransactionBody } from "../support/system.ts";
import { digestTables } from "./books.ts";

/** Everybody that there is, by what they can show. */
const CALLERS = [
  "nobody",
  "an unknown key",
  "the shop",
  "the buyer",
  "another buyer",
  "an operator",
  "an operator without the form's token",
] as const;
type Caller = (typeof CALLERS)[number];

const everybody: readonly Caller[] = CALLERS;
const shop: readonly Caller[] = ["the shop"];
const shopAndBuyer: readonly Caller[] = ["the shop", "the buyer"];
const operators: readonly Caller[] = ["an operator", "an operator without the form's token"];
const operator: readonly Caller[] = ["an operator"];

/** Who gets past the door. */
const RULES: readonly (readonly [RegExp, readonly Caller[]])[] = [
  [/^GET \/transactions\/:id(\/socket)?$/, shopAndBuyer],
  [/^(GET|POST) \/transactions$/, shop],
  [/^(GET|POST) \/transactions\/:id\/(cancel|capture|accept|reject|refunds|events)$/, shop],
  [/^(GET|POST) \/(events|inbox|deliveries|doctor)(\/.*)?$/, shop],
  // A signature is what opens it, and nobody here has one.
  [/^POST \/webhooks\/:gateway$/, []],
  // By the secret in the form, which only the buyer fills in.
  [/^(GET|POST) \/status\/:id$/, ["the buyer"]],
  [/^GET \/health$/, everybody],
  [/^GET \/$/, []],
  [/^(GET|POST) \/console\/sign-(in|out)$/, everybody],
  [/^GET \/console($|\/(?!sign-))/, operators],
  [/^POST \/console\/(?!sign-)/, operator],
];

const routes = [
  ...new Set(
    app.routes.filter(({ method }) => method !== "ALL").map(({ method, path }) => `${method} ${path}`),
  ),
];
const rulesOf = (route: string) => RULES.filter(([pattern]) => pattern.test(route));

/** Turned away, led to the sign-in, or told that there is nothing. */
function isRefused({ status, headers }: Response): boolean {
  const leadsToEntrance = headers.get("location")?.startsWith("/console/sign-in?to=") ?? false;
  return [401, 403, 404].includes(status) || (status === 303 && leadsToEntrance);
}

describe("S5: every route", () => {
  let system: System;
  let cookie: string;
  let csrf: string;
  let own: TransactionBody;
  let other: TransactionBody;
  let event: string;

  beforeAll(async () => {
    const opened = await openConsole();
    ({ system } = opened);
    cookie = [...opened.operator.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    csrf = (await opened.operator.open("/console")).forms[0]?.fields.csrf ?? "";
    other = await createPending(system);
    await createPaid(system);
    await system.settle();
    const feed = (await (await system.call("GET", "/events")).json()) as { data: { id: string }[] };
    event = feed.data[0]?.id ?? "";
    own = await createPending(system);
  });

  function request(route: string, caller: Caller): Request {
    const [method = "", path = ""] = route.split(" ");
    const secret = { "the buyer": own.client_secret, "another buyer": other.client_secret }[caller as string];
    const isOperator = caller.startsWith("an operator");
    const address = path
      .replace(/\/(events|deliveries)\/:id/, `/$1/${event}`)
      .replace("/gateways/:id", "/gateways/generic")
      .replace(":id", own.id)
      .replace(":gateway", "generic")
      .replace(":deed", "check")
      .replace(":key", "W10");
    const bearer =
      { "an unknown key": "key_test_unknown_0123456789", "the shop": API_KEY }[caller as string] ?? secret;
    const fields = new URLSearchParams({
      ...(secret === undefined ? {} : { client_secret: secret }),
      ...(caller === "an operator" ? { csrf } : {}),
    });
    const query = method === "GET" && path.startsWith("/status") ? `?${fields}` : "";
    const headers = new Headers({
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(isOperator ? { cookie } : {}),
      // What our own pages send, so that nothing but the token is missing.
      ...{ origin: ORIGIN, "sec-fetch-site": "same-origin" },
      ...(path.endsWith("/socket") ? { upgrade: "websocket" } : {}),
      ...(method === "POST" ? { "content-type": "application/x-www-form-urlencoded" } : {}),
    });
    return new Request(`${ORIGIN}${address}${query}`, {
      ...{ method, headers },
      ...(method === "POST" ? { body: fields } : {}),
    });
  }

  it.each(routes)("has one rule: %s", (route) => {
    expect(rulesOf(route)).toHaveLength(1);
  });

  it.each(routes)(
    "lets in whom its rule names, tells others nothing and does nothing for them: %s",
    async (route) => {
      const [, allowed = []] = rulesOf(route)[0] ?? [];
      const before = await digestTables();
      const calls = system.gateway.calls.length;
      for (const caller of CALLERS.filter((one) => !allowed.includes(one))) {
        const response = await system.fetch(request(route, caller));
        expect([caller, response.status, isRefused(response)]).toEqual([caller, response.status, true]);
        const text = await response.text();
        for (const secret of [own.order_id, own.client_secret, other.order_id, API_KEY]) {
          expect(text).not.toContain(secret);
        }
      }
      await system.settle();
      expect(await digestTables()).toEqual(before);
      expect(system.gateway.calls).toHaveLength(calls);
      // Who signs out here would be nobody in the next test.
      const staying = allowed.filter((caller) => !(route.endsWith("sign-out") && caller.startsWith("an op")));
      for (const caller of staying) {
        const response = await system.fetch(request(route, caller));
        response.webSocket?.accept();
        response.webSocket?.close();
        // The console knows no key of that name, and the sandbox no test.
        const isThere = !/:key|gateways\/:id/.test(route);
        const isOpen =
          response.status < 500 && (!isRefused(response) || !isThere || /sign-(in|out)$/.test(route));
        expect([caller, response.status, isOpen]).toEqual([caller, response.status, true]);
      }
      await system.settle();
      if (/cancel|reject/.test(route)) {
        own = await createPending(system);
      }
    },
  );
});
