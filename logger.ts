/** Logs: one JSON line per fact. What may be logged is listed; everything else about a request is left out. */
import { type Logger, pino } from 'pino';

export type { Logger };

export function makeLogger(level: string, pretty: boolean): Logger {
  return pino({
    level,
    base: null,
    ...(pretty && {
      transport: { target: 'pino-pretty', options: { ignore: 'time', singleLine: true } },
    }),
    serializers: { err: onlyWhatIsSafe, error: onlyWhatIsSafe },
  });
}

/** An error's own enumerable fields may hold whole requests, so they are not logged. */
function onlyWhatIsSafe(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error).slice(0, 500) };
  return { type: error.name, message: error.message.slice(0, 1_000), stack: error.stack };
}
