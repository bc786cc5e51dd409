/** A D1 binding of which each round trip passes a seam. What is above it, the store's own retries included, is real. */
import { aroundD1 } from "../../../src/store/around-d1.ts";

export type Seam = <T>(call: () => Promise<T>) => Promise<T>;

export function seamedD1(d1: D1Database, seam: Seam): D1Database {
  return aroundD1(d1, (_queries, call) => seam(call));
}
