/** @jsxImportSource hono/jsx */
// One payment's page: its facts, its timeline, and what the script binds to.
import { describe, expect, it } from "vitest";
import { TransactionPage } from "../../src/console/transaction-page.tsx";
import type { Entry, TransactionView } from "../../src/console/views.ts";
import type { ActionName } from "../../src/operations/read-payment.ts";
import type { EventType, Source } from "../../src/transactions/event.ts";
import { ENTRIES, HOUR, ID, MINUTE, NOW, PAYMENT, SHELL, toHtml } from "./support.tsx";

const render = (change: Partial<TransactionView> = {}) =>
  toHtml(<TransactionPage shell={SHELL} view={{ ...PAYMENT, ...change }} />);
const renderRow = (change: Partial<TransactionView["row"]>) => render({ row: { ...PAYMENT.row, ...change } });
const renderEntries = (...entries: Entry[]) => render({ entries });
const textOf = (html: string) => html.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");
const entriesOf = (html: string) =>
  [
    ...html.matchAll(
      /<li class="entry [^>]*data-kind="(\w+)">(.*?)<\/li>(?=<li class="(?:entry|day)|<\/ol>)/gs,
    ),
  ].map(([, kind, body = ""]) => [kind, textOf(body)] as const);

describe("TransactionPage", () => {
  it("says what, how it stands and why in its first lines", () => {
    const text = textOf(render());
    expect(text).toMatch(/US\$19\.99 Paid Partly refunded Order order-7 The gateway said so\./);
    expect(render()).toContain("<title>Paid: order-7 · payment-edge</title>");
  });

  it("gives the script its parts in this order, and ids to keep the focus and what is open by", () => {
    const html = render();
    expect([...html.matchAll(/data-part="(\w+)"/g)].map(([, name]) => name)).toEqual([
      ...["head", "actions", "facts", "timeline"],
    ]);
    expect(html).toContain(`data-id="${ID}" data-client-secret="cs_visibly_fake" data-version="4"`);
    for (const [details] of html.matchAll(/<details[^>]*>/g)) {
      expect(details).toMatch(/ id="[^"]+"/);
    }
  });

  it("has the line in which the script says how it fares", () => {
    expect(render()).toMatch(
      /<p class="live" role="status" data-live="true" data-on="Live" data-off="[^"]+">/,
    );
  });

  it.each(["check", "cancel", "capture", "refund", "accept", "reject"] satisfies ActionName[])(
    "leads from %s to its confirmation",
    (action) => {
      const link = new RegExp(
        `<a id="action-${action}" class="[^"]+" href="/console/payments/${ID}/${action}">`,
      );
      expect(render({ actions: [action] })).toMatch(link);
    },
  );

  it("makes what cannot be taken back look inviting nowhere", () => {
    const html = render({ actions: ["reject", "refund", "cancel"] });
    expect(html.match(/class="button careful"/g)).toHaveLength(3);
    expect(html).not.toContain("button primary");
    expect(render({ actions: ["accept", "check"] }).match(/class="button primary"/g)).toHaveLength(1);
  });

  it("shows the money, and what is left of it", () => {
    expect(textOf(render())).toMatch(
      /Captured US\$19\.99 Given back US\$5\.00 Left to refund US\$14\.99 \( US\$3\.00 on its way back\)/,
    );
    expect(textOf(render({ refundable: null }))).not.toContain("Left to refund");
  });

  it("leads to the buyer's page and to the other payments of the order", () => {
    const html = render();
    expect(html).toContain(`href="${PAYMENT.statusUrl}" target="_blank" rel="noopener"`);
    expect(html).toContain('href="/console/payments/txn_01kaqk5w0meev9h4x2n8c7d3rs"');
  });

  it("makes no link of what a shop gave as its address", () => {
    expect(renderRow({ returnUrl: "javascript:alert(1)" })).not.toContain('href="javascript:');
  });

  it("escapes whatever is somebody else's", () => {
    const evil = "<script>alert(1)</script>";
    const html = render({
      why: evil,
      row: {
        ...PAYMENT.row,
        ...{ orderId: evil, description: evil, metadata: { [evil]: evil }, gatewayReference: evil },
      },
      entries: [
        {
          ...ENTRIES.webhook,
          raw: `</pre>${evil}`,
          read: evil,
          says: { status: evil, amount: 1, currency: evil },
        },
        { ...ENTRIES.delivery, attempts: [{ at: NOW, durationMs: 1, answer: evil }] },
        { ...ENTRIES.refund, reason: evil, failureCode: evil },
        { ...ENTRIES.action, action: evil, note: evil, actor: evil, outcome: evil },
        { ...ENTRIES.event, reason: evil, note: evil, actor: evil },
        { ...ENTRIES.call, call: evil, outcome: evil },
      ],
    });
    expect(html.match(/<script/g)).toHaveLength(1);
  });
});

