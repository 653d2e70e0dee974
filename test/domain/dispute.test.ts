import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  DISPUTE_TRANSITIONS,
  type DisputeStatus,
  isOpenDispute,
  lookAgainAt,
  remindersDue,
  statusAfter,
} from '../../domain/dispute.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const RESPOND_BY = Date.UTC(2026, 11, 20, 12);

const STATUSES = Object.keys(DISPUTE_TRANSITIONS) as DisputeStatus[];
const status = fc.constantFrom(...STATUSES);

function afterAll(seen: readonly DisputeStatus[]): DisputeStatus | undefined {
  return seen.reduce<DisputeStatus | undefined>(
    (before, next) => statusAfter(before, next),
    undefined,
  );
}

describe('the status of a dispute', () => {
  test('never leaves what was decided, whatever is heard afterwards', () => {
    fc.assert(
      fc.property(fc.array(status, { minLength: 1 }), (seen) => {
        const decided = seen.find((one) => !isOpenDispute(one));
        const end = afterAll(seen)!;
        if (decided) expect(end).toBe(decided);
        else expect(isOpenDispute(end)).toBe(true);
      }),
    );
  });

  test('ends alike for every order and number of looks that include the decision', () => {
    const open = fc.array(status.filter(isOpenDispute), { maxLength: 6 });
    const decision = status.filter((one) => !isOpenDispute(one));
    fc.assert(
      fc.property(open, open, decision, (before, after, end) => {
        expect(afterAll([...before, end, ...after, end])).toBe(end);
      }),
    );
  });
});

describe('reminders', () => {
  test.each([
    [8 * DAY, 0],
    [7 * DAY, 1],
    [2 * DAY + 1, 1],
    [2 * DAY, 2],
    [DAY, 3],
    [-DAY, 3],
  ])('%i ms before the last moment %i have come due', (before, due) => {
    expect(remindersDue(RESPOND_BY, RESPOND_BY - before)).toBe(due);
  });
});

describe('an open dispute is looked at again', () => {
  const waiting = { status: 'needs_response', respondBy: RESPOND_BY } as const;

  test('once a day', () => {
    const now = RESPOND_BY - 20 * DAY;
    expect(lookAgainAt(waiting, now)).toBe(now + DAY);
    expect(lookAgainAt({ status: 'under_review', respondBy: undefined }, now)).toBe(now + DAY);
  });

  test('at each reminder', () => {
    expect(lookAgainAt(waiting, RESPOND_BY - 7 * DAY - HOUR)).toBe(RESPOND_BY - 7 * DAY);
    expect(lookAgainAt(waiting, RESPOND_BY - 2 * DAY - HOUR)).toBe(RESPOND_BY - 2 * DAY);
  });

  test('every hour in the last two days, and then once a day again', () => {
    const late = RESPOND_BY - 30 * HOUR;
    expect(lookAgainAt(waiting, late)).toBe(late + HOUR);
    expect(lookAgainAt(waiting, RESPOND_BY - 60_000)).toBe(RESPOND_BY);
    expect(lookAgainAt(waiting, RESPOND_BY)).toBe(RESPOND_BY + DAY);
  });

  test('always later, and never later than a day', () => {
    fc.assert(
      fc.property(
        status.filter(isOpenDispute),
        fc.option(fc.integer({ min: 0, max: 60 * DAY }), { nil: undefined }),
        fc.integer({ min: 0, max: 60 * DAY }),
        (one, respondBy, now) => {
          const at = lookAgainAt({ status: one, respondBy }, now);
          expect(at).toBeGreaterThan(now);
          expect(at).toBeLessThanOrEqual(now + DAY);
        },
      ),
    );
  });
});
