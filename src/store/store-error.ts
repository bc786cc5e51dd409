/** D1 did not answer, or answered with an error that is not a conflict. The write may have been committed. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}
