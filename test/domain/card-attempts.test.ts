import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type CardAttempt, earliestNextAttempt } from '../../domain/card-attempts.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CAPS = { perCard24h: 4, perCardAmount30d: 15 };
const wanted = { amountMinor: 1900, currency: 'EUR' };

const same = (at: number): CardAttempt => ({ at, ...wanted });
const other = (at: number): CardAttempt => ({ at, amountMinor: 700, currency: 'EUR' });

/** The rule as the networks put it, counted plainly. */
function allowed(attempts: readonly CardAttempt[], t: number, caps: typeof CAPS): boolean {
  const within = (window: number) => attempts.filter(({ at }) => at > t - window);
  const alike = within(30 * DAY).filter(
    (a) => a.amountMinor === wanted.amountMinor && a.currency === wanted.currency,
  );
  return within(DAY).length < caps.perCard24h && alike.length < caps.perCardAmount30d;
}

describe('earliestNextAttempt', () => {
  it('is now while both windows have room', () => {
    expect(earliestNextAttempt([], wanted, 5, CAPS)).toBe(5);
    expect(earliestNextAttempt([1, 2, 3].map(same), wanted, 5, CAPS)).toBe(5);
  });

  it('waits until the oldest of four in a day has gone, whatever the amounts', () => {
    const four = [other(4 * HOUR), same(HOUR), other(2 * HOUR), same(3 * HOUR)];
    expect(earliestNextAttempt(four, wanted, 5 * HOUR, CAPS)).toBe(HOUR + DAY);
    expect(earliestNextAttempt(four, wanted, HOUR + DAY, CAPS)).toBe(HOUR + DAY);
  });

  it('waits out the thirty days for this amount only', () => {
    const fifteen = Array.from({ length: 15 }, (_, i) => same(i * DAY));
    expect(earliestNextAttempt(fifteen, wanted, 20 * DAY, CAPS)).toBe(30 * DAY);
    expect(earliestNextAttempt(fifteen, { ...wanted, amountMinor: 1 }, 20 * DAY, CAPS)).toBe(
      20 * DAY,
    );
    expect(earliestNextAttempt(fifteen, { ...wanted, currency: 'USD' }, 20 * DAY, CAPS)).toBe(
      20 * DAY,
    );
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses a cap of %s', (cap) => {
    expect(() => earliestNextAttempt([], wanted, 0, { ...CAPS, perCard24h: cap })).toThrow('cap');
  });

  it('never breaks a cap, and no earlier instant would do', () => {
    const histories = fc.array(
      fc.record({
        at: fc.oneof(
          fc.nat(40 * DAY),
          fc.nat(40).map((n) => n * DAY),
        ),
        amountMinor: fc.constantFrom(1900, 1900, 700),
        currency: fc.constantFrom('EUR', 'EUR', 'USD'),
      }),
      { maxLength: 60 },
    );
    const someCaps = fc.record({
      perCard24h: fc.integer({ min: 1, max: 10 }),
      perCardAmount30d: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(histories, fc.nat(60 * DAY), someCaps, (attempts, from, caps) => {
        const at = earliestNextAttempt(attempts, wanted, from, caps);
        expect(at).toBeGreaterThanOrEqual(from);
        expect(allowed(attempts, at, caps)).toBe(true);
        // Room only ever appears as time passes, so one millisecond earlier speaks for all of them.
        if (at > from) expect(allowed(attempts, at - 1, caps)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});
