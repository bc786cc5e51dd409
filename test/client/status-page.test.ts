import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeDocument, FakeElement } from "./fake-dom.ts";
import { stubStorage } from "./fake-page.ts";
import { type Call, type FakeServer, offline, startServer, TARGET, update } from "./fake-server.ts";
import { FakeWebSocket } from "./fake-web-socket.ts";

const HREF = "https://pay.example.com/status/txn_1?client_secret=cs_1";

let server: FakeServer;
let document: FakeDocument;
let window: EventTarget;
let navigator: { onLine: boolean };
let reload: ReturnType<typeof vi.fn<() => void>>;
/** What the server renders now. */
let rendered: FakeDocument;

interface Rendered {
  readonly state?: string;
  /** Milliseconds; null where no time runs. */
  readonly expiresInMs?: number | null;
  readonly final?: boolean;
  readonly locale?: string;
  /** The server's clock; by default this device's. */
  readonly now?: number;
  readonly actions?: FakeElement[];
}

const checkForm = (): FakeElement =>
  new FakeElement("form", { "data-check": "", action: "/check" }, [
    new FakeElement("button", { id: "check" }),
  ]);

/** The page at one version, as the server would render it. */
function render(version: number, options: Rendered = {}): FakeDocument {
  const { state = "pending", expiresInMs = 90_000, final = false, locale = "en", now = Date.now() } = options;
  const attributes = {
    id: "payment",
    "data-id": TARGET.id,
    "data-client-secret": TARGET.clientSecret,
    "data-version": String(version),
    "data-state": state,
    "data-final": String(final),
    "data-locale": locale,
    "data-now": new Date(now).toISOString(),
  };
  const time =
    expiresInMs === null
      ? new FakeElement("time", { "data-moment": "", datetime: "2026-11-22T13:35:00.000Z" })
      : new FakeElement("time", { "data-expires-at": new Date(now + expiresInMs).toISOString() });
  const hints = { "data-offline": "No connection", "data-online": "Back", "data-unchanged": "No news" };
  const part = (name: string, inside: FakeElement[]) => new FakeElement("div", { "data-part": name }, inside);
  return new FakeDocument(
    `Version ${version}`,
    new FakeElement("main", attributes, [
      new FakeElement("p", { "data-hint": "", ...hints }),
      part("announcement", [new FakeElement("h1", { id: "state" })]),
      part("summary", [time]),
      part("actions", options.actions ?? [checkForm()]),
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
const hint = (): string => (find("[data-hint]").hidden ? "" : find("[data-hint]").textContent);
const isProbe = (call: Call): boolean => call.url === "/icon.svg";
/** What was asked for by the page itself, not by the watch. */
const asked = (): Call[] => server.calls.filter(({ url }) => url === HREF || url === "/check");

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
    expect(asked()).toHaveLength(0);
    rendered = render(4, { state: "processing" });
    push(4);
    await pass(0);
    expect(asked().map((call) => call.url)).toEqual([HREF]);
    expect(shown()).toBe("4");
    expect(main.getAttribute("data-state")).toBe("processing");
    expect(document.title).toBe("Version 4");
    expect(find("main#payment")).toBe(main);
    expect(FakeWebSocket.all).toHaveLength(1);
  });

  it("renews what is inside the parts and leaves the parts, so that a live region speaks", async () => {
    await open(render(1));
    const [announcement, heading] = [find("[data-part=announcement]"), find("h1")];
    rendered = render(2);
    const fresh = rendered.querySelector("h1");
    push(2);
    await pass(0);
    expect(find("[data-part=announcement]")).toBe(announcement);
    expect(find("h1")).toBe(fresh);
    expect(find("h1")).not.toBe(heading);
  });

  it("keeps the focus on the element with the same id", async () => {
    await open(render(1));
    find("button").focus();
    rendered = render(2);
    push(2);
    await pass(0);
    expect(document.activeElement).toBe(find("button"));
  });

  it("gives the focus to the heading when what had it is gone, and to nothing when nothing had it", async () => {
    await open(render(1));
    rendered = render(2);
    push(2);
    await pass(0);
    expect(document.activeElement).toBe(document.body);
    find("button").focus();
    rendered = render(3, { final: true, actions: [] });
    push(3);
    await pass(0);
    expect(document.activeElement).toBe(find("h1"));
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
    expect(asked()).toHaveLength(2);
  });

  it("reloads after six answers, 2 s apart, that are no page", async () => {
    await open(render(1));
    server.answer = () => new Response("", { status: 503 });
    push(2);
    await pass(9_999);
    expect(asked()).toHaveLength(5);
    expect(reload).not.toHaveBeenCalled();
    await pass(1);
    expect(asked()).toHaveLength(6);
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

  it("never trades the page for the browser's error while the network is dead", async () => {
    await open(render(1));
    server.answer = offline;
    push(2);
    await pass(60_000);
    expect(reload).not.toHaveBeenCalled();
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
    rendered = render(2, { final: true });
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

describe("status page: time", () => {
  it("counts down each second", async () => {
    await open(render(1, { expiresInMs: 61_000 }));
    expect(countdown()).toBe("1:01");
    await pass(2_000);
    expect(countdown()).toBe("0:59");
    await pass(58_000);
    expect(countdown()).toBe("0:01");
    expect(asked()).toHaveLength(0);
  });

  it("asks the server, when time is up, until it says so of the same version", async () => {
    await open(render(1, { expiresInMs: 1_000 }));
    rendered = render(1, { expiresInMs: 0 });
    await pass(1_000);
    expect(countdown()).toBe("0:00");
    expect(asked()).toHaveLength(1);
    expect(find("main#payment").getAttribute("data-state")).toBe("pending");
    rendered = render(1, { state: "overdue", expiresInMs: null });
    await pass(2_000);
    expect(find("main#payment").getAttribute("data-state")).toBe("overdue");
    await pass(60_000);
    expect(asked()).toHaveLength(2);
  });

  it("goes by the server's clock, whatever the device's says", async () => {
    await open(render(1, { expiresInMs: 61_000, now: Date.now() - 3_600_000 }));
    expect(countdown()).toBe("1:01");
    await pass(1_000);
    expect(countdown()).toBe("1:00");
    expect(asked()).toHaveLength(0);
  });

  it("shows at once, after a sleep, what is left", async () => {
    await open(render(1, { expiresInMs: 600_000 }));
    vi.setSystemTime(Date.now() + 300_000);
    window.dispatchEvent(new Event("pageshow"));
    expect(countdown()).toBe("5:00");
  });

  it("shows hours where there are any, and the server's words while it is a day and more", async () => {
    await open(render(1, { expiresInMs: 3_723_000 }));
    expect(countdown()).toBe("1:02:03");
    await open(render(1, { expiresInMs: 86_400_000 }));
    expect(countdown()).toBe("");
    await pass(1_000);
    expect(countdown()).toBe("23:59:59");
  });

  it("leaves an unreadable time alone", async () => {
    const page = render(1);
    page.querySelector("[data-expires-at]")?.setAttribute("data-expires-at", "soon");
    await open(page);
    await pass(5_000);
    expect(countdown()).toBe("");
    expect(asked()).toHaveLength(0);
  });

  it("writes digits and moments as the page's locale does", async () => {
    await open(render(1, { expiresInMs: 61_000, locale: "ar-EG" }));
    expect(countdown()).toBe("١:٠١");
    await open(render(2, { state: "failed", expiresInMs: null, final: true, locale: "de-DE" }));
    const format = new Intl.DateTimeFormat("de-DE", { dateStyle: "medium", timeStyle: "short" });
    expect(find("time").textContent).toBe(format.format(Date.UTC(2026, 10, 22, 13, 35)));
    // In the time of this machine, wherever it is.
    expect(find("time").textContent).toMatch(/2[123]\.11\.2026, \d\d:\d\d/);
  });
});

describe("status page: check payment status", () => {
  it("posts the form in the background, its button disabled meanwhile, and shows what comes", async () => {
    await open(render(1));
    rendered = render(2);
    const button = find("button");
    expect(submitCheck().defaultPrevented).toBe(true);
    expect(button.getAttribute("disabled")).toBe("");
    await pass(0);
    expect(button.getAttribute("disabled")).toBe(null);
    expect(asked()).toMatchObject([{ url: "/check", method: "POST", body: "secret=cs_1" }]);
    expect(shown()).toBe("2");
    expect(find("form").submitted).toBe(0);
    expect(hint()).toBe("");
  });

  it("says for a while that there is no news, and gives the button its focus back", async () => {
    await open(render(1));
    rendered = render(1);
    submitCheck();
    await pass(0);
    expect(hint()).toBe("No news");
    expect(document.activeElement).toBe(find("button"));
    await pass(6_000);
    expect(hint()).toBe("");
  });

  it("does not say so when the socket has told first what the check found", async () => {
    await open(render(1));
    rendered = render(2);
    const held = Promise.withResolvers<Response>();
    server.answer = ({ method }) => (method === "POST" ? held.promise : new Response("<html>"));
    submitCheck();
    push(2);
    await pass(0);
    expect(shown()).toBe("2");
    held.resolve(new Response("<html>"));
    await pass(0);
    expect(hint()).toBe("");
  });

  it("does not go on saying so once there is news", async () => {
    await open(render(1));
    rendered = render(1);
    submitCheck();
    await pass(0);
    expect(hint()).toBe("No news");
    rendered = render(2);
    push(2);
    await pass(0);
    expect([shown(), hint()]).toEqual(["2", ""]);
  });

  it("leaves the focus where it was moved meanwhile", async () => {
    await open(render(1));
    rendered = render(1);
    submitCheck();
    find("h1").focus();
    await pass(0);
    expect(document.activeElement).toBe(find("h1"));
  });

  it("submits the form natively when the server refuses, but not into a dead network", async () => {
    await open(render(1));
    server.answer = () => new Response("", { status: 500 });
    submitCheck();
    await pass(0);
    expect(find("form").submitted).toBe(1);
    server.answer = offline;
    submitCheck();
    await pass(0);
    expect(find("form").submitted).toBe(1);
    expect(hint()).toBe("No connection");
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

describe("status page: connection", () => {
  it("says nothing while all is well", async () => {
    await open(render(1));
    await pass(120_000);
    expect(hint()).toBe("");
    expect(find("[data-hint]").hidden).toBe(true);
  });

  it("tells that the browser is offline, and for a while that it is back, in the page's words", async () => {
    await open(render(1));
    server.answer = offline;
    window.dispatchEvent(new Event("offline"));
    expect(hint()).toBe("No connection");
    expect(find("[data-hint]").getAttribute("data-hint")).toBe("offline");
    await pass(60_000);
    expect(hint()).toBe("No connection");
    server.answer = () => new Response("");
    window.dispatchEvent(new Event("online"));
    await pass(0);
    expect(hint()).toBe("Back");
    expect(find("[data-hint]").getAttribute("data-hint")).toBe("online");
    await pass(6_000);
    expect(hint()).toBe("");
  });

  it("notices a dead network that the browser takes for alive, and recovers by itself", async () => {
    await open(render(1));
    server.answer = offline;
    await pass(15_000);
    expect(hint()).toBe("No connection");
    server.answer = () => new Response("");
    await pass(15_000);
    expect(hint()).toBe("Back");
  });

  it("asks for news once the connection is back", async () => {
    await open(render(1));
    push(1);
    window.dispatchEvent(new Event("offline"));
    await pass(14_999);
    expect(FakeWebSocket.last().sent).toEqual([]);
    await pass(1);
    expect(FakeWebSocket.last().sent).toContain('{"type":"sync","version":1}');
  });

  it("asks a static file, and nothing while nobody looks or nothing more is to come", async () => {
    await open(render(1));
    await pass(15_000);
    expect(server.calls.filter(isProbe)).toMatchObject([{ url: "/icon.svg", method: "HEAD" }]);
    document.visibilityState = "hidden";
    await pass(60_000);
    document.visibilityState = "visible";
    find("main#payment").setAttribute("data-final", "true");
    await pass(60_000);
    expect(server.calls.filter(isProbe)).toHaveLength(1);
  });

  it("believes the browser that it is offline, and no answer to what was asked before", async () => {
    await open(render(1));
    let succeed = (_: Response): void => undefined;
    server.answer = () =>
      new Promise((resolve) => {
        succeed = resolve;
      });
    window.dispatchEvent(new Event("online"));
    await pass(0);
    window.dispatchEvent(new Event("offline"));
    succeed(new Response(""));
    await pass(0);
    expect(hint()).toBe("No connection");
  });

  it("believes the last answer, not the one that comes last", async () => {
    await open(render(1));
    let fail = (_: Error): void => undefined;
    server.answer = () =>
      new Promise((_, reject) => {
        fail = reject;
      });
    window.dispatchEvent(new Event("online"));
    server.answer = () => new Response("");
    window.dispatchEvent(new Event("online"));
    await pass(0);
    fail(new Error("too late"));
    await pass(0);
    expect(hint()).toBe("");
  });
});
