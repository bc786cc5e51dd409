/**
 * One JSON object a line. The fields are an allow-list: never bodies, secrets, headers, addresses with a query, or
 * personal data.
 */
export interface LogFields {
  readonly request_id?: string;
  readonly transaction_id?: string;
  readonly gateway?: string;
  readonly method?: string;
  /** The route's pattern, never the address itself. */
  readonly route?: string;
  readonly http_status?: number;
  readonly duration_ms?: number;
  readonly status?: string;
  readonly version?: number;
  readonly source?: string;
  readonly outcome?: string;
  readonly reason?: string;
  readonly event_id?: string;
  readonly attempt?: number;
  readonly count?: number;
  readonly error?: string;
}

export interface Log {
  /** @param event dotted, in the past tense: `transaction.advanced` */
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** @param context fields that every line of this invocation carries */
export function createLog(context: LogFields): Log {
  const line = (level: string, event: string, fields?: LogFields) =>
    JSON.stringify({ time: new Date().toISOString(), level, event, ...context, ...fields });
  return {
    info: (event, fields) => console.log(line("info", event, fields)),
    warn: (event, fields) => console.warn(line("warn", event, fields)),
    error: (event, fields) => console.error(line("error", event, fields)),
  };
}

/** An error's class and message, bounded. Those of the database and of gateways are ours, and carry no parameter. */
export function describeError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 200) : "unknown error";
}
