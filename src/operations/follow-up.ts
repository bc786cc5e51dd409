/** What a change calls for at once. The cron does the same a little later: nothing depends on this. */
import type { Services } from "../services.ts";
import type { Source } from "../transactions/event.ts";
import type { Advanced } from "./advance-transaction.ts";
import { reconcileTransaction } from "./reconcile-transaction.ts";
import { followRefunds, sendRefund } from "./send-refund.ts";

/** Closes the other pages of an order that is paid now, sends money back that is owed, looks at refunds under way. */
export function followUp(services: Services, advanced: Advanced, source: Source): void {
  const { transaction, siblings, refundOwed, refundsPending } = advanced;
  for (const sibling of siblings) {
    services.defer(reconcileTransaction(services, sibling, source));
  }
  if (refundOwed) {
    services.defer(sendRefund(services, refundOwed, source));
  }
  if (transaction && refundsPending) {
    services.defer(followRefunds(services, transaction.id, source));
  }
}
