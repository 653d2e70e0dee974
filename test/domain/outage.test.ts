import { describe, expect, it } from 'vitest';

import { OUTAGE_LADDER, afterOutage } from '../../domain/outage.js';

describe('afterOutage', () => {
  it('waits 1, 2, 5, 10, 20, 30 minutes, then 30 for ever', () => {
    const minutes = [1, 2, 3, 4, 5, 6, 7, 1000].map((k) => afterOutage(k) / 60_000);
    expect(minutes).toEqual([1, 2, 5, 10, 20, 30, 30, 30]);
    expect(OUTAGE_LADDER).toHaveLength(6);
  });

  it('takes another ladder', () => {
    expect([0, 1, 2, 3].map((k) => afterOutage(k, [100, 500]))).toEqual([100, 100, 500, 500]);
    expect(() => afterOutage(1, [])).toThrow('first step');
  });
});
