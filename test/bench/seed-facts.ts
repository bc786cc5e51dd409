/** What is true of each seeded transaction, by its number, as a SQL table `facts` that the rows of all tables come from. */

/** Epoch milliseconds, but for the numbers of transactions. */
export interface Month {
  readonly now: number;
  /** The first number that is pending. */
  readonly recent: number;
  /** The first number whose events the shop has not taken: half of them, for it is in trouble. */
  readonly owedFrom: number;
  readonly start: number;
  readonly stepMs: number;
  /** From when on the pending ones were made. */
  readonly rush: number;
  readonly rushStepMs: number;
}

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
/** The 48 bits of the time are the first 10 characters of an id, highest first. */
const SHIFTS = [45, 40, 35, 30, 25, 20, 15, 10, 5, 0];

/** A TypeID of a time; what follows the time is made of the number and a salt, in the form of a UUIDv7. */
export function typeId(prefix: string, at: string, salt = 0): string {
  const characters = SHIFTS.map((shift) => `substr('${ALPHABET}', ((${at} >> ${shift}) & 31) + 1, 1)`);
  const tail = `printf('e%02x8%012x', (i + ${salt}) & 255, (i + ${salt}) * 680015203459 & 281474976710655)`;
  return `'${prefix}_' || ${characters.join(" || ")} || ${tail}`;
}

/** A number that looks like chance: the middle of a square. */
function dice(factor: number): string {
  const mixed = `(i * ${factor} & 2147483647)`;
  return `(${mixed} * ${mixed} >> 24)`;
}

/** The head of a statement whose table `facts` holds the transactions of these numbers. */
export function factsOf(month: Month, from: number, to: number): string {
  return `WITH RECURSIVE
    numbers(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM numbers WHERE i < ${to - 1}),
    drawn AS MATERIALIZED (${drawn(month)}),
    fated AS MATERIALIZED (${fated(month)}),
    facts AS MATERIALIZED (${told(month)})`;
}

/** Fates come in exact shares of each thousand; everything else is diced. */
function drawn({ recent, start, stepMs, rush, rushStepMs }: Month): string {
  return `SELECT i, i * 617 % 1000 AS fate,
    ${dice(2654435761)} AS d1, ${dice(2246822519)} AS d2, ${dice(3266489917)} AS d3, ${dice(668265263)} AS d4,
    CASE WHEN i < ${recent} THEN ${start} + i * ${stepMs} ELSE ${rush} + (i - ${recent}) * ${rushStepMs} END AS born
    FROM numbers`;
}

function fated({ now, recent }: Month): string {
  return `SELECT *,
    CASE WHEN i >= ${recent} THEN 'pending'
      WHEN fate < 60 AND born < ${now - 2 * 60 * 60_000} THEN 'expired'
      WHEN fate BETWEEN 60 AND 99 THEN 'failed'
      WHEN fate BETWEEN 100 AND 114 THEN 'canceled'
      WHEN fate = 115 THEN 'review'
      WHEN fate = 116 AND i % 5000 < 1000 THEN 'processing'
      WHEN fate = 116 AND i % 5000 < 2000 THEN 'authorized'
      ELSE 'succeeded' END AS status,
    CASE WHEN d1 % 100 < 80 THEN 'generic' WHEN d1 % 100 < 95 THEN 'adyen' ELSE 'stripe' END AS gateway,
    CASE WHEN d2 % 10 < 6 THEN 'EUR' WHEN d2 % 10 < 8 THEN 'USD' WHEN d2 % 10 < 9 THEN 'GBP' ELSE 'JPY' END AS currency,
    199 + d3 % 30000 AS amount,
    ${typeId("txn", "born")} AS id,
    printf('%012x', d1 * 977 & 281474976710655) AS mark,
    8000 + d4 % 90000 + CASE WHEN d4 % 20 = 0 THEN d4 % 900000 ELSE 0 END AS took
    FROM drawn`;
}

function told({ now, owedFrom }: Month): string {
  return `SELECT *,
    CASE status WHEN 'pending' THEN born + 300 WHEN 'expired' THEN born + 1830000 ELSE born + took END AS ended,
    CASE WHEN status <> 'succeeded' THEN NULL WHEN d4 % 1000 < 14 THEN 'part' WHEN d4 % 1000 < 19 THEN 'whole'
      WHEN d4 % 1000 = 19 THEN 'pending' WHEN d4 % 1000 = 20 THEN 'failed' END AS back,
    min(born + took + 3600000 + d3 % 86400000, ${now - 60_000}) AS back_at,
    CASE status WHEN 'succeeded' THEN amount WHEN 'review' THEN amount + CASE i / 1000 % 3 WHEN 0 THEN 100 ELSE 0 END
      ELSE 0 END AS captured,
    CASE WHEN status = 'expired' THEN 'cron' WHEN status <> 'canceled' THEN CASE WHEN d3 % 12 = 0 THEN 'buyer' ELSE 'webhook' END
      WHEN fate < 106 THEN 'webhook' WHEN fate < 110 THEN 'shop' ELSE 'operator' END AS source,
    CASE WHEN d2 % 500 = 0 THEN 'dead' WHEN i >= ${owedFrom} AND d2 % 2 = 1 THEN 'owed'
      ELSE 'delivered' END AS shop,
    CASE WHEN d1 % 3 = 0 THEN 'customer-' || (d2 % 40000) END AS customer,
    CASE WHEN d2 % 4 = 0 THEN 'app' ELSE 'web' END AS channel,
    CASE gateway WHEN 'generic' THEN 's_' || id WHEN 'stripe' THEN 'cs_test_' || mark || printf('%08x', i)
      ELSE 'PL' || upper(mark) || CASE WHEN status IN ('succeeded', 'review') THEN '/' || printf('%016X', i * 7919 + 1) ELSE '' END
      END AS reference,
    'evt_' || mark || printf('%08x', i) AS event_id,
    CASE WHEN status = 'failed' THEN CASE WHEN d3 % 10 < 6 THEN 'card_declined' WHEN d3 % 10 < 8 THEN 'insufficient_funds'
      ELSE 'authentication_failed' END END AS failure,
    CASE WHEN status = 'review' THEN CASE i / 1000 % 3 WHEN 0 THEN 'wrong_amount' WHEN 1 THEN 'late_payment'
      ELSE 'duplicate_payment' END END AS doubt
    FROM fated`;
}
