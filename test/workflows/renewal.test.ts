import { afterAll, beforeAll, expect, test } from 'vitest';

import { type House, openHouse } from '../support/house.js';
import { aCustomer, aSubscription, renewalRun, until } from '../support/people.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

test('a good renewal is paid by one charge, and the next period is asleep', async () => {
  const person = await aCustomer(house, 'pm_card_visa');
  const subscription = await aSubscription(house, person);
  const run = renewalRun(house, subscription);
  expect(await run.result()).toEqual({ outcome: 'paid' });

  const renewal = await house.db.renewal.findFirstOrThrow({
    where: { subscriptionId: subscription.id },
  });
  expect(renewal.status).toBe('paid');
  expect(await house.emulator.paid(renewal.id)).toHaveLength(1);
  const { events } = await run.fetchHistory();
  expect(events!.length).toBeLessThanOrEqual(17);
  const next = await until(() =>
    house.db.subscription.findUnique({ where: { id: subscription.id } }),
  );
  const sleeper = await renewalRun(house, subscription, next.nextPeriodStart).describe();
  expect(sleeper.status.name).toBe('RUNNING');
});