describe("TransactionPage: timeline", () => {
  it("tells of each kind, in the order given", () => {
    expect(entriesOf(render()).map(([kind]) => kind)).toEqual([
      ...["event", "call", "webhook", "delivery", "refund", "action"],
    ]);
    expect(render()).toContain("Calls to the gateway that are older than the ones below are forgotten.");
  });

  it("begins each day with its date, in UTC", () => {
    const html = renderEntries({ ...ENTRIES.call, at: NOW - 24 * HOUR }, ENTRIES.call, ENTRIES.call);
    expect([...html.matchAll(/<li class="day">(.*?)<\/li>/g)].map(([, day]) => day)).toEqual([
      expect.stringMatching(/^Wednesday,? 25 November 2026$/),
      expect.stringMatching(/^Thursday,? 26 November 2026$/),
    ]);
  });

  it.each([
    "transaction.created",
    "transaction.referenced",
    "transaction.processing",
    "transaction.authorized",
    "transaction.succeeded",
    "transaction.failed",
    "transaction.canceled",
    "transaction.expired",
    "transaction.review",
    "transaction.refunded",
    "transaction.disputed",
  ] satisfies EventType[])("has words for %s", (type) => {
    const [[, text] = []] = entriesOf(renderEntries({ ...ENTRIES.event, type }));
    expect(text).toMatch(/^ [A-Z]/);
    expect(text).not.toContain("transaction.");
  });

  it.each(["shop", "webhook", "buyer", "cron", "operator"] satisfies Source[])(
    "says that %s did it",
    (source) => {
      const [[, text] = []] = entriesOf(renderEntries({ ...ENTRIES.event, source }));
      expect(text).toMatch(/ by (a|an|the) \w+/);
    },
  );

  it("names the person who decided, and why", () => {
    const [[, text] = []] = entriesOf(
      renderEntries({ ...ENTRIES.event, source: "operator", actor: "Grace", note: "Seen at the bank." }),
    );
    expect(text).toContain("by Grace");
    expect(text).toContain("Seen at the bank.");
  });

  it("tells what each change added, not what there is in all", () => {
    const later = { ...ENTRIES.event, type: "transaction.refunded", statusBefore: "succeeded" } as const;
    const texts = entriesOf(
      renderEntries(
        ENTRIES.event,
        { ...later, amountRefunded: 500 },
        { ...later, amountRefunded: 800 },
        { ...later, amountRefunded: 800, type: "transaction.disputed" },
      ),
    ).map(([, text]) => text);
    expect(texts[0]).toContain("US$19.99 captured");
    expect(texts[1]).toContain("US$5.00 given back");
    expect(texts[2]).toContain("US$3.00 given back");
    expect(texts[3]).not.toMatch(/captured|given back/);
  });

  it("says of a webhook how it came, what it says, and how to replay it", () => {
    const html = renderEntries(ENTRIES.webhook);
    expect(textOf(html)).toContain(
      "Ignored says Paid, US$19.99 Something newer is known On its way 640 ms · Its clock 3.2 s ahead · Verified by secret 2 · evt_1",
    );
    expect(html).toContain('href="/console/webhooks/a%2Bb%2Fc/replay"');
    expect(html).toContain("{\n  &quot;a&quot;: 1\n}");
  });

  it("says of a webhook what is not known", () => {
    const bare = { ...ENTRIES.webhook, lagMs: null, skewMs: null, secret: null, raw: null };
    const text = textOf(renderEntries(bare));
    expect(text).toContain("When it happened is not said · No secret of ours verifies it");
    expect(text).not.toContain("As it came");
  });

  it("says of a delivery how each attempt went, and how to send it again", () => {
    const html = renderEntries({ ...ENTRIES.delivery, nextAttemptAt: NOW + 4 * MINUTE });
    expect(textOf(html)).toContain("Dead transaction.succeeded · pushed to the buyer’s page after 14 ms");
    expect(textOf(html)).toMatch(/Next attempt in 4 min .*1 attempt .*HTTP 500 , after 82 ms/);
    expect(html).toContain('href="/console/deliveries/evt_2/replay"');
  });

  it("says of a refund what the gateway made of it", () => {
    expect(textOf(renderEntries(ENTRIES.refund))).toMatch(
      /US\$5\.00 Failed by Grace Insufficient funds broken cup rfd_1 · at the gateway re_1 · looked at again in 1 min/,
    );
  });

  it("tells a call that failed from one that was answered", () => {
    const failed = { ...ENTRIES.call, outcome: "unavailable", failed: true, durationMs: 10_000 };
    expect(textOf(renderEntries(ENTRIES.call))).toContain("Asked how it stands: Pending · 340 ms");
    expect(textOf(renderEntries(failed))).toContain("Asked how it stands: Not reachable · 10 s");
  });

  it("owns that nobody knows what came of an action that was interrupted", () => {
    expect(textOf(renderEntries(ENTRIES.action))).toContain(
      "by Grace · outcome unknown: it was interrupted half",
    );
    expect(textOf(renderEntries({ ...ENTRIES.action, outcome: "refunded: 5.00 USD" }))).toContain(
      "by Grace · Refunded: 5.00 USD",
    );
  });
});
