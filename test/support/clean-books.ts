/** For tests of money: each begins with empty books and no pauses before retries, and ends with books that agree. */
import { afterEach, beforeEach, vi } from "vitest";
import { checkInvariants } from "./invariants.ts";
import { emptyTables } from "./system.ts";

export function keepCleanBooks(): void {
  beforeEach(async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    await emptyTables();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await checkInvariants();
  });
}
