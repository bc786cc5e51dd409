/** What the demo shop's developer wrote: the order's page follows its payment, the front page finds open ones. */
import { forgetPending, guardNavigation, rememberPending, resumePending, watchTransaction } from "/client.js";

const WORDS = {
  pending: "waiting for you",
  processing: "on its way",
  authorized: "held",
  succeeded: "paid",
  failed: "did not work",
  canceled: "cancelled",
  expired: "time ran out",
  review: "being checked",
};

const page = () => document.querySelector("main").dataset;

/** Of the payment that is shown. */
let watch;

/** Puts the server's newest rendering of the order in the place of the shown one. */
async function showNewest() {
  const response = await fetch(page().orderUrl).catch(() => undefined);
  if (!response?.ok) {
    return;
  }
  const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
  const shown = document.querySelector("main");
  const newest = parsed.querySelector("main");
  if (newest.isEqualNode(shown)) {
    return;
  }
  const focused = document.activeElement?.id;
  const { transactionId } = page();
  shown.replaceWith(newest);
  if (focused) {
    document.getElementById(focused)?.focus();
  }
  document.getElementById("announcement").textContent = page().headline;
  if (page().transactionId !== transactionId) {
    followOrder();
  }
}

/** The shop's own word (the signed event) follows the payment's by a moment. */
async function awaitWord() {
  for (let tries = 0; tries < 10 && "awaitsWord" in page(); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 700));
    await showNewest();
  }
}

function guardWhileProcessing() {
  const release = guardNavigation({
    message: "Your payment is on its way, and nothing is lost if you leave. Leave?",
    while: () => page().status === "processing",
  });
  // The page's own links lead on, not out.
  document.addEventListener("click", (event) => {
    if (event.target.closest("a")) {
      release();
    }
  });
}

function followOrder() {
  const { paymentsUrl: url, transactionId: id, clientSecret, statusUrl, expiresAt, label, status } = page();
  if (["pending", "processing", "authorized"].includes(status)) {
    rememberPending({ id, clientSecret, statusUrl, expiresAt, label });
  }
  if (status === "pending") {
    setTimeout(showNewest, Math.max(0, Date.parse(expiresAt) - Date.now()) + 500);
  }
  watch?.close();
  watch = watchTransaction({
    url,
    id,
    clientSecret,
    async onChange(state) {
      if (state.status === "processing") {
        guardWhileProcessing();
      }
      if (state.final) {
        forgetPending(id);
      }
      if (state.version > Number(page().version)) {
        await showNewest();
      }
      await awaitWord();
    },
  });
}

async function listOpenPayments() {
  const open = await resumePending({ url: page().paymentsUrl });
  document.getElementById("open-none").hidden = open.length > 0;
  const items = open.map(({ statusUrl, label, state }) => {
    const link = document.createElement("a");
    link.href = statusUrl;
    link.textContent = label;
    const word = document.createElement("span");
    word.textContent = WORDS[state?.status] ?? "not known right now";
    const item = document.createElement("li");
    item.append(link, word);
    return item;
  });
  document.getElementById("open-payments").replaceChildren(...items);
}

if (page().transactionId) {
  followOrder();
  // Meanwhile another tab may have made another attempt.
  document.addEventListener("visibilitychange", () => document.hidden || showNewest());
} else if (document.getElementById("open-payments")) {
  await listOpenPayments();
}
