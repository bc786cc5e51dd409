/** A shop's program, type-checked against the packed package. It is never run. */
import {
  forgetPending,
  guardNavigation,
  type ResumedPayment,
  rememberPending,
  resumePending,
  TransactionRefusedError,
  type TransactionState,
  type TransactionStatus,
  type TransactionWatch,
  watchTransaction,
} from "@payment-edge/client";
import { PaymentStatusElement, type ShownStatus } from "@payment-edge/client/element";
import { type TransactionView, useTransaction } from "@payment-edge/client/react";

const target = { url: "https://pay.example.com", id: "txn_1", clientSecret: "cs_1" };

const watch: TransactionWatch = watchTransaction({
  ...target,
  signal: new AbortController().signal,
  onChange: (state: TransactionState) => {
    const status: TransactionStatus = state.status;
    const amount: number = state.amount;
    // @ts-expect-error: a status is one of eight words.
    const wrong: boolean = status === "paid";
    console.log(status, amount, wrong);
  },
  onError: (error) => error instanceof TransactionRefusedError && console.log(error.status === 401),
});
watch.sync();
watch.close();
// @ts-expect-error: a watch needs somebody to tell.
watchTransaction(target);

const release: () => void = guardNavigation({ while: () => true, message: "Really?" });
release();
rememberPending({ id: "txn_1", clientSecret: "cs_1", statusUrl: "https://pay.example.com/s", expiresAt: 0 });
const resumed: Promise<ResumedPayment[]> = resumePending();
console.log(resumed, forgetPending("txn_1"));

const element = document.querySelector("payment-status");
if (element instanceof PaymentStatusElement) {
  element.clientSecret = "cs_1";
  element.addEventListener("payment-change", ({ detail }) => console.log(detail.version));
  const shown: ShownStatus = element.state?.status ?? "unknown";
  console.log(shown);
}

const view: TransactionView = useTransaction(Math.random() > 0.5 ? target : null);
console.log(view.state?.final, view.error, view.sync());
