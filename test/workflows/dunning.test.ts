import { afterAll, beforeAll, expect, test } from 'vitest';

import { type House, openHouse } from '../support/house.js';
import { aCustomer, aSubscription, dunningRun, renewalRun, skipTime } from '../support/people.js';
import { timeline } from '../support/timeline.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

async function recover(token: string) {
  const person = await aCustomer(house, token);
  const subscription = await aSubscription(house, person);
  const run = renewalRun(house, subscription);
  expect(await run.result()).toEqual({ outcome: 'in_dunning' });
  const renewal = await house.db.renewal.findFirstOrThrow({
    where: { subscriptionId: subscription.id },
  });
  const dunning = dunningRun(house, renewal.id);
  await skipTime(house, dunning.workflowId);
  const result = await dunning.result();
  return { result, story: await timeline(house, renewal.id), renewal };
}

test('a soft decline recovers on the second retry', async () => {
  const { story, result } = await recover('pm_card_attachThen_insufficient_funds_times_2');
  expect(result).toEqual({ outcome: 'recovered' });
});

test('a card without funds is tried on the schedule, then the service ends', async () => {
  const { story, result } = await recover('pm_card_attachThen_insufficient_funds');
  expect(result).toEqual({ outcome: 'unpaid' });
});
