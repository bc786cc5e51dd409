/** Repeats work that may be repeated, with exponential backoff and full jitter. */

export interface RetryOptions {
  /** In all, the first one included. */
  readonly attempts: number;
  /** The longest first pause; each next one may be twice as long. */
  readonly baseMs: number;
  isRetryable(error: unknown): boolean;
}

/** @throws what the last attempt threw */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= options.attempts || !options.isRetryable(error)) {
        throw error;
      }
      const pauseMs = Math.random() * options.baseMs * 2 ** (attempt - 1);
      await new Promise<void>((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
