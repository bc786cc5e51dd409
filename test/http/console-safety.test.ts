/** Whatever an operator can reach in the console tells no secret, runs no stranger's text, and is never stored. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createServices } from "../../src/services.ts";
import { createPaid, decideReview, later, refund } from "../support/money.ts";
import { addNamelessGateway, namelessWebhook } from "../support/nameless-gateway.ts";
import { type Operator, PASSWORD, signIn } from "../support/operator.ts";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  initiate,
  ORIGIN,
  replaceServices,
  type System,
} from "../support/system.ts";

/** Text of a stranger's: tags, the ends of attributes, and a turn of direction. */
const HOSTILE = `"'><img src=x onerror=alert(1)><script>alert(1)</script>\u202e&amp;`;
const UNKNOWN = "txn_00000000000000000000000000";
const NOWHERE = "/console/nowhere";
const BUYER = { email: "canary-buyer@shop.example", name: "Canary Buyer", country: "DE" };

const secret = (name: string) => `canary-secret-of-${name}-for-tests`;
const hex = "c0ffee".repeat(11).slice(0, 64);

/** Every secret that the Worker may have. */
const SECRETS = {
  API_KEYS: `${secret("shop-one")},key_test_0123456789abcdef`,
  CLIENT_SECRET_KEY: `${secret("clients-new")},${secret("clients-old")}`,
  CONSOLE_PASSWORD: PASSWORD,
  FULFILMENT_SECRET: `whsec_${btoa("fulfilment-secret-for-tests-only")}`,
  STRIPE_SECRET_KEY: `sk_test_${secret("stripe")}`,
  STRIPE_WEBHOOK_SECRET: `whsec_${secret("stripe-hook")}`,
  PAYPAL_CLIENT_ID: secret("paypal-id"),
  PAYPAL_CLIENT_SECRET: secret("paypal"),
  PAYPAL_WEBHOOK_ID: "canarypaypalhook",
  ADYEN_API_KEY: secret("adyen"),
  ADYEN_HMAC_KEY: hex.toUpperCase(),
  MOLLIE_API_KEY: `test_${secret("mollie")}`,
  MOLLIE_WEBHOOK_SECRET: secret("mollie-hook"),
  RAZORPAY_KEY_ID: "rzp_test_canaryrazorpay",
  RAZORPAY_KEY_SECRET: secret("razorpay"),
  RAZORPAY_WEBHOOK_SECRET: secret("razorpay-hook"),
  PAYSTACK_SECRET_KEY: `sk_test_${secret("paystack")}`,
  SQUARE_ACCESS_TOKEN: secret("square"),
  SQUARE_WEBHOOK_SIGNATURE_KEY: secret("square-hook"),
};
const VARIABLES = {
  ...SECRETS,
  FULFILMENT_URL: "https://shop.example/hooks?token=canary-of-the-address",
  ADYEN_MERCHANT_ACCOUNT: "Merchant",
  ADYEN_API_URL: "https://checkout-test.adyen.com/v71",
  SQUARE_LOCATION_ID: "Location",
};

/** A house in which everything that can be somebody else's text is hostile. */
async function furnish(system: System): Promise<void> {
  const real = await createServices({ ...env, ...VARIABLES } as unknown as Cloudflare.Env, {
    ...{ requestId: "test", now: system.services.now, waitUntil: () => undefined },
  });
  replaceServices(system, { gateways: new Map([...real.gateways, ...system.services.gateways]) });
  addNamelessGateway(system);
  const words = { description: HOSTILE, metadata: { [HOSTILE.slice(0, 40)]: HOSTILE }, customer: BUYER };
  const { id } = await createPaid(system, { ...words, order_id: `paid ${HOSTILE}` });
  await refund(system, id, { amount: 1, reason: HOSTILE });
  await deliver(
    system,
    system.gateway.callback(id, "failure", { event_id: HOSTILE, customer: BUYER, note: HOSTILE }),
  );
  await deliver(system, system.gateway.callback(UNKNOWN, "success", { event_id: HOSTILE }));
  await deliver(system, system.gateway.callback(`txn_${HOSTILE}`, "success", { event_id: "evt_nowhere" }));
  const { id: wrong } = await createPending(system, { ...words, order_id: `review ${HOSTILE}` });
  await deliver(system, system.gateway.callback(wrong, "success", { amount: 5 }));
  const { id: judged } = await createPending(system, { ...words, order_id: `judged ${HOSTILE}` });
  await deliver(system, system.gateway.callback(judged, "success", { amount: 5 }));
  await decideReview(system, judged, "accept", { by: HOSTILE, reason: HOSTILE });
  await initiate(system, {
    order_id: HOSTILE,
    amount: 1999,
    currency: "USD",
    gateway: "nameless",
    customer: BUYER,
  });
  await deliver(system, namelessWebhook(HOSTILE, HOSTILE));
  await deliver(system, namelessWebhook(`unknown ${HOSTILE}`, "evt_unknown"));
  system.shop.answer = () => {
    throw new TypeError(`Fetch API cannot load: ${VARIABLES.FULFILMENT_URL}`);
  };
  await createPending(system, { ...words, return_url: "https://shop.example/back" });
  await createPaid(system);
  system.shop.answer = () => new Response(HOSTILE, { status: 410 });
  await createPaid(system);
  await later(system);
}

