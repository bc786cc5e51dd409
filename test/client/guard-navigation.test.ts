import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { guardNavigation } from "../../src/client/index.ts";
import { FakeHistory, type FakePage, stubPage } from "./fake-page.ts";

let page: FakePage;
let history: FakeHistory;
let ask: ReturnType<typeof vi.fn<(message: string) => boolean>>;

beforeEach(() => {
  page = stubPage();
  history = new FakeHistory(page.window);
  ask = vi.fn(() => false);
  vi.stubGlobal("history", history);
  vi.stubGlobal("confirm", ask);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function tryToClose(): boolean {
  const event = new Event("beforeunload", { cancelable: true });
  page.window.dispatchEvent(event);
  return !event.defaultPrevented;
}

describe("guardNavigation", () => {
  it("warns on closing while a payment is under way, and only then", () => {
    let underWay = false;
    guardNavigation({ while: () => underWay });
    expect(tryToClose()).toBe(true);
    underWay = true;
    expect(tryToClose()).toBe(false);
  });

  it("stays when the person refuses to go back, and still warns on closing", () => {
    guardNavigation({ message: "Really?" });
    history.back();
    expect(ask).toHaveBeenCalledExactlyOnceWith("Really?");
    expect(history.left).toBe(false);
    expect(tryToClose()).toBe(false);
  });

  it("never traps: the second back leaves without a question", () => {
    guardNavigation();
    history.back();
    history.back();
    expect(ask).toHaveBeenCalledTimes(1);
    expect(history.left).toBe(true);
  });

  it("goes back when the person accepts, without a second question by the browser", () => {
    ask.mockReturnValue(true);
    guardNavigation();
    history.back();
    expect(history.left).toBe(true);
  });

  it("lets go back without a question while no payment is under way", () => {
    guardNavigation({ while: () => false });
    history.back();
    expect(ask).not.toHaveBeenCalled();
    expect(history.left).toBe(true);
  });

  it("asks nothing after its release", () => {
    const release = guardNavigation();
    release();
    release();
    expect(tryToClose()).toBe(true);
    history.back();
    expect(ask).not.toHaveBeenCalled();
    expect(history.left).toBe(true);
  });

  it("steps over its entry once after its release, and then leaves the way back and forth alone", () => {
    history.pushState({ route: "checkout" });
    guardNavigation()();
    history.back();
    expect(history.state).toBeNull();
    history.forward();
    expect(history.state).toMatchObject({ route: "checkout" });
    expect(ask).not.toHaveBeenCalled();
  });

  it("asks once, of the newest guard, when the page was guarded before", () => {
    history.pushState({ route: "checkout" });
    guardNavigation({ message: "first" })();
    guardNavigation({ message: "second" });
    guardNavigation({ message: "third" });
    ask.mockReturnValue(true);
    history.back();
    expect(ask.mock.calls).toEqual([["third"]]);
    expect(history.state).toBeNull();
  });

  it("keeps the state of the page's router, and does not mistake its steps for leaving", () => {
    history.replaceState({ route: 1 });
    guardNavigation();
    expect(history.state).toMatchObject({ route: 1 });
    history.pushState({ route: 2 });
    history.back();
    expect(ask).not.toHaveBeenCalled();
    history.back();
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it("adds one history entry, also when the page was reloaded", () => {
    guardNavigation()();
    guardNavigation();
    expect(history.length).toBe(2);
  });

  it("does nothing where there is no window, or one without listeners", () => {
    vi.unstubAllGlobals();
    expect(() => guardNavigation()()).not.toThrow();
    vi.stubGlobal("window", globalThis);
    expect(() => guardNavigation()()).not.toThrow();
  });
});
