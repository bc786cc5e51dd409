/**
 * The island of the hosted status page (/status.js): keeps `main#payment` fresh while the buyer looks at it.
 * The server stays the one renderer, also of every word: news only makes this fetch the page again. Without it the
 * page still works.
 */
import { onWake } from "./on-wake.ts";
import { answeredAt, isTimeUp, setClock, showTimes } from "./page-times.ts";
import { forgetPending } from "./resume-pending.ts";
import { watchTransaction } from "./watch-transaction.ts";

const RETRY_MS = 2_000;
const REFUSALS = 5;
const TIMEOUT_MS = 10_000;
const CHECK_TIMEOUT_MS = 30_000;
const PROBE_MS = 15_000;
const HINT_MS = 6_000;
const SELECTOR = "main#payment";

/** How a page that was fetched compares with the one that is shown. */
type Fetched = "shown" | "same" | "refused" | "unreachable";

function start(main: HTMLElement): void {
  const { id = "", clientSecret = "" } = main.dataset;
  const refresh = createRefresh(main);
  const watch = watchTransaction({
    url: location.href.replace(/\/status\/.*/, ""),
    id,
    clientSecret,
    version: versionOf(main),
    onChange: ({ version }) => refresh(version),
  });
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (form.matches("form[data-check]")) {
      event.preventDefault();
      void check(main, form, probe);
    }
  });
  const probe = watchConnection(main, watch.sync);
  // Timers sleep with the phone; what is due then is due at once.
  const tick = (): void => {
    showTimes(main);
    if (isTimeUp(main)) {
      void refresh(0);
    }
  };
  onWake(tick);
  setInterval(tick, 1_000);
  setClock(main, answeredAt());
  bind(main);
  tick();
}

/** What is due whenever the server has rendered anew. */
function bind(main: HTMLElement): void {
  const { id = "", final } = main.dataset;
  if (final === "true") {
    forgetPending(id);
  }
  showTimes(main);
}

/** Fetches the page until it shows the newest version told, and is not past its time. */
function createRefresh(main: HTMLElement): (version: number) => Promise<void> {
  let wanted = 0;
  let busy = false;
  const isStale = (): boolean => versionOf(main) < wanted || isTimeUp(main);
  return async (version) => {
    wanted = Math.max(wanted, version);
    if (busy) {
      return;
    }
    busy = true;
    let refusals = 0;
    while (isStale()) {
      const fetched = await load(main, location.href);
      // A page that the server will not give may be better told by the browser. A dead network never is.
      refusals = fetched === "refused" ? refusals + 1 : 0;
      if (refusals > REFUSALS) {
        location.reload();
        return;
      }
      if (isStale()) {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    busy = false;
  };
}

/** Fetches the page, and shows it if it is newer, or says something else of the same version: that time is up. */
async function load(main: HTMLElement, url: string, init: RequestInit = {}): Promise<Fetched> {
  const request: RequestInit = {
    headers: { Accept: "text/html" },
    cache: "no-store",
    // A fetch that hangs would stop all news.
    signal: timeout(TIMEOUT_MS),
    ...init,
  };
  const answer = await fetch(url, request)
    .then(async (response) => ({ ok: response.ok, at: Date.now(), text: await response.text() }))
    .catch(() => undefined);
  if (!answer) {
    return "unreachable";
  }
  const fresh = new DOMParser().parseFromString(answer.text, "text/html");
  const next = fresh.querySelector<HTMLElement>(SELECTOR);
  if (!answer.ok || !next) {
    return "refused";
  }
  // A device's clock may have been put right meanwhile.
  setClock(next, answer.at);
  const newer = versionOf(next) - versionOf(main);
  if (newer < 0 || (newer === 0 && next.dataset.state === main.dataset.state)) {
    return "same";
  }
  show(main, next);
  document.title = fresh.title;
  return "shown";
}

/** AbortSignal.timeout, which Safari before 16 does not have. */
function timeout(ms: number): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), ms);
  return controller.signal;
}

