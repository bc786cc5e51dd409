import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { followPayment } from "../../src/client/console-live.ts";
import { FakeDocument, FakeElement } from "./fake-dom.ts";
import { type FakeServer, offline, startServer, TARGET, update } from "./fake-server.ts";
import { FakeWebSocket } from "./fake-web-socket.ts";

const HREF = "https://pay.example.com/console/payments/txn_1?done=changed";
const ON = "Live";
const OFF = "Not live";

let server: FakeServer;
let document: FakeDocument;
let window: EventTarget;
/** What the server renders now; null: a page that shows no payment. */
let rendered: FakeDocument | null;

/** The page at one version, as the server would render it. */
function render(version: number, options: { flash?: boolean; text?: string } = {}): FakeDocument {
  const head = new FakeElement("h1", { id: "state" });
  head.textContent = options.text ?? `Version ${version}`;
  const part = (name: string, inside: FakeElement[]) => new FakeElement("div", { "data-part": name }, inside);
  const attributes = {
    id: "payment",
    "data-id": TARGET.id,
    "data-client-secret": TARGET.clientSecret,
    "data-version": String(version),
  };
  return new FakeDocument(
    `Title ${version}`,
    new FakeElement("main", attributes, [
      ...(options.flash ? [new FakeElement("p", { "data-flash": "true" })] : []),
      new FakeElement("p", { "data-live": "true", "data-on": ON, "data-off": OFF }),
      part("head", [head]),
      part("actions", [new FakeElement("a", { id: "action-check" })]),
      part("timeline", [
        new FakeElement("details", { id: "raw-1" }),
        new FakeElement("details", { id: "raw-2" }),
      ]),
    ]),
  );
}

function find(selector: string): FakeElement {
  const element = document.querySelector(selector);
  if (!element) {
    throw new Error(`no ${selector}`);
  }
  return element;
}

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const said = (): string => find("[data-live]").textContent;
const shown = (): string => find("h1#state").textContent;
const push = (version: number): void => FakeWebSocket.last().receive(JSON.stringify(update(version)));

function open(page: FakeDocument): void {
  document = page;
  vi.stubGlobal("document", document);
  followPayment(find("main#payment") as unknown as HTMLElement);
}

/** The page at version 3, its socket open. */
function openLive(): void {
  open(render(3));
  FakeWebSocket.last().accept(update(3));
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeWebSocket.all = [];
  window = new EventTarget();
  rendered = null;
  server = startServer(() => new Response("<html>"));
  vi.stubGlobal("WebSocket", FakeWebSocket);
  vi.stubGlobal("window", window);
  vi.stubGlobal("location", { href: HREF });
  vi.stubGlobal(
    "DOMParser",
    class {
      parseFromString = (): FakeDocument => rendered ?? new FakeDocument("Sign in");
    },
  );
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("followPayment", () => {
  it("listens at the Worker's own address, and says that it does once it hears something", async () => {
    open(render(3));
    expect(said()).toBe("");
    expect(FakeWebSocket.last().url).toBe("wss://pay.example.com/transactions/txn_1/socket");
    expect(FakeWebSocket.last().more).toEqual([["payment-edge.v1", "secret.cs_1"]]);
    FakeWebSocket.last().accept(update(3));
    expect(said()).toBe(ON);
    await pass(10_000);
    expect(server.calls).toEqual([]);
  });

  it("shows what the server renders for a newer version, and looks again 2 s and 8 s later", async () => {
    openLive();
    rendered = render(4);
    push(4);
    await pass(0);
    expect(server.calls.map(({ url }) => url)).toEqual([HREF]);
    expect(shown()).toBe("Version 4");
    expect(document.title).toBe("Title 4");
    rendered = render(4, { text: "Delivered" });
    await pass(2_000);
    expect(shown()).toBe("Delivered");
    await pass(6_000);
    expect(server.calls).toHaveLength(3);
    await pass(60_000);
    expect(server.calls).toHaveLength(3);
  });

  it("never goes back to an older page", async () => {
    openLive();
    rendered = render(2);
    push(4);
    await pass(8_000);
    expect(shown()).toBe("Version 3");
  });

  it("keeps the focus, and what is open", async () => {
    openLive();
    find("a#action-check").focus();
    find("details#raw-2").setAttribute("open", "");
    rendered = render(4);
    push(4);
    await pass(0);
    expect(document.activeElement).toBe(find("a#action-check"));
    expect(document.activeElement).not.toBe(document.body);
    expect(find("details#raw-1").getAttribute("open")).toBeNull();
    expect(find("details#raw-2").getAttribute("open")).toBe("");
  });

  it("takes the focus of what is gone to the heading, and takes none that lies elsewhere", async () => {
    openLive();
    rendered = render(4);
    push(4);
    await pass(0);
    expect(document.activeElement).toBe(document.body);
    find("div[data-part=actions]").replaceChildren(new FakeElement("a", { id: "action-refund" }));
    find("a#action-refund").focus();
    rendered = render(5);
    push(5);
    await pass(0);
    expect(document.activeElement).toBe(find("h1#state"));
  });

  it("looks again where something was just done, which goes on behind the page", async () => {
    rendered = render(3, { text: "Refunded" });
    open(render(3, { flash: true }));
    await pass(0);
    expect(shown()).toBe("Refunded");
    await pass(8_000);
    expect(server.calls).toHaveLength(3);
  });

  it("says so when it hears nothing any more, and when it does again", async () => {
    openLive();
    FakeWebSocket.last().fail();
    expect(said()).toBe(OFF);
    await pass(2_000);
    expect(FakeWebSocket.all).toHaveLength(2);
    FakeWebSocket.last().fail();
    await pass(4_000);
    expect(FakeWebSocket.all).toHaveLength(3);
    FakeWebSocket.last().accept(update(3));
    expect(said()).toBe(ON);
  });

  it("connects anew at once when the page wakes", async () => {
    openLive();
    FakeWebSocket.last().fail();
    window.dispatchEvent(new Event("online"));
    expect(FakeWebSocket.all).toHaveLength(2);
    await pass(0);
    FakeWebSocket.last().accept(update(3));
    await pass(8_000);
    expect(FakeWebSocket.all).toHaveLength(2);
  });

  it.each([
    ["the network is down", offline],
    ["nobody is signed in any more", () => new Response("<html>")],
    ["the server is in trouble", () => new Response("<html>", { status: 503 })],
  ])("keeps what it shows, and says that it is not live, when %s", async (_, answer) => {
    openLive();
    server.answer = answer;
    push(4);
    await pass(0);
    expect(shown()).toBe("Version 3");
    expect(said()).toBe(OFF);
    FakeWebSocket.last().receive("pong");
    expect(said()).toBe(OFF);
    server.answer = () => new Response("<html>");
    rendered = render(4);
    await pass(2_000);
    expect(shown()).toBe("Version 4");
    expect(said()).toBe(ON);
  });
});
