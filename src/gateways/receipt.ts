/**
 * What a receipt is made of: times as gateways write them, and what a signature proves. A time that cannot be read is
 * none, and no reason to refuse a webhook.
 */
import * as z from "zod/mini";
import type { Receipt } from "./gateway.ts";

/** The end of what a Date can hold, in epoch seconds. */
const END = 8.64e12;

/** RFC 3339, read as epoch milliseconds. */
export const time = z.catch(
  z.nullable(
    z.pipe(
      z.pipe(
        z.iso.datetime({ offset: true }),
        z.transform((text) => Date.parse(text)),
      ),
      z.int(),
    ),
  ),
  null,
);

/** Whole epoch seconds, read as epoch milliseconds. */
export const seconds = z.catch(
  z.nullable(
    z.pipe(
      z.int().check(z.positive(), z.maximum(END)),
      z.transform((count) => count * 1000),
    ),
  ),
  null,
);

/** What a receipt says by the signature alone. */
export type Proof = Omit<Receipt, "occurredAt">;

/** Of what came without a signature: on our own asking, or as a bare hint. */
export const UNSIGNED: Proof = { signedAt: null, secret: null };
