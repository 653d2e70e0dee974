import { describe, expect, it, test } from 'vitest';

import { languageOf, localeOf } from '../../domain/locale.js';
import { daytime, isOvertaken, isStale, nextAttempt } from '../../domain/notice.js';

describe('the hour of a notice', () => {
  test.each([
    ['Europe/Berlin', '2026-12-01T07:00:00Z', '2026-12-01T07:00:00Z', 'at eight it may go'],
    ['Europe/Berlin', '2026-12-01T06:59:59Z', '2026-12-01T07:00:00Z', 'a second before it waits'],
    ['Europe/Berlin', '2026-12-01T18:59:59Z', '2026-12-01T18:59:59Z', 'in the evening'],
    ['Europe/Berlin', '2026-12-01T19:00:00Z', '2026-12-02T07:00:00Z', 'from twenty on it waits'],
    ['Pacific/Auckland', '2026-12-01T10:00:00Z', '2026-12-01T19:00:00Z', 'where it is night'],
    ['Asia/Kathmandu', '2026-12-01T15:00:00Z', '2026-12-02T02:15:00Z', 'in a zone of quarters'],
    // The clock goes forward at two: the night is an hour shorter, and eight is eight.
    ['Europe/Berlin', '2027-03-27T22:00:00Z', '2027-03-28T06:00:00Z', 'in the night of a change'],
  ])('in %s %s becomes %s: %s', (zone, at, expected) => {
    const sendAt = daytime('payment_failed', Date.parse(at), zone);
    expect(sendAt).toBe(Date.parse(expected));
    expect(daytime('debit_announced', Date.parse(at), zone)).toBe(Date.parse(at));
    expect(daytime('refund_made', Date.parse(at), zone)).toBe(Date.parse(at));
  });
});

describe('trying again', () => {
  it('takes longer each time, and ends after three days', () => {
    const minutes: number[] = [];
    for (let at = 0, attempts = 1; ; attempts++) {
      const next = nextAttempt(0, attempts, at);
      if (next === undefined) break;
      minutes.push((next - at) / 60_000);
      at = next;
    }
    expect(minutes).toEqual([1, 5, 15, 60, 180, 360, 720, 720, 720, 720, 720]);
  });

  it('is too late after three days', () => {
    expect(isStale(0, 3 * 86_400_000)).toBe(false);
    expect(isStale(0, 3 * 86_400_000 + 1)).toBe(true);
  });
});

test.each([
  ['payment_failed', { caseStatus: 'open', renewalStatus: 'past_due' }, false],
  ['payment_failed', { caseStatus: 'recovered', renewalStatus: 'paid' }, true],
  ['service_suspended', { caseStatus: 'canceled', renewalStatus: 'written_off' }, true],
  ['service_ended', { caseStatus: 'unpaid', renewalStatus: 'unpaid' }, false],
  ['recovered', { caseStatus: 'recovered', renewalStatus: 'paid' }, false],
  // The money came back meanwhile.
  ['recovered', { caseStatus: 'recovered', renewalStatus: 'past_due' }, true],
  ['debit_announced', { renewalStatus: 'collecting' }, false],
  ['debit_announced', { renewalStatus: 'canceled' }, true],
  ['refund_made', { renewalStatus: 'paid', refundStatus: 'failed' }, true],
] as const)('%s, where %j: overtaken is %s', (kind, after, expected) => {
  expect(isOvertaken(kind, after)).toBe(expected);
});

test.each([
  ['de-AT', 'de', 'de-AT'],
  ['fr-u-nu-arab', 'fr', 'fr'],
  ['zh-Hant-TW', 'en', 'en'],
  ['de-DE-x-whatever', 'de', 'de-DE'],
  ['no tag at all', 'en', 'en'],
  [null, 'en', 'en'],
])('the tag %s is read as %s, and written as %s', (tag, language, locale) => {
  expect([languageOf(tag), localeOf(tag)]).toEqual([language, locale]);
});
