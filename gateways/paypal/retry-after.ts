/** How long a gateway wants to be left alone: seconds, or a date. */
import type { IncomingHttpHeaders } from 'node:http';

export function retryAfterMs(headers: IncomingHttpHeaders): number | undefined {
  const said = headers['retry-after'];
  if (said === undefined) return undefined;
  const ms = /^\d+$/.test(said) ? Number(said) * 1000 : Date.parse(said) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), MOST_MS);
}

/** A wait of days is a mistake of somebody's, and would stop the account. */
const MOST_MS = 3_600_000;
