/**
 * Card attempts: how often one card may be tried. The card networks fine a merchant for each try
 * too many, so we stay below their limits, however many policies and people ask for a retry.
 */
import { DomainError } from './errors.js';

/**
 * One attempt on one card that reached the card network, whoever asked for it and whatever came of
 * it.
 */
export interface CardAttempt {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly amountMinor: number;
  readonly currency: string;
}

/** The most attempts on one card in any rolling window. Both are whole numbers from 1. */
export interface CardCaps {
  /** Within 24 hours, whatever the amount. */
  readonly perCard24h: number;
  /** Within 30 days, of the same amount in the same currency. */
  readonly perCardAmount30d: number;
}

/**
 * The earliest instant from `from` at which one more attempt stays within both caps; `from` itself
 * if it may be now. `attempts` are one card's, in any order. An attempt leaves its window exactly
 * 24 hours or 30 days later.
 */
export function earliestNextAttempt(
  attempts: readonly CardAttempt[],
  wanted: Pick<CardAttempt, 'amountMinor' | 'currency'>,
  from: number,
  caps: CardCaps,
): number {
  const alike = attempts.filter(
    ({ amountMinor, currency }) =>
      amountMinor === wanted.amountMinor && currency === wanted.currency,
  );
  return Math.max(
    from,
    windowOpens(attempts, caps.perCard24h, DAY),
    windowOpens(alike, caps.perCardAmount30d, 30 * DAY),
  );
}

/**
 * When fewer than `cap` of the attempts lie within the window: once the cap-th newest has left it.
 */
function windowOpens(attempts: readonly CardAttempt[], cap: number, window: number): number {
  if (!Number.isSafeInteger(cap) || cap < 1)
    throw new DomainError('invalid', 'bad_cap', 'A cap on attempts is a whole number from 1.');
  const newestFirst = attempts.map(({ at }) => at).toSorted((a, b) => b - a);
  const blocking = newestFirst[cap - 1];
  return blocking === undefined ? -Infinity : blocking + window;
}

const DAY = 24 * 60 * 60_000;
