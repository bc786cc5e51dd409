/** The figures of the seeded month, as the roll-up would have counted them: by the hour, six hours and day. */
import { SPAN_MS } from "../../src/operations/roll-up.ts";
import { addFacts, type Facts, type Figures } from "../../src/operations/statistics.ts";

/** Of 100 payments, how many are in each class of the histograms: nobody looks at them that closely here. */
const TIME_TO_PAID = [1, 13, 36, 44, 1, 2, 3];
const WEBHOOK_LAG = [30, 40, 25, 5];
const PUSH = [5, 20, 40, 25, 8, 2];

interface Hour {
  readonly start: number;
  readonly gateway: string;
  readonly succeeded: number;
  readonly failed: number;
  readonly canceled: number;
  readonly expired: number;
  readonly review: number;
  readonly failures: string;
  readonly money: string;
}

/** A transaction counts in the hour that it was made in. */
const HOURS = `SELECT start, gateway, sum(succeeded) AS succeeded, sum(failed) AS failed, sum(canceled) AS canceled,
    sum(expired) AS expired, sum(review) AS review,
    json_object('card_declined', sum(declined), 'insufficient_funds', sum(poor), 'authentication_failed', sum(stranger)) AS failures,
    json_group_object(currency, json_object('captured', captured, 'refunded', refunded)) AS money
  FROM (SELECT created_at - created_at % ${SPAN_MS.hour} AS start, gateway, currency, sum(status = 'succeeded') AS succeeded,
      sum(status = 'failed') AS failed, sum(status = 'canceled') AS canceled, sum(status = 'expired') AS expired,
      sum(status = 'review') AS review, sum(failure_code IS 'card_declined') AS declined,
      sum(failure_code IS 'insufficient_funds') AS poor, sum(failure_code IS 'authentication_failed') AS stranger,
      sum(CASE status WHEN 'succeeded' THEN amount_captured ELSE 0 END) AS captured, sum(amount_refunded) AS refunded
    FROM transactions GROUP BY 1, 2, 3)
  GROUP BY start, gateway`;

export async function seedStatistics(d1: D1Database): Promise<void> {
  const { results } = await d1.prepare(HOURS).all<Hour>();
  const rows = Object.entries(SPAN_MS).flatMap(([span, lengthMs]) => {
    const sums = new Map<number, Facts>();
    for (const hour of results) {
      const start = hour.start - (hour.start % lengthMs);
      sums.set(start, addFacts(sums.get(start) ?? {}, { [hour.gateway]: toFigures(hour) }));
    }
    return [...sums].map(([start, facts]) => [span, start, facts] as const);
  });
  // As JSON, for a statement takes at most 100 values.
  await d1
    .prepare(
      `INSERT INTO statistics (span, start, facts)
      SELECT value ->> 0, value ->> 1, value -> 2 FROM json_each(?)`,
    )
    .bind(JSON.stringify(rows))
    .run();
}

function toFigures({ failures, money, ...hour }: Hour): Figures {
  const { succeeded, failed, canceled, expired, review } = hour;
  const share = (classes: readonly number[]) => classes.map((part) => Math.round((part * succeeded) / 100));
  return {
    ended: { succeeded, failed, canceled, expired, review },
    money: JSON.parse(money) as Figures["money"],
    timeToPaid: share(TIME_TO_PAID),
    webhookLag: share(WEBHOOK_LAG),
    push: share(PUSH),
    failures: JSON.parse(failures) as Figures["failures"],
    secrets: { "1": Math.round(succeeded * 0.9) },
  };
}
