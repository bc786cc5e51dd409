/**
 * Warns a buyer who is about to leave in the middle of a payment, by closing the page or by the back button.
 * It asks, and it never traps: who goes back a second time is out, and after the release one step is a step.
 */

const KEY = "paymentEdgeGuard";
const DEFAULT_MESSAGE = "Your payment is still under way. Leave this page?";

export interface GuardOptions {
  /** The question on going back. On closing, browsers show their own words. */
  readonly message?: string;
  /** Whether a payment is under way; asked when somebody leaves. Default: until released. */
  readonly while?: () => boolean;
}

/** Ends the guard before, released or not: of a page's entries there is one pair. */
let end = (): void => {};

/**
 * Guards the page until the returned function is called, which is safe to call twice; release it before you send the
 * buyer to the payment page. Adds one history entry with the page's own address. Leaving it at once on release would
 * race with a navigation, so it stays, and going back steps over it. Does nothing where there is no window.
 */
export function guardNavigation(options: GuardOptions = {}): () => void {
  if (typeof window === "undefined" || !window.addEventListener) {
    return () => {};
  }
  const message = options.message ?? DEFAULT_MESSAGE;
  let asked = false;
  let released = false;
  const mustAsk = (): boolean => !released && (options.while?.() ?? true);

  function onBeforeUnload(event: BeforeUnloadEvent): void {
    if (mustAsk()) {
      event.preventDefault();
      event.returnValue = message;
    }
  }
  function onPopState(): void {
    // Only the step from our entry to the one below is a step back; a router's or a #fragment's is none.
    if (history.state?.[KEY] !== "base") {
      return;
    }
    if (mustAsk() && !asked && !confirm(message)) {
      asked = true;
      pushEntry();
      return;
    }
    // First, so that the browser does not ask again.
    endThis();
    history.back();
  }
  function release(): void {
    released = true;
    window.removeEventListener("beforeunload", onBeforeUnload);
  }
  function endThis(): void {
    release();
    window.removeEventListener("popstate", onPopState);
  }

  end();
  end = endThis;
  pushEntry();
  window.addEventListener("beforeunload", onBeforeUnload);
  window.addEventListener("popstate", onPopState);
  return release;
}

/** Marks the present entry and puts a twin on top of it, unless a reload finds us on the twin. */
function pushEntry(): void {
  const state: Record<string, unknown> | null = history.state;
  if (state?.[KEY] !== "top") {
    history.replaceState({ ...state, [KEY]: "base" }, "");
    history.pushState({ ...state, [KEY]: "top" }, "");
  }
}
