/** A payment page beside a run that has something else to wait for. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { machineClock } from '../../activities/clock.js';
import { useLink } from '../../activities/payment-link.js';
import { ownerOf } from '../../temporal/owner.js';
import { becomes, theRenewal } from '../support/crash.js';
import { type House, openHouse } from '../support/house.js';
import { aLink, completeOnPage } from '../support/page.js';
import { aCustomer, aSubscription, fastForward, renewalRun, until } from '../support/people.js';

const TEN_MINUTES = 600_000;

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterEach(async () => {
  const usual = { sendsPerSecond: null, nextSendAt: null, apiBase: house.emulator.url };
  await setUp(usual);
});
afterAll(() => house.close());

function setUp(data: object) {
  return house.db.gatewayAccount.update({ where: { id: house.account.id }, data });
}

/** A renewal whose charge has that status. */
async function renewalWith(status: string) {
  const subscription = await aSubscription(house, await aCustomer(house, 'pm_card_visa'));
  const renewal = await theRenewal(house, subscription);
  await until(() => house.db.charge.findFirst({ where: { renewalId: renewal.id, status } }));
  return { renewal, run: renewalRun(house, subscription) };
}

/** One whose charge waits for a turn that is so far off, while its customer has opened the page. */
async function pageInTheMeantime() {
  await setUp({ sendsPerSecond: 5, nextSendAt: new Date(Date.now() + TEN_MINUTES) });
  const { renewal, run } = await renewalWith('planned');
  const { chargeId, secret } = await aLink(house, renewal.id);
  const page = await useLink({ ...house.deps, clock: machineClock }, secret);
  if (page?.kind !== 'ready') throw new Error(page?.kind);
  return { renewal, run, chargeId, reference: page.reference };
}

test('the customer pays while the automatic charge waits for its turn: the run finds it, and sends nothing', async () => {
  const { renewal, run, reference } = await pageInTheMeantime();
  await completeOnPage(house, reference);
  const waiting = { renewalId: renewal.id, status: 'planned' };
  await house.db.charge.updateMany({ where: waiting, data: { sendAt: new Date() } });
  await fastForward(house, run.workflowId, TEN_MINUTES);
  expect(await run.result()).toEqual({ outcome: 'paid' });
  await becomes(house, renewal.id, 'paid');
  expect(await house.emulator.paid(renewal.id)).toHaveLength(1);
});

test('a person decides the payment on the page, while the run follows another charge', async () => {
  const { run, chargeId, reference } = await pageInTheMeantime();
  const verdict = {
    actor: 'Mia',
    reason: 'Seen at Stripe',
    chargeId,
    outcome: 'succeeded',
    reference,
  };
  // Refused until the run follows something: it is a moment behind the database.
  await until(() =>
    run.executeUpdate('resolveUnknown', { args: [verdict] }).then(
      () => true,
      () => false,
    ),
  );
  expect(await run.result()).toEqual({ outcome: 'paid' });
  expect((await house.db.charge.findUniqueOrThrow({ where: { id: chargeId } })).status).toBe(
    'succeeded',
  );
});

test('a link that nobody used, and a run begun anew in an outage: it waits, and nobody is dunned', async () => {
  await setUp({ apiBase: 'http://127.0.0.1:65530' });
  const { renewal, run } = await renewalWith('not_sent');
  await aLink(house, renewal.id);
  await run.terminate('as an operator might');
  await house.deps.launch.start(ownerOf(renewal));
  await setUp({ apiBase: house.emulator.url });
  await run.executeUpdate('retryNow', { args: [{ actor: 'Mia', reason: 'Stripe is back' }] });
  expect(await run.result()).toEqual({ outcome: 'paid' });
  expect(await house.db.dunningCase.count({ where: { renewalId: renewal.id } })).toBe(0);
});
