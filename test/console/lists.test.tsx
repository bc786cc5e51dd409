/** @jsxImportSource hono/jsx */
// The other lists of the console, and the page that asks before a deed.
import { describe, expect, it } from "vitest";
import { ActivityPage } from "../../src/console/activity-page.tsx";
import { ConfirmPage } from "../../src/console/confirm-page.tsx";
import { DeliveriesPage } from "../../src/console/deliveries-page.tsx";
import { GatewaysPage } from "../../src/console/gateways-page.tsx";
import type {
  ConfirmView,
  DeliveriesView,
  GatewayCard,
  GatewaysView,
  WebhooksView,
} from "../../src/console/views.ts";
import { WebhooksPage } from "../../src/console/webhooks-page.tsx";
import * as support from "./support.tsx";

const {
  ACTIVITY,
  CONFIRM,
  DELIVERIES,
  DELIVERY,
  GATEWAYS,
  ID,
  NOW,
  PAGES,
  SHELL,
  toHtml,
  WEBHOOK,
  WEBHOOKS,
} = support;
const textOf = (html: string) => html.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");

describe("ConfirmPage", () => {
  const render = (change: Partial<ConfirmView> = {}) =>
    toHtml(<ConfirmPage shell={SHELL} view={{ ...CONFIRM, ...change }} />);

  it("says what will happen, and posts it with what it was given", () => {
    const html = render({ hidden: { step: "2", key: '"><b>' } });
    expect(textOf(html)).toContain("Step 1 of 2 Refund Nothing happens yet. The next page asks once more.");
    expect(html).toContain(`<form class="confirm" method="post" action="${CONFIRM.action}">`);
    expect(html).toContain('<input type="hidden" name="key" value="&quot;&gt;&lt;b&gt;"/>');
    expect(html).toContain(`<a class="button" href="${CONFIRM.back}">Go back</a>`);
  });

  it("asks for a sum by the keyboard of a phone", () => {
    expect(render()).toMatch(/<input id="field-amount" name="amount" required=""[^>]*inputmode="decimal"/);
    expect(render({ amount: null })).not.toContain('name="amount"');
  });

  it("asks why within bounds, and keeps what was said", () => {
    const note = { label: "Why?", value: "</textarea><b>", required: true, error: "Say why." };
    const html = render({ note });
    expect(html).toMatch(/<textarea id="field-note" name="note" required=""[^>]*maxlength="500"/);
    expect(html).toContain("&lt;/textarea&gt;&lt;b&gt;</textarea>");
    expect(html).toContain('aria-invalid="true" aria-describedby="hint-note error-note"');
    expect(render({ note: null })).not.toContain("textarea");
  });

  it("shows what is dangerous as such, and why it could not be done", () => {
    expect(render({ dangerous: true })).toContain('<button class="button danger" type="submit">Continue');
    expect(render()).toContain('<button class="button primary" type="submit">Continue');
    expect(render({ problem: "Too <late>" })).toContain('role="alert">Too &lt;late&gt;</p>');
  });
});

describe("WebhooksPage", () => {
  const render = (change: Partial<WebhooksView> = {}) =>
    toHtml(<WebhooksPage shell={SHELL} view={{ ...WEBHOOKS, ...change }} />);

  it.each([
    ["all", false],
    ["applied", false],
    ["ignored", true],
    ["parked", true],
  ] as const)("filters by %s, and replays them in bulk: %s", (outcome, isReplayed) => {
    const html = render({ outcome });
    expect(html.match(/class="tab"[^>]*aria-current/g)).toHaveLength(1);
    expect(html.includes(`href="/console/webhooks/replay?outcome=${outcome}"`)).toBe(isReplayed);
  });

  it("tells the last good one, the last refused with its reason, the secret and the clock", () => {
    expect(textOf(render())).toContain(
      "Last one refused Last good 1 h ago Last refused 1 min ago : The signature is too old. Verified by secret 2 Its clock within 2 s of ours",
    );
  });

  it("leads to the payment where one is known, and to none otherwise", () => {
    expect(render({ rows: [{ ...WEBHOOK, outcome: "applied" }] })).toContain(
      `<a href="/console/payments/${ID}">`,
    );
    const html = render({ rows: [{ ...WEBHOOK, transactionId: "stripe:cs_1/../.." }] });
    expect(html).toContain("stripe:cs_1/../..</code>");
    expect(html).not.toContain('href="/console/payments/');
  });

  it("says that there is none", () => {
    expect(render({ rows: [], outcome: "parked" })).toContain("No webhook is parked.");
    expect(render({ rows: [], outcome: "parked" })).not.toContain("Replay all");
    expect(render({ rows: [], outcome: "all" })).toContain("No webhook has come yet.");
  });
});

