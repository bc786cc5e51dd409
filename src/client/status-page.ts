/**
 * The island of the hosted status page (/status.js): keeps `main#payment` fresh while the buyer looks at it.
 * The server stays the one renderer: news only makes this fetch the page again. Without it the page still works.
 */
import { forgetPending } from "./resume-pending.ts";
import { watchTransaction } from "./watch-transaction.ts";

const RETRY_MS = 2_000;
const RETRIES = 5;
const TIMEOUT_MS = 10_000;
const SELECTOR = "main#payment";

function start(main: HTMLElement): void {
  const { id = "", clientSecret = "" } = main.dataset;
  const watch = watchTransaction({
    url: location.href.replace(/\/status\/.*/, ""),
    id,
    clientSecret,
    version: versionOf(main),
    onChange: createRefresh(main),
  });
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (form.matches("form[data-check]")) {
      event.preventDefault();
      void check(form, watch.sync);
    }
  });
  window.addEventListener("offline", () => showConnection(main));
  window.addEventListener("online", () => showConnection(main));
  bind(main);
}

/** What is due whenever the server has rendered anew. */
function bind(main: HTMLElement): void {
  const { id = "", final } = main.dataset;
  if (final === "true") {
    forgetPending(id);
  }
  startCountdown(main);
  if (isOffline()) {
    showConnection(main);
  }
}

/** Fetches the page until it shows the newest version told; after too many failures, lets the browser try. */
function createRefresh(main: HTMLElement): (news: { readonly version: number }) => Promise<void> {
  let wanted = 0;
  let busy = false;
  return async ({ version }) => {
    wanted = version;
    if (busy) {
      return;
    }
    busy = true;
    let failures = 0;
    while (versionOf(main) < wanted) {
      await renderAgain(main).catch(() => undefined);
      if (versionOf(main) >= wanted) {
        break;
      }
      // Offline, a reload would trade the page for the browser's error.
      failures = isOffline() ? 0 : failures + 1;
      if (failures > RETRIES) {
        location.reload();
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    busy = false;
  };
}

/** Rejects, or changes nothing, if what came is no newer status page. */
async function renderAgain(main: HTMLElement): Promise<void> {
  const response = await fetch(location.href, {
    headers: { Accept: "text/html" },
    cache: "no-store",
    // A fetch that hangs would stop all news. Safari before 16 has no such signal.
    signal: AbortSignal.timeout?.(TIMEOUT_MS) ?? null,
  });
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const next = fresh.querySelector<HTMLElement>(SELECTOR);
  if (!response.ok || !next || versionOf(next) <= versionOf(main)) {
    return;
  }
  const focused = main.contains(document.activeElement) ? document.activeElement?.id : "";
  // The element itself stays: a live region speaks only if it was there before its content.
  for (const name of main.getAttributeNames()) {
    main.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    main.setAttribute(name, value);
  }
  main.replaceChildren(...next.childNodes);
  document.title = fresh.title;
  if (focused) {
    document.getElementById(focused)?.focus({ preventScroll: true });
  }
  bind(main);
}

/** "Check payment status" without leaving the page; if that fails, the form does what forms do. */
async function check(form: HTMLFormElement, sync: () => void): Promise<void> {
  const button = form.querySelector("button");
  const body = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]));
  button?.toggleAttribute("disabled", true);
  const response = await fetch(form.getAttribute("action") ?? "", { method: "POST", body }).catch(
    () => undefined,
  );
  button?.toggleAttribute("disabled", false);
  if (response?.ok) {
    // A disabled button loses the focus; one that was moved on purpose stays where it is.
    if (document.activeElement === document.body) {
      button?.focus({ preventScroll: true });
    }
    sync();
  } else if (!isOffline()) {
    form.submit();
  }
}

let countdown: ReturnType<typeof setInterval> | undefined;

function startCountdown(main: HTMLElement): void {
  clearInterval(countdown);
  const tick = (): void => {
    let running = false;
    for (const element of main.querySelectorAll<HTMLElement>("[data-expires-at]")) {
      const leftMs = Date.parse(element.dataset.expiresAt ?? "") - Date.now();
      if (!Number.isNaN(leftMs)) {
        element.textContent = formatCountdown(leftMs);
        running ||= leftMs > 0;
      }
    }
    if (!running) {
      clearInterval(countdown);
    }
  };
  countdown = setInterval(tick, 1_000);
  tick();
}

/** `12:34`, with hours `1:02:03`, and `0:00` when time is up. */
function formatCountdown(leftMs: number): string {
  const seconds = Math.ceil(Math.max(0, leftMs) / 1_000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const pad = (value: number): string => String(value % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds)}` : `${minutes}:${pad(seconds)}`;
}

function showConnection(main: HTMLElement): void {
  const hint = main.querySelector<HTMLElement>("[data-live]");
  if (hint) {
    const offline = isOffline();
    hint.dataset.live = offline ? "off" : "on";
    hint.textContent = offline
      ? "You are offline. This page goes on by itself when the connection is back."
      : "You are online again.";
    hint.hidden = false;
  }
}

function isOffline(): boolean {
  return navigator.onLine === false;
}

function versionOf(main: HTMLElement): number {
  return Number(main.dataset.version);
}

const main = document.querySelector<HTMLElement>(SELECTOR);
if (main) {
  start(main);
}
