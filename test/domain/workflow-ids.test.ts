import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { RenewalId, SubscriptionId } from '../../domain/ids.js';
import {
  dunningWorkflowId,
  parsePeriodStart,
  periodStartText,
  renewalWorkflowId,
} from '../../domain/workflow-ids.js';

describe('workflow ids', () => {
  it('name the business fact', () => {
    const start = Date.UTC(2026, 11, 1);
    expect(renewalWorkflowId('sub_42' as SubscriptionId, start)).toBe(
      'renewal/sub_42/2026-12-01T00:00Z',
    );
    expect(dunningWorkflowId('rnw_7' as RenewalId)).toBe('dunning/rnw_7');
  });

  it.each([
    [Date.UTC(2026, 11, 1), '2026-12-01T00:00Z'],
    [Date.UTC(2026, 11, 1, 10, 5, 30), '2026-12-01T10:05:30Z'],
    [Date.UTC(2026, 11, 1, 10, 5, 0, 7), '2026-12-01T10:05:00.007Z'],
    [Date.UTC(2026, 11, 1, 10, 0, 0), '2026-12-01T10:00Z'],
  ])('%d is %s', (ms, text) => {
    expect(periodStartText(ms)).toBe(text);
    expect(parsePeriodStart(text)).toBe(ms);
  });

  it('has one text per instant and one instant per text', () => {
    const grids = fc.constantFrom(1, 1000, 60_000, 3_600_000);
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), grids, (date, grid) => {
        const ms = Math.trunc(date.getTime() / grid) * grid;
        expect(parsePeriodStart(periodStartText(ms))).toBe(ms + 0);
      }),
    );
  });

  it.each(['', 'tomorrow', '2026-12-01', '2026-12-01T00:00:00Z', '2026-12-01T01:00+01:00'])(
    'refuses %j',
    (text) => {
      expect(() => parsePeriodStart(text)).toThrow('is not');
    },
  );

  it.each([Number.NaN, 1.5, 9e15])('refuses the instant %s', (ms) => {
    expect(() => periodStartText(ms)).toThrow('is not an instant');
  });
});