describe("DeliveriesPage", () => {
  const render = (change: Partial<DeliveriesView> = {}) =>
    toHtml(<DeliveriesPage shell={SHELL} view={{ ...DELIVERIES, ...change }} />);

  it("says who is told, or that nobody is", () => {
    expect(textOf(render())).toContain("They go to https://shop.example/hooks .");
    expect(textOf(render({ shop: null }))).toContain("Nobody is told");
  });

  it("offers to send all dead ones again only where there are some", () => {
    expect(render()).toContain('href="/console/deliveries/replay"');
    expect(render()).toContain(">Dead (100+)</a>");
    expect(render({ dead: { value: 0, more: false } })).not.toContain("/console/deliveries/replay");
  });

  it("says why the shop has not got it, and how long it took where it has", () => {
    expect(render()).toContain("<bdi>HTTP 500</bdi>");
    const delivered = { ...DELIVERY, status: "delivered", deliveredAt: NOW } as const;
    expect(textOf(render({ rows: [delivered] }))).toContain("Delivered 26 Nov 2026, 05:40 UTC , after 1 h");
  });
});

describe("GatewaysPage", () => {
  const render = (change: Partial<GatewayCard> = {}, more: Partial<GatewaysView> = {}) => {
    const cards = GATEWAYS.cards.map((card) => ({ ...card, ...change }));
    return toHtml(<GatewaysPage shell={SHELL} view={{ ...GATEWAYS, cards, ...more }} />);
  };

  it("lets the URL and the events be copied, also without a script", () => {
    const html = render();
    expect(html).toContain(
      '<input id="url-stripe" type="text" value="https://pay.example/webhooks/stripe" readonly=""',
    );
    expect(html).toContain("checkout.session.completed\ncharge.refunded</textarea>");
    expect(html.match(/<button[^>]*data-copy="[\w-]+" hidden="">/g)).toHaveLength(2);
  });

  it("shows no empty list of events where nothing needs to be subscribed to", () => {
    expect(render({ webhookEvents: [] })).not.toContain("<textarea");
  });

  it("says what it can do, how long a page lives, what it needs, and which secrets are in use", () => {
    const text = textOf(render());
    expect(text).toContain("Yes Refunds Money can be sent back.");
    expect(text).toContain("A payment page lives 30 min to 1 d.");
    expect(text).toContain("Cannot do without /customer/email in the shop’s request.");
    expect(text).toContain("12 by secret 1, 900 by secret 2, 3 by no secret of ours.");
    expect(text).toContain("off for want of their variables: paypal , adyen .");
  });

  it("offers a test where one is possible, and tells its steps", () => {
    expect(render()).toContain('href="/console/gateways/stripe/test"');
    expect(render({ canTest: false })).not.toContain("/console/gateways/stripe/test");
    expect(textOf(render())).toContain(
      "Test of stripe : failed Stripe could not be reached. Failed Opened a payment page: Not reachable · 10 s",
    );
    expect(render({}, { test: null })).not.toContain("test-result");
  });
});

describe("ActivityPage", () => {
  it("tells who did what, why, and what came of it", () => {
    const text = textOf(PAGES.activity ?? "");
    expect(text).toContain(`Ada Refunded ${ID} broken cup Refunded: 5.00 USD`);
    expect(text).toContain("Grace Replayed webhooks – – Unknown: interrupted");
    expect(PAGES.activity).toContain('rel="next" href="/console/activity?cursor=act_1"');
  });

  it("says that nobody has done anything", () => {
    const html = toHtml(<ActivityPage shell={SHELL} view={{ ...ACTIVITY, rows: [], next: null }} />);
    expect(html).toContain("Nobody has done anything yet.");
  });
});
