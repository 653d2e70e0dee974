import fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';

import {
  type Cadence,
  type Interval,
  firstIndexFrom,
  indexContaining,
  isTimeZone,
  periodAt,
  periodStart,
} from '../../domain/period.js';

const ZONES = [
  'Europe/Berlin',
  'America/Sao_Paulo',
  'America/New_York',
  'Pacific/Apia',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Antarctica/Troll',
  'UTC',
];

const at = (text: string, zone: string): number => DateTime.fromISO(text, { zone }).toMillis();

function cadence(interval: Interval, text: string, timeZone: string, intervalCount = 1): Cadence {
  return { interval, intervalCount, startsAt: at(text, timeZone), timeZone };
}

/** The first starts as the zone's own clocks show them. */
function starts(of: Cadence, count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) =>
    DateTime.fromMillis(periodStart(of, from + i), { zone: of.timeZone }).toFormat(
      "yyyy-MM-dd'T'HH:mmZZ",
    ),
  );
}

describe('periodStart', () => {
  it('clamps to the last day of a short month and returns to the anchor day', () => {
    expect(starts(cadence('month', '2026-01-31T00:00', 'UTC'), 5)).toEqual([
      '2026-01-31T00:00+00:00',
      '2026-02-28T00:00+00:00',
      '2026-03-31T00:00+00:00',
      '2026-04-30T00:00+00:00',
      '2026-05-31T00:00+00:00',
    ]);
    expect(starts(cadence('month', '2027-12-30T09:00', 'UTC'), 3)[2]).toBe(
      '2028-02-29T09:00+00:00',
    );
    expect(starts(cadence('month', '2026-08-31T00:00', 'UTC', 3), 3)).toEqual([
      '2026-08-31T00:00+00:00',
      '2026-11-30T00:00+00:00',
      '2027-02-28T00:00+00:00',
    ]);
  });

  it('takes 29 February to the 28th and back', () => {
    expect(starts(cadence('year', '2028-02-29T12:00', 'Europe/Berlin'), 5)).toEqual([
      '2028-02-29T12:00+01:00',
      '2029-02-28T12:00+01:00',
      '2030-02-28T12:00+01:00',
      '2031-02-28T12:00+01:00',
      '2032-02-29T12:00+01:00',
    ]);
  });

  it('keeps the local time over daylight saving', () => {
    expect(starts(cadence('week', '2026-03-22T00:00', 'Europe/Berlin'), 3)).toEqual([
      '2026-03-22T00:00+01:00',
      '2026-03-29T00:00+01:00',
      '2026-04-05T00:00+02:00',
    ]);
    expect(starts(cadence('month', '2026-03-01T00:00', 'Australia/Lord_Howe'), 3)).toEqual([
      '2026-03-01T00:00+11:00',
      '2026-04-01T00:00+11:00',
      '2026-05-01T00:00+10:30',
    ]);
  });

  it('moves a time that the clocks jump over forward, for that day alone', () => {
    expect(starts(cadence('day', '2026-03-28T02:30', 'Europe/Berlin'), 3)).toEqual([
      '2026-03-28T02:30+01:00',
      '2026-03-29T03:30+02:00',
      '2026-03-30T02:30+02:00',
    ]);
    // Midnight itself is jumped over here.
    expect(starts(cadence('month', '2018-10-04T00:00', 'America/Sao_Paulo'), 2)).toEqual([
      '2018-10-04T00:00-03:00',
      '2018-11-04T01:00-02:00',
    ]);
  });

  it('takes the first of two equal local times', () => {
    expect(starts(cadence('day', '2026-10-24T02:30', 'Europe/Berlin'), 3)).toEqual([
      '2026-10-24T02:30+02:00',
      '2026-10-25T02:30+02:00',
      '2026-10-26T02:30+01:00',
    ]);
  });

  it('begins at the anchor even in the second of two equal local hours', () => {
    const second: Cadence = {
      ...cadence('day', '2026-10-25T02:30', 'Europe/Berlin'),
      startsAt: Date.UTC(2026, 9, 25, 1, 30),
    };
    expect(starts(second, 2)).toEqual(['2026-10-25T02:30+01:00', '2026-10-26T02:30+01:00']);
  });

  it('gives a date that a zone skipped a short period of its own', () => {
    expect(starts(cadence('day', '2011-12-28T10:00', 'Pacific/Apia'), 4)).toEqual([
      '2011-12-28T10:00-10:00',
      '2011-12-29T10:00-10:00',
      '2011-12-29T22:00-10:00',
      '2011-12-31T10:00+14:00',
    ]);
  });

  it('keeps seconds and milliseconds, and counts minutes plainly', () => {
    const odd = { ...cadence('month', '2026-01-15T10:20:30.456', 'Asia/Kathmandu') };
    expect(periodStart(odd, 1)).toBe(at('2026-02-15T10:20:30.456', 'Asia/Kathmandu'));
    expect(periodStart({ ...odd, interval: 'minute', intervalCount: 5 }, 1_000_000)).toBe(
      odd.startsAt + 5 * 60_000 * 1_000_000,
    );
  });

  it.each([
    [{ intervalCount: 0 }, 'bad_interval_count'],
    [{ intervalCount: 1.5 }, 'bad_interval_count'],
    [{ startsAt: Number.NaN }, 'bad_instant'],
    [{ timeZone: 'Mars/Olympus' }, 'unknown_time_zone'],
    [{ timeZone: '+01:00' }, 'unknown_time_zone'],
    [{ timeZone: '' }, 'unknown_time_zone'],
  ])('refuses %j', (wrong, reason) => {
    const broken = { ...cadence('month', '2026-01-01', 'UTC'), ...wrong };
    expect(() => periodStart(broken, 0)).toThrow(expect.objectContaining({ reason }));
  });

  it.each([-1, 0.5, Number.NaN, 1e12])('has no period %s', (index) => {
    expect(() => periodStart(cadence('year', '2026-01-01', 'UTC'), index)).toThrow('no period');
  });
});

