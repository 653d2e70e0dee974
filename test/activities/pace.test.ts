/** The last spacing before a byte leaves, with real clocks: how late a timer fires does not matter. */
import { expect, test } from 'vitest';

import { createPace } from '../../activities/pace.js';

test('those who come at once, having been delayed on the way, leave one after another', async () => {
  const pace = createPace();
  const account = { id: 'gwa_1', sendsPerSecond: 50 };
  const began = Date.now();
  const left = await Promise.all(
    Array.from({ length: 6 }, () => pace(account).then(() => Date.now() - began)),
  );
  for (const [index, at] of left.entries()) expect(at).toBeGreaterThanOrEqual(index * 22 - 1);
});

test('no account waits for another, nor where sends are not spaced', async () => {
  const pace = createPace();
  const slow = { id: 'gwa_1', sendsPerSecond: 0.5 };
  await pace(slow);
  const late = pace(slow).then(() => 'late');
  const others = Promise.all([
    pace({ id: 'gwa_2', sendsPerSecond: 0.5 }),
    pace({ id: 'gwa_1', sendsPerSecond: null }),
  ]).then(() => 'at once');
  expect(await Promise.race([late, others])).toBe('at once');
});
