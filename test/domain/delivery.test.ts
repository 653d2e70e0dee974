import { expect, test } from 'vitest';

import { isLastRetry, namesType, waitBeforeRetry } from '../../domain/delivery.js';

const HOUR = 3_600_000;

test('an event is tried again ever more slowly, for three days and no longer', () => {
  const tries: number[] = [];
  let triedFor = 0;
  for (let retry = 1; ; retry++) {
    triedFor += waitBeforeRetry(retry);
    tries.push(triedFor);
    if (isLastRetry(retry, triedFor)) break;
  }
  expect(tries.slice(0, 8).map((ms) => ms / 1000)).toEqual([
    5, 35, 155, 755, 2_555, 6_155, 16_955, 38_555,
  ]);
  expect(tries.length).toBe(18);
  expect(tries.at(-1)! / HOUR).toBeGreaterThan(66);
  expect(tries.at(-1)! / HOUR).toBeLessThanOrEqual(72);
});

test('a type is named by itself, by its noun, or by everything', () => {
  expect(namesType(['refund.failed'], 'refund.failed')).toBe(true);
  expect(namesType(['refund.*'], 'refund.failed')).toBe(true);
  expect(namesType(['*'], 'refund.failed')).toBe(true);
  expect(namesType(['refund.found', 'renewal.*'], 'refund.failed')).toBe(false);
  expect(namesType([], 'refund.failed')).toBe(false);
});
