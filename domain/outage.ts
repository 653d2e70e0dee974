/**
 * Outages: how long a renewal waits when no gateway could be asked. They never spend a customer's
 * retries.
 */
import { DomainError } from './errors.js';

const MINUTE = 60_000;

/**
 * Milliseconds to wait after the first, second, … round that found no gateway; the last one repeats
 * for ever.
 */
export const OUTAGE_LADDER: readonly number[] = [1, 2, 5, 10, 20, 30].map((n) => n * MINUTE);

/** Milliseconds to wait after the `k`-th round in a row that found no gateway, `k` from 1. */
export function afterOutage(k: number, ladder: readonly number[] = OUTAGE_LADDER): number {
  const wait = ladder[Math.min(Math.max(k, 1), ladder.length) - 1];
  if (wait === undefined)
    throw new DomainError('invalid', 'bad_outage_ladder', 'A ladder of waits needs a first step.');
  return wait;
}
