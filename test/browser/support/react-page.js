/** A shop's page with React. Its buttons and what it renders are the test's; each render is noted. */
import { useTransaction } from "@payment-edge/client/react";
import { createElement, StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";

const targets = JSON.parse(document.getElementById("targets").textContent);
window.renders = [];

function Payment({ target }) {
  // A new object each time, as shops write it.
  const { state, error, sync } = useTransaction(target && { ...target });
  const shown = `${target?.id ?? "none"} ${error?.status ?? state?.status ?? "unknown"}`;
  window.renders.push({ wanted: target?.id, got: state?.transaction_id, version: state?.version });
  return createElement("button", { id: "payment", type: "button", onClick: sync }, shown);
}

function Page() {
  const [chosen, setChosen] = useState(0);
  const [there, setThere] = useState(true);
  window.choose = setChosen;
  window.show = setThere;
  return there ? createElement(Payment, { target: targets[chosen] ?? null }) : null;
}

createRoot(document.getElementById("root")).render(createElement(StrictMode, null, createElement(Page)));