interface Seen {
  readonly address: string;
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** Whatever can be reached from the first page by links. */
async function walk(operator: Operator): Promise<Seen[]> {
  const seen = new Map<string, Seen>();
  const queue = [
    "/console",
    "/console?period=7d",
    "/console?period=30d",
    NOWHERE,
    "/console/payments?q=a&amount=x",
  ];
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    if (seen.has(path)) {
      continue;
    }
    const response = await operator.send("GET", path);
    const { status, headers } = response;
    const body = new TextDecoder().decode(await response.arrayBuffer());
    seen.set(path, { address: path, status, headers, body });
    const links = [...body.matchAll(/<a\b[^>]*?\shref="(\/console[^"#]*)/g)].map(([, href = ""]) =>
      href.replaceAll("&amp;", "&"),
    );
    const location = headers.get("location");
    queue.push(...links, ...(location === null ? [] : [location]));
  }
  return [...seen.values()];
}

/** One address of each form: those of a payment that can be refunded, of one in review, of a webhook, … */
function formsAmong(addresses: readonly string[]): string[] {
  const forms = addresses.filter((path) =>
    /\/(refund|cancel|accept|reject|replay)$|stripe\/test$/.test(path),
  );
  const byKind = forms.map((path) => [path.replace(/\/[\w-]{26,}/, ""), path] as const);
  return [...new Map(byKind).values()];
}

/** What comes of forms, filled in by somebody hostile: first so that they are refused, then so that they are not. */
async function act(operator: Operator, addresses: readonly string[]): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (const address of addresses) {
    const sum = address.endsWith("test") ? "1.00 EUR" : "1";
    const page = await operator.open(address);
    // Accepted, a payment is not to be rejected any more.
    for (const changes of page.address === address
      ? [
          { amount: HOSTILE, note: "" },
          { amount: sum, note: HOSTILE },
        ]
      : []) {
      const { status, headers, html: body } = await operator.submit(page, changes);
      seen.push({ address: `the form of ${address}`, status, headers, body });
    }
  }
  return seen;
}

interface Markup {
  readonly elements: Set<string>;
  readonly attributes: Set<string>;
  readonly addresses: Set<string>;
  readonly scripts: string[];
}

/** What a browser makes of a page. */
async function readMarkup(html: string): Promise<Markup> {
  const markup: Markup = { elements: new Set(), attributes: new Set(), addresses: new Set(), scripts: [] };
  const rewriter = new HTMLRewriter().on("*", {
    element(element) {
      markup.elements.add(element.tagName);
      for (const [name = "", value = ""] of element.attributes) {
        markup.attributes.add(name);
        if (["href", "src", "action", "formaction", "data"].includes(name)) {
          markup.addresses.add(value);
        }
      }
    },
  });
  rewriter.on("script, style", { text: ({ text }) => void markup.scripts.push(text) });
  await rewriter.transform(new Response(html)).text();
  return markup;
}

