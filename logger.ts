/** Logs: one JSON line per fact. What may be logged is listed; everything else about a request is left out. */
import { type Logger, destination, pino } from 'pino';

export type { Logger };

/** Writes to the terminal, or to a file where the terminal is for something else. */
export function makeLogger(level: string, file?: string): Logger {
  const options = { level, base: null, serializers: { err: onlyWhatIsSafe } };
  return pino(options, destination({ dest: file ?? 1, mkdir: true, sync: false }));
}

/** An error's own fields may hold whole requests, so they are not logged. */
function onlyWhatIsSafe(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error).slice(0, 500) };
  return { type: error.name, message: error.message.slice(0, 1_000), stack: error.stack };
}
