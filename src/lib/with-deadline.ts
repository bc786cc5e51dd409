/** An answer, or an error when it takes too long. What comes of the call after that is passed over. */

/** @throws the error that `late` makes */
export async function withDeadline<T>(answer: Promise<T>, ms: number, late: () => Error): Promise<T> {
  const deadline = Promise.withResolvers<never>();
  const timer = setTimeout(() => deadline.reject(late()), ms);
  try {
    // The race has taken the rejection of whoever loses it.
    return await Promise.race([answer, deadline.promise]);
  } finally {
    clearTimeout(timer);
  }
}