describe('looking a period up', () => {
  const monthly = cadence('month', '2026-01-31T00:00', 'Europe/Berlin');

  it('owns its start and not its end', () => {
    const { start, end } = periodAt(monthly, 1);
    expect(indexContaining(monthly, start - 1)).toBe(0);
    expect(indexContaining(monthly, start)).toBe(1);
    expect(indexContaining(monthly, end - 1)).toBe(1);
    expect(indexContaining(monthly, end)).toBe(2);
  });

  it('finds nothing before the anchor, and begins with period 0', () => {
    expect(indexContaining(monthly, monthly.startsAt - 1)).toBeUndefined();
    expect(firstIndexFrom(monthly, 0)).toBe(0);
    expect(firstIndexFrom(monthly, monthly.startsAt)).toBe(0);
    expect(firstIndexFrom(monthly, monthly.startsAt + 1)).toBe(1);
  });
});

describe('isTimeZone', () => {
  it.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires'])('knows %s', (name) => {
    expect(isTimeZone(name)).toBe(true);
  });
  it.each(['', 'local', 'Berlin', '+01:00', 'UTC+1', 'Europe/Berlin '])('refuses %j', (name) => {
    expect(isTimeZone(name)).toBe(false);
  });
});

describe('any cadence', () => {
  const cadences: fc.Arbitrary<Cadence> = fc.record({
    interval: fc.constantFrom<Interval>('minute', 'day', 'week', 'month', 'year'),
    intervalCount: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 36 })),
    startsAt: fc.oneof(
      fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2045, 0) }),
      fc
        .integer({ min: Date.UTC(2011, 11, 1) / 60_000, max: Date.UTC(2012, 0) / 60_000 })
        .map((minute) => minute * 60_000),
    ),
    timeZone: fc.constantFrom(...ZONES),
  });
  const indexes = fc.oneof(fc.nat(40), fc.nat(1500));

  it('tiles: every period ends where the next begins, and after it began', () => {
    fc.assert(
      fc.property(cadences, indexes, (of, index) => {
        const [here, next] = [periodAt(of, index), periodAt(of, index + 1)];
        expect(here.end).toBe(next.start);
        expect(here.end).toBeGreaterThan(here.start);
      }),
      { numRuns: 2000 },
    );
  });

  it('finds every instant in exactly the period that contains it', () => {
    fc.assert(
      fc.property(
        cadences,
        indexes,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (of, index, part) => {
          const { start, end } = periodAt(of, index);
          const within = start + Math.floor((end - start - 1) * part);
          expect(indexContaining(of, within)).toBe(index);
          expect(firstIndexFrom(of, start)).toBe(index);
          expect(firstIndexFrom(of, start + 1)).toBe(index + 1);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('shows the anchor’s local time, unless the clocks jump over it', () => {
    fc.assert(
      fc.property(cadences, indexes, (of, index) => {
        fc.pre(of.interval !== 'minute' && index > 0);
        const zone = of.timeZone;
        const anchor = DateTime.fromMillis(of.startsAt, { zone });
        const start = DateTime.fromMillis(periodStart(of, index), { zone });
        // Where a whole date is skipped, its period begins before the jump.
        const jumped = [-25, 25].some((hours) => start.plus({ hours }).offset !== start.offset);
        if (!jumped) expect(start.toFormat('HH:mm:ss.SSS')).toBe(anchor.toFormat('HH:mm:ss.SSS'));
        if (!jumped && (of.interval === 'month' || of.interval === 'year'))
          expect(start.day).toBe(Math.min(anchor.day, start.daysInMonth!));
      }),
      { numRuns: 1000 },
    );
  });

  it('answers for a far instant without counting up to it', () => {
    const daily = cadence('day', '1990-01-01T00:00', 'Europe/Berlin');
    const far = at('2990-01-01T00:00', 'Europe/Berlin');
    expect(indexContaining(daily, far)).toBe(365_243);
  });
});
