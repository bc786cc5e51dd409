import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeDocument, FakeElement } from "./fake-dom.ts";
import { stubStorage } from "./fake-page.ts";
import { type FakeServer, offline, startServer, TARGET, update } from "./fake-server.ts";
import { FakeWebSocket } from "./fake-web-socket.ts";

const HREF = "https://pay.example.com/status/txn_1?client_secret=cs_1";

let server: FakeServer;
let document: FakeDocument;
let window: EventTarget;
let navigator: { onLine: boolean };
let reload: ReturnType<typeof vi.fn<() => void>>;
/** What the server renders now. */
let rendered: FakeDocument;

/** The page at one version, as the server would render it. */
function render(version: number, expiresInMs = 90_000, final = false): FakeDocument {
  const attributes = {
    id: "payment",
    "data-id": TARGET.id,
    "data-client-secret": TARGET.clientSecret,
    "data-version": String(version),
    "data-final": String(final),
  };
  const expiresAt = new Date(Date.now() + expiresInMs).toISOString();
  return new FakeDocument(
    `Version ${version}`,
    new FakeElement("main", attributes, [
      new FakeElement("span", { "data-expires-at": expiresAt }),
      new FakeElement("p", { "data-live": "" }),
      new FakeElement("form", { "data-check": "", action: "/check" }, [
        new FakeElement("button", { id: "check" }),
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

const shown = (): string | null => find("main#payment").getAttribute("data-version");
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const countdown = (): string => find("[data-expires-at]").textContent;

async function open(page: FakeDocument): Promise<void> {
  document = page;
  vi.stubGlobal("document", document);
  vi.resetModules();
  await import("../../src/client/status-page.ts");
  FakeWebSocket.all.at(-1)?.accept();
}

function push(version: number): void {
  FakeWebSocket.last().receive(JSON.stringify(update(version)));
}

function submitCheck(): Event {
  const event = new Event("submit", { cancelable: true });
  Object.defineProperty(event, "target", { value: find("form[data-check]") });
  document.dispatchEvent(event);
  return event;
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeWebSocket.all = [];
  window = new EventTarget();
  navigator = { onLine: true };
  reload = vi.fn();
  stubStorage();
  server = startServer(() => new Response("<html>"));
  vi.stubGlobal("WebSocket", FakeWebSocket);
  vi.stubGlobal("window", window);
  vi.stubGlobal("navigator", navigator);
  vi.stubGlobal("location", { href: HREF, reload });
  vi.stubGlobal("FormData", function FormData() {
    return [["secret", "cs_1"]];
  });
  vi.stubGlobal(
    "DOMParser",
    class {
      parseFromString = (): FakeDocument => rendered;
    },
  );
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("status page: news", () => {
  it("fetches the page again for a newer version and shows what the server rendered", async () => {
    await open(render(3));
    const main = find("main#payment");
    push(3);
    await pass(0);
    expect(server.calls).toHaveLength(0);
    rendered = render(4);
    push(4);
    await pass(0);
    expect(server.calls.map((call) => call.url)).toEqual([HREF]);
    expect(shown()).toBe("4");
    expect(document.title).toBe("Version 4");
    expect(find("main#payment")).toBe(main);
    expect(FakeWebSocket.all).toHaveLength(1);
  });

  it("keeps the focus on the element with the same id", async () => {
    await open(render(1));
    find("button").focus();
    rendered = render(2);
    push(2);
    await pass(0);
    expect(document.activeElement).toBe(find("button"));
  });

  it("fetches once more when a version came while it was fetching", async () => {
    await open(render(1));
    rendered = render(2);
    push(2);
    push(3);
    await pass(0);
    expect(shown()).toBe("2");
    rendered = render(3);
    await pass(2_000);
    expect(shown()).toBe("3");
    expect(server.calls).toHaveLength(2);
  });

  it("tries five times more, 2 s apart, and then reloads", async () => {
    await open(render(1));
    server.answer = offline;
    push(2);
    await pass(9_999);
    expect(server.calls).toHaveLength(5);
    expect(reload).not.toHaveBeenCalled();
    await pass(1);
    expect(server.calls).toHaveLength(6);
    expect(reload).toHaveBeenCalledOnce();
  });

  it("never renders an error or an older page", async () => {
    await open(render(3));
    rendered = render(2);
    push(4);
    await pass(0);
    rendered = render(4);
    server.answer = () => new Response("", { status: 500 });
    await pass(2_000);
    rendered = new FakeDocument("Log in");
    server.answer = () => new Response("");
    await pass(2_000);
    expect(shown()).toBe("3");
    expect(document.title).toBe("Version 3");
  });

  it("does not reload into nothing while the browser is offline", async () => {
    await open(render(1));
    server.answer = offline;
    navigator.onLine = false;
    push(2);
    await pass(60_000);
    expect(reload).not.toHaveBeenCalled();
    navigator.onLine = true;
    server.answer = () => new Response("");
    rendered = render(2);
    await pass(2_000);
    expect(shown()).toBe("2");
  });

  it("forgets the remembered payment once it is final", async () => {
    const pending = [{ id: TARGET.id, clientSecret: "c", statusUrl: HREF, expiresAt: Date.now() }];
    const stored = stubStorage({ "payment-edge.pending": JSON.stringify(pending) });
    await open(render(1));
    expect(stored.size).toBe(1);
    rendered = render(2, 0, true);
    push(2);
    await pass(0);
    expect(stored.size).toBe(0);
  });

  it("does nothing on a page without a payment", async () => {
    await open(new FakeDocument("Not found"));
    expect(vi.getTimerCount()).toBe(0);
    expect(FakeWebSocket.all).toHaveLength(0);
  });
});

describe("status page: countdown", () => {
  it("counts down each second and stops at 0:00", async () => {
    await open(render(1, 61_000));
    expect(countdown()).toBe("1:01");
    await pass(2_000);
    expect(countdown()).toBe("0:59");
    await pass(58_999);
    expect(countdown()).toBe("0:01");
    await pass(1);
    expect(countdown()).toBe("0:00");
    // Nothing writes there any more.
    find("[data-expires-at]").textContent = "untouched";
    await pass(5_000);
    expect(countdown()).toBe("untouched");
  });

  it("shows hours where there are any, and leaves an unreadable time alone", async () => {
    await open(render(1, 3_723_000));
    expect(countdown()).toBe("1:02:03");
    const page = render(1);
    page.querySelector("span")?.setAttribute("data-expires-at", "soon");
    await open(page);
    expect(countdown()).toBe("");
  });
});

describe("status page: check payment status", () => {
  it("posts the form in the background, its button disabled meanwhile, and then syncs", async () => {
    await open(render(1));
    expect(submitCheck().defaultPrevented).toBe(true);
    expect(find("button").getAttribute("disabled")).toBe("");
    await pass(0);
    expect(find("button").getAttribute("disabled")).toBe(null);
    expect(server.calls).toMatchObject([{ url: "/check", method: "POST", body: "secret=cs_1" }]);
    expect(FakeWebSocket.last().sent).toContain('{"type":"sync","version":1}');
    expect(find("form").submitted).toBe(0);
  });

  it("submits the form natively when that fails, but not into an offline page", async () => {
    await open(render(1));
    server.answer = () => new Response("", { status: 500 });
    submitCheck();
    await pass(0);
    expect(find("form").submitted).toBe(1);
    navigator.onLine = false;
    server.answer = offline;
    submitCheck();
    await pass(0);
    expect(find("form").submitted).toBe(1);
  });

  it("leaves other forms alone", async () => {
    const page = render(1);
    page.querySelector("form")?.removeAttribute("data-check");
    await open(page);
    const event = new Event("submit", { cancelable: true });
    Object.defineProperty(event, "target", { value: find("form") });
    document.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(false);
  });
});

describe("status page: connection hint", () => {
  it("stays hidden until the browser is offline, and tells when it is back", async () => {
    await open(render(1));
    expect(find("[data-live]").hidden).toBe(true);
    navigator.onLine = false;
    window.dispatchEvent(new Event("offline"));
    expect(find("[data-live]")).toMatchObject({
      hidden: false,
      textContent: expect.stringContaining("offline"),
    });
    expect(find("[data-live]").getAttribute("data-live")).toBe("off");
    navigator.onLine = true;
    window.dispatchEvent(new Event("online"));
    expect(find("[data-live]").getAttribute("data-live")).toBe("on");
  });
});
