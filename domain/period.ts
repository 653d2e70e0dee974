/**
 * Periods: when each billing period of a subscription begins.
 *
 * Every start is computed from the anchor, never from the period before it: 31 January is followed
 * by 28 February and then by 31 March. Periods tile: each ends at the very instant at which the
 * next begins.
 */
import { DateTime, IANAZone } from 'luxon';

import { DomainError } from './errors.js';

/** The unit in which periods are counted. `minute` is for tests and demonstrations. */
export type Interval = 'minute' | 'day' | 'week' | 'month' | 'year';

/** How often a subscription is billed, and from when. Immutable once the subscription exists. */
export interface Cadence {
  readonly interval: Interval;
  /** Units per period, a whole number from 1: `month` and 3 is a quarter. */
  readonly intervalCount: number;
  /** When period 0 begins (epoch milliseconds). Its local date and time are the anchor. */
  readonly startsAt: number;
  /** The IANA zone whose wall clock the anchor keeps over daylight saving: "Europe/Berlin". */
  readonly timeZone: string;
}

/** One billing period, in epoch milliseconds: `start` belongs to it, `end` to the next one. */
export interface Period {
  /** From 0. */
  readonly index: number;
  readonly start: number;
  readonly end: number;
}

export function periodAt(cadence: Cadence, index: number): Period {
  return { index, start: periodStart(cadence, index), end: periodStart(cadence, index + 1) };
}

/** When the period begins. An anchor on day 29 to 31 falls on the last day of a shorter month. */
export function periodStart(cadence: Cadence, index: number): number {
  requireCadence(cadence);
  if (!Number.isSafeInteger(index) || index < 0) throw outOfRange(index);
  const { interval, intervalCount, startsAt } = cadence;
  // An anchor in the second of two equal local hours would otherwise begin an hour before itself.
  if (index === 0) return startsAt;

  const units = index * intervalCount;
  const start =
    interval === 'minute'
      ? startsAt + units * MINUTE
      : instantOf(wallClock(cadence).plus({ [interval]: units }), cadence.timeZone);
  if (!Number.isSafeInteger(start) || Math.abs(start) > LAST_INSTANT) throw outOfRange(index);
  return start;
}

/** The period that contains the instant; undefined before the anchor. */
export function indexContaining(cadence: Cadence, instant: number): number | undefined {
  requireCadence(cadence);
  if (instant < cadence.startsAt) return undefined;
  const length = USUAL_LENGTH[cadence.interval] * cadence.intervalCount;
  let index = Math.floor((instant - cadence.startsAt) / length);
  // The estimate is off by days at most, however far the instant: a few steps settle it.
  while (index > 0 && periodStart(cadence, index) > instant) index--;
  while (periodStart(cadence, index + 1) <= instant) index++;
  return index;
}

/** The first period that begins at or after the instant; 0 when that is before the anchor. */
export function firstIndexFrom(cadence: Cadence, instant: number): number {
  const index = indexContaining(cadence, instant);
  if (index === undefined) return 0;
  return periodStart(cadence, index) === instant ? index : index + 1;
}

/** Whether this names a zone of the IANA database. A bare offset ("+01:00") knows no seasons. */
export function isTimeZone(name: string): boolean {
  return STARTS_WITH_LETTER.test(name) && IANAZone.isValidZone(name);
}

/** The anchor's local date and time as if they were UTC: a calendar without daylight saving. */
function wallClock({ startsAt, timeZone }: Cadence): DateTime {
  return DateTime.fromMillis(startsAt, { zone: timeZone }).setZone('utc', { keepLocalTime: true });
}

/**
 * The instant at which the zone's clocks show this wall time. Of two, the first. If clocks jump
 * over it, the time moves forward by the jump; but where they skip a whole date (Samoa, 30 December
 * 2011), it comes half a day earlier than that, or the missing day's period would begin together
 * with the next one's.
 */
function instantOf(wallTime: DateTime, timeZone: string): number {
  const wall = wallTime.toMillis();
  const zone = IANAZone.create(timeZone);
  const before = zone.offset(wall - DAY) * MINUTE;
  const after = zone.offset(wall + DAY) * MINUTE;
  const shown = [wall - before, wall - after].filter(
    (instant) => instant + zone.offset(instant) * MINUTE === wall,
  );
  if (shown.length > 0) return Math.min(...shown);
  return after - before >= DAY ? wall - before - DAY / 2 : wall - before;
}

function requireCadence({ intervalCount, startsAt, timeZone }: Cadence): void {
  if (!Number.isSafeInteger(intervalCount) || intervalCount < 1)
    throw badCadence('bad_interval_count', 'interval_count', 'A period has at least one unit.');
  if (!Number.isSafeInteger(startsAt))
    throw badCadence('bad_instant', 'starts_at', 'The anchor must be an instant.');
  // Unlike isTimeZone this remembers the answer, which is safe for names that were once accepted.
  if (!STARTS_WITH_LETTER.test(timeZone) || !IANAZone.create(timeZone).isValid)
    throw badCadence('unknown_time_zone', 'time_zone', `Unknown time zone "${timeZone}".`);
}

function badCadence(reason: string, field: string, message: string): DomainError {
  return new DomainError('invalid', reason, message, field);
}

function outOfRange(index: number): DomainError {
  return new DomainError('invalid', 'period_out_of_range', `There is no period ${index}.`);
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const LAST_INSTANT = 8.64e15;
const STARTS_WITH_LETTER = /^[A-Za-z]/;

/** Mean lengths over the Gregorian cycle of 400 years, for the estimate in `indexContaining`. */
const USUAL_LENGTH: Record<Interval, number> = {
  minute: MINUTE,
  day: DAY,
  week: 7 * DAY,
  month: (146_097 / 4800) * DAY,
  year: (146_097 / 400) * DAY,
};