/** The parts of `main` stay, so that the live regions among them speak; what is inside is renewed. */
function show(main: HTMLElement, next: HTMLElement): void {
  const focused = main.contains(document.activeElement) ? document.activeElement?.id : undefined;
  copyAttributes(next, main);
  for (const part of next.querySelectorAll<HTMLElement>("[data-part]")) {
    const shown = main.querySelector(`[data-part=${part.dataset.part}]`);
    if (shown) {
      copyAttributes(part, shown);
      shown.replaceChildren(...part.childNodes);
    }
  }
  if (focused !== undefined) {
    // What had the focus may be gone: then the reader goes on from the heading.
    const heir = document.getElementById(focused) ?? document.getElementById("state");
    heir?.focus({ preventScroll: true });
  }
  const said = main.querySelector<HTMLElement>("[data-hint=unchanged]");
  if (said) {
    // There is news now.
    said.hidden = true;
  }
  bind(main);
}

function copyAttributes(from: Element, to: Element): void {
  for (const name of to.getAttributeNames()) {
    to.removeAttribute(name);
  }
  for (const { name, value } of from.attributes) {
    to.setAttribute(name, value);
  }
}

/** "Check payment status" without leaving the page; if that fails, the form does what forms do. */
async function check(main: HTMLElement, form: HTMLFormElement, probe: () => Promise<boolean>): Promise<void> {
  const button = form.querySelector("button");
  const body = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]));
  const before = main.dataset.version;
  button?.toggleAttribute("disabled", true);
  // The gateway is asked meanwhile, which may be slow.
  const signal = timeout(CHECK_TIMEOUT_MS);
  const fetched = await load(main, form.getAttribute("action") ?? "", { method: "POST", body, signal });
  button?.toggleAttribute("disabled", false);
  // A disabled button loses the focus; one that was moved on purpose stays where it is.
  if (document.activeElement === document.body) {
    (document.getElementById("check") ?? document.getElementById("state"))?.focus({ preventScroll: true });
  }
  if (fetched === "refused") {
    form.submit();
    return;
  }
  // Where the network is not dead, the gateway was slow. What the check has found the socket may have told first.
  const isAnswered = fetched === "same" || (fetched === "unreachable" && (await probe()));
  if (isAnswered && main.dataset.version === before) {
    hint(main, "unchanged");
  }
}

/**
 * Says so when the network is dead, and when it is back. A dead network tells nobody: so while the page is looked at
 * and something may still come, a small static file is asked for now and then. Returns a function that asks now,
 * and tells whether there is a network.
 */
function watchConnection(main: HTMLElement, sync: () => void): () => Promise<boolean> {
  let lost = false;
  let probes = 0;
  const tell = (isLost: boolean): void => {
    if (isLost !== lost) {
      lost = isLost;
      hint(main, lost ? "offline" : "online");
      if (!lost) {
        sync();
      }
    }
  };
  const probe = async (): Promise<boolean> => {
    probes += 1;
    const mine = probes;
    const request: RequestInit = { method: "HEAD", cache: "no-store", signal: timeout(TIMEOUT_MS) };
    const isReached = (await fetch("/icon.svg", request).catch(() => undefined)) !== undefined;
    if (mine === probes) {
      tell(!isReached);
    }
    return isReached;
  };
  const watch = (): void => {
    if (document.visibilityState === "visible" && (lost || main.dataset.final !== "true")) {
      void probe();
    }
  };
  window.addEventListener("offline", () => {
    // What is still asked was asked before.
    probes += 1;
    tell(true);
  });
  onWake(watch);
  setInterval(watch, PROBE_MS);
  return probe;
}

let hintTimer: ReturnType<typeof setTimeout> | undefined;

/** What the page says of itself, in its own words; that we are offline stays until we are not. */
function hint(main: HTMLElement, about: "offline" | "online" | "unchanged"): void {
  const element = main.querySelector<HTMLElement>("[data-hint]");
  if (element) {
    clearTimeout(hintTimer);
    element.dataset.hint = about;
    element.textContent = element.dataset[about] ?? "";
    element.hidden = false;
    if (about !== "offline") {
      hintTimer = setTimeout(() => {
        element.hidden = true;
      }, HINT_MS);
    }
  }
}

function versionOf(main: HTMLElement): number {
  return Number(main.dataset.version);
}

const main = document.querySelector<HTMLElement>(SELECTOR);
if (main) {
  start(main);
}
