/**
 * Keeps the page of one payment fresh while an operator looks at it. The server stays the one renderer: news on the
 * status socket only makes this fetch the page again, and put what is inside each data-part in its place.
 */
import { showLocalTimes } from "./console-times.ts";
import { onWake } from "./on-wake.ts";
import { openStatusSocket, type StatusSocket } from "./status-socket.ts";

/** Deliveries and refunds follow a change by a little. */
const FOLLOW_UP_MS = [2_000, 8_000] as const;
const RETRY_FLOOR_MS = 1_000;
const RETRY_CEILING_MS = 30_000;
const TIMEOUT_MS = 10_000;

export function followPayment(main: HTMLElement): void {
  const { id = "", clientSecret = "" } = main.dataset;
  const target = { url: location.href.replace(/\/console\/.*/, ""), id, clientSecret };
  // Undefined until it is known. News that is heard and cannot be shown does not make the page a live one.
  let isHeard: boolean | undefined;
  let isBehind = false;
  const tell = (): void => {
    if (isHeard !== undefined) {
      say(main, isHeard && !isBehind);
    }
  };
  const refresh = createRefresh(main, (isShown) => {
    isBehind = !isShown;
    tell();
  });
  let failures = 0;
  let socket: StatusSocket | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;

  function connect(): void {
    clearTimeout(retry);
    socket = openStatusSocket(target, {
      version: () => versionOf(main),
      onAnswer: () => {
        failures = 0;
        isHeard = true;
        tell();
      },
      onState: ({ version }) => {
        if (version > versionOf(main)) {
          refresh();
        }
      },
      onDown,
    });
  }
  function onDown(): void {
    socket = undefined;
    failures += 1;
    isHeard = false;
    tell();
    const ceiling = Math.min(RETRY_CEILING_MS, RETRY_FLOOR_MS * 2 ** failures);
    retry = setTimeout(connect, RETRY_FLOOR_MS + Math.random() * (ceiling - RETRY_FLOOR_MS));
  }

  connect();
  if (main.querySelector("[data-flash]")) {
    // What was just done goes on behind the page.
    refresh();
  }
  onWake(() => {
    if (socket) {
      socket.sync();
    } else {
      connect();
    }
  });
}

/** Fetches the page now, and again a little later; newer news begins that anew. */
function createRefresh(main: HTMLElement, onLoaded: (isShown: boolean) => void): () => void {
  let timers: ReturnType<typeof setTimeout>[] = [];
  return () => {
    for (const timer of timers) {
      clearTimeout(timer);
    }
    timers = [0, ...FOLLOW_UP_MS].map((ms) => setTimeout(() => void load(main).then(onLoaded), ms));
  };
}

/** @returns false where the server, or the network, gave no page to show */
async function load(main: HTMLElement): Promise<boolean> {
  const controller = new AbortController();
  const timeout = setTimeout(() => controller.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(location.href, {
      headers: { Accept: "text/html" },
      cache: "no-store",
      signal: controller.signal,
    });
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    const next = fresh.querySelector<HTMLElement>("main#payment");
    if (!response.ok || !next) {
      // Signed out meanwhile, or worse: the browser tells it better.
      return false;
    }
    if (versionOf(next) >= versionOf(main)) {
      show(main, next);
      document.title = fresh.title;
    }
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timeout);
  }
}

/** What had the focus keeps it, and what was open stays open, where they are still there. */
function show(main: HTMLElement, next: HTMLElement): void {
  const focused = main.contains(document.activeElement) ? (document.activeElement?.id ?? "") : "";
  const open = [...main.querySelectorAll("details[open]")].map(({ id }) => id);
  main.dataset.version = next.dataset.version;
  for (const part of next.querySelectorAll<HTMLElement>("[data-part]")) {
    main.querySelector(`[data-part=${part.dataset.part}]`)?.replaceChildren(...part.childNodes);
  }
  for (const id of open) {
    document.getElementById(id)?.setAttribute("open", "");
  }
  if (focused !== "") {
    (document.getElementById(focused) ?? document.getElementById("state"))?.focus({ preventScroll: true });
  }
  showLocalTimes(main);
}

function say(main: HTMLElement, isLive: boolean): void {
  const line = main.querySelector<HTMLElement>("[data-live]");
  const text = (isLive ? line?.dataset.on : line?.dataset.off) ?? "";
  // Said once: a live region would say it again.
  if (line && line.textContent !== text) {
    line.dataset.live = isLive ? "on" : "off";
    line.textContent = text;
  }
}

function versionOf(main: HTMLElement): number {
  return Number(main.dataset.version);
}
