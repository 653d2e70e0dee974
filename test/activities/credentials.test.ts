/** Credentials that changed to another account while a charge was under way: what that account says proves nothing. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { HOUR, workbench } from '../support/bench.js';
import { type House, SECRETS, openHouse } from '../support/house.js';
import { giveCard } from '../support/people.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false, paypal: true });
});
afterEach(async () => {
  await house.emulator.heal();
  await house.paypal.emulator.heal();
});
afterAll(() => house.close());

/** The same customers and charges, with the secret of somebody else's account at this gateway. */
function workbenchOf(gateway: string, secret: string) {
  const { accountFor } = house.deps;
  return workbench(house, {
    accountFor: (row) => ({ ...accountFor(row), ...(row.gateway === gateway && { secret }) }),
  });
}

test('PayPal does not know the wallet there: the charge stays unknown, and no card is charged', async () => {
  const bench = workbench(house);
  const { charge, renewalId, person } = await bench.planWallet();
  const match = { method: 'POST', path: '/v2/checkout/orders' };
  await house.paypal.emulator.fault({ match, fault: 'reset_after', times: 1 });
  expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'unknown' });

  const client = { client_id: 'another', secret: 'another-secret' };
  await house.paypal.emulator.call('POST', 'clients', client);
  const there = workbenchOf('paypal', `${client.client_id}:${client.secret}`);
  expect(await there.activities.resolveCharge(charge.id)).toMatchObject({ kind: 'unknown' });
  expect((await bench.renewal(renewalId)).needsAttention).not.toBeNull();
  await giveCard(house, person.customerId, 'pm_card_visa');
  expect((await there.planMore(renewalId, 'another card')).id).toBe(charge.id);
  expect(await house.emulator.paid(renewalId)).toEqual([]);

  expect(await bench.activities.resolveCharge(charge.id)).toEqual({ kind: 'succeeded' });
  expect(await house.paypal.emulator.paid(renewalId)).toHaveLength(1);
});

test('a wallet that PayPal never knew is a decline all the same, on the only send', async () => {
  const bench = workbenchOf('paypal', 'nobody:knows-them');
  const client = { client_id: 'nobody', secret: 'knows-them' };
  await house.paypal.emulator.call('POST', 'clients', client);
  const { charge } = await bench.planWallet();
  expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'declined' });
});

test('Stripe finds nothing there and does not know the customer: that is no proof, and a person is called', async () => {
  const bench = workbench(house);
  const { charge, renewalId } = await bench.plan('pm_card_visa');
  const match = { method: 'POST', path: '/v1/payment_intents' };
  await house.emulator.fault({ match, fault: 'reset_after', times: 1 });
  expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'unknown' });

  const there = workbenchOf('stripe', 'sk_test_somebody_else');
  there.advance(26 * HOUR);
  expect(await there.activities.resolveCharge(charge.id)).toMatchObject({ kind: 'unknown' });
  expect((await bench.renewal(renewalId)).needsAttention).not.toBeNull();

  bench.advance(26 * HOUR);
  expect(await bench.activities.resolveCharge(charge.id)).toEqual({ kind: 'succeeded' });
  expect(await house.emulator.paid(renewalId)).toHaveLength(1);
});

test('no credential is read for an address that the installation does not permit', () => {
  const { accountFor } = house.deps;
  expect(accountFor(house.account)).toMatchObject({ secret: SECRETS.TEST_STRIPE_KEY });
  const astray = { ...house.account, apiBase: 'https://collector.example' };
  expect(() => accountFor(astray)).toThrow('GATEWAY_API_BASES');
});