describe("every page and export that an operator can reach", () => {
  let system: System;
  let operator: Operator;
  let seen: Seen[];
  const pages = () => seen.filter(({ headers }) => headers.get("content-type")?.startsWith("text/html"));

  beforeAll(async () => {
    await emptyTables();
    system = await createSystem(VARIABLES);
    await furnish(system);
    operator = await signIn(system, `Ada "<b>'`);
    const linked = await walk(operator);
    const forms = formsAmong(linked.map(({ address }) => address));
    seen = [...linked, ...(await act(operator, forms))];
  }, 60_000);

  it("are all there is: each kind of page is among them", () => {
    const addresses = seen.map(({ address }) => address).join("\n");
    for (const pattern of [
      /^\/console\/payments\.csv$/m,
      /^\/console\/payments\.jsonl$/m,
      /^\/console\/payments\/txn_\w+$/m,
      /^\/console\/payments\/txn_\w+\/(refund|accept|reject|cancel|check)$/m,
      /^\/console\/webhooks\?outcome=parked$/m,
      /^\/console\/webhooks\/replay\?outcome=ignored$/m,
      /^\/console\/webhooks\/[\w-]+\/replay$/m,
      /^\/console\/deliveries\/replay$/m,
      /^\/console\/deliveries\/evt_\w+\/replay$/m,
      /^\/console\/gateways\/stripe\/test$/m,
      /^\/console\/activity$/m,
    ]) {
      expect(addresses).toMatch(pattern);
    }
    const failed = seen
      .filter(({ address, status }) => address.startsWith("/") && status >= 400)
      .map(({ address }) => address);
    expect(failed.filter((address) => address !== `/console/payments/${UNKNOWN}`)).toEqual([NOWHERE]);
  });

  it("tell no secret of the environment, nothing of a buyer, and not how the operator is signed in", () => {
    const [id = "", mac = ""] = [...operator.cookies.values()].flatMap((value) => value.split("."));
    expect(id).toHaveLength(43);
    const canaries = [
      ...Object.values(SECRETS).flatMap((value) => value.split(",")),
      ...Object.values(SECRETS).flatMap((value) =>
        value.split(",").map((each) => each.replace("whsec_", "")),
      ),
      ...[id, mac, "canary", BUYER.email, BUYER.name, "key_test_", "2001:db8:"],
    ];
    for (const { address, headers, body } of seen) {
      const all = [body, ...[...headers].flat()].join("\n");
      const told = canaries.filter((canary) => all.includes(canary));
      expect([address, told]).toEqual([address, []]);
    }
  });

  it("show a stranger's text as text", async () => {
    let shown = 0;
    for (const { address, body } of pages()) {
      const { elements, attributes, addresses, scripts } = await readMarkup(body);
      expect([address, scripts.join("").trim()]).toEqual([address, ""]);
      expect([...attributes].filter((name) => /^on|^style$|^srcdoc$/.test(name))).toEqual([]);
      expect([...elements].filter((name) => /^(iframe|object|embed|base|style|b)$/.test(name))).toEqual([]);
      const ours = /^(\/(console|client|icon|status|health|cdn-cgi)?[\w./?=&;%:+-]*$|#)/;
      const foreign = [...addresses].filter(
        (value) => !ours.test(value) && !value.startsWith(`${ORIGIN}/status/txn_`),
      );
      expect([address, foreign]).toEqual([address, []]);
      expect(body).not.toContain("<img src=x");
      shown += body.includes("&lt;img src=x") ? 1 : 0;
    }
    expect(shown).toBeGreaterThan(15);
  });

  it("are never stored, never framed, and run what is ours alone", () => {
    for (const { address, headers } of seen) {
      expect([address, headers.get("cache-control"), headers.get("x-content-type-options")]).toEqual([
        ...[address, "no-store", "nosniff"],
      ]);
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(headers.getSetCookie()).toEqual([]);
    }
    for (const { headers } of pages()) {
      expect(headers.get("content-security-policy")).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
          "connect-src 'self' ws://localhost:8787; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      );
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("referrer-policy")).toBe("same-origin");
    }
  });

  it("carry the operator's token in each form that changes anything, and in no address", async () => {
    const { csrf = "" } = (await operator.open("/console")).forms[0]?.fields ?? {};
    expect(csrf).toHaveLength(43);
    for (const { address, body } of pages()) {
      const forms = [...body.matchAll(/<form\b[^>]*method="post"[^>]*>([\s\S]*?)<\/form>/g)];
      const without = forms.filter(([, inside = ""]) => !inside.includes(`name="csrf" value="${csrf}"`));
      expect([address, without]).toEqual([address, []]);
      expect(body).not.toMatch(new RegExp(`(href|action)="[^"]*${csrf}`));
    }
  });
});
