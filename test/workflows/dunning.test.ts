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

test('a soft decline, recovered on the third retry', async () => {
  const { story, result } = await recover('pm_card_attachThen_insufficient_funds_times_3');
  expect(result).toEqual({ outcome: 'recovered' });
  expect(story).toBe(
    `
day  0  charge 1 (first) → declined: insufficient_funds
day  0  dunning_case.opened
day  0  dunning_case.stage_entered warned
day  1  charge 2 (retry 1) → declined: insufficient_funds
day  3  charge 3 (retry 2) → declined: insufficient_funds
day  7  service.restricted
day  7  dunning_case.stage_entered restricted
day  7  charge 4 (retry 3) → succeeded
day  7  service.restored
day  7  dunning_case.recovered
day  7  renewal.paid`.trim(),
  );
});

test('a card refused for good is charged once, keeps its deadline, then the service ends', async () => {
  const { story, result, renewal } = await recover('pm_card_attachThen_stolen_card');
  expect(result).toEqual({ outcome: 'unpaid' });
  expect(story).toBe(
    `
day  0  charge 1 (first) → declined: stolen_card
day  0  dunning_case.opened
day  0  dunning_case.stage_entered warned
day  7  service.restricted
day  7  dunning_case.stage_entered restricted
day 14  service.suspended
day 14  dunning_case.stage_entered suspended
day 21  service.ended
day 21  dunning_case.stage_entered ended
day 21  dunning_case.unpaid
day 21  renewal.unpaid`.trim(),
  );
  const { subscriptionId } = await house.db.renewal.findUniqueOrThrow({
    where: { id: renewal.id },
  });
  const subscription = await house.db.subscription.findUniqueOrThrow({
    where: { id: subscriptionId },
  });
  expect(subscription).toMatchObject({ status: 'canceled', service: 'ended' });
});
