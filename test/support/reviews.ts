/** Every way that brings money into review, up to a person's verdict. */
import { bringPaid, HOUR, later, pay, tell } from "./money.ts";
import { createPending, type System } from "./system.ts";

export interface ReviewCase {
  readonly reason: string;
  /** What the gateway holds in the end. */
  readonly amount: number;
  readonly currency: string;
  /** Brings a new transaction into review, where late money is for a person. @returns its id */
  bring(system: System): Promise<string>;
}

const DAY = 24 * HOUR;
const usual = { amount: 1999, currency: "USD" };

export const REVIEW_CASES: readonly ReviewCase[] = [
  {
    ...{ reason: "wrong_amount", amount: 1000, currency: "USD" },
    bring: (system) => bringPaid(system, { amount: 1000 }),
  },
  {
    ...{ reason: "wrong_amount", amount: 2500, currency: "USD" },
    bring: (system) => bringPaid(system, { amount: 2500 }),
  },
  {
    ...{ reason: "wrong_currency", amount: 1999, currency: "EUR" },
    bring: (system) => bringPaid(system, { currency: "EUR" }),
  },
  { ...usual, reason: "wrong_mode", bring: bringMisdirected },
  { ...usual, reason: "late_payment", bring: bringLate },
  { ...usual, reason: "gateway_silent", bring: bringSilent },
];

/** "wrong_amount of 1000 USD": tells one from another. */
export const nameOf = ({ reason, amount, currency }: ReviewCase) => `${reason} of ${amount} ${currency}`;

async function bringMisdirected(system: System): Promise<string> {
  system.gateway.livemode = true;
  const { id } = await createPending(system);
  system.gateway.livemode = false;
  await pay(system, id);
  return id;
}

async function bringLate(system: System): Promise<string> {
  const { id } = await createPending(system);
  system.gateway.settle(id, "expired");
  await tell(system, id);
  await pay(system, id);
  return id;
}

async function bringSilent(system: System): Promise<string> {
  const { id } = await createPending(system);
  system.gateway.fault = "down";
  for (let days = 0; days < 3; days += 1) {
    await later(system, DAY);
  }
  system.gateway.fault = null;
  system.gateway.settle(id, "success");
  return id;
}
