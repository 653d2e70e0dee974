/** docs/charging.md, rule 9a: the database was put back to an earlier time, the gateways and Temporal were not. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false, paypal: true });
});
afterAll(() => house.close());

/** What a restore makes of a renewal that was opened after the backup. The ledger has lost it as well. */
async function forget(renewalId: string, subscription: { id: string; startsAt: Date }) {
  const client = new pg.Client({ connectionString: house.database.url });
  await client.connect();
  await client.query(`
    begin;
    set local session_replication_role = replica;
    delete from ledger_entry where transaction_id in
      (select id from ledger_transaction where renewal_id = '${renewalId}');
    delete from ledger_transaction where renewal_id = '${renewalId}';
    delete from charge where renewal_id = '${renewalId}';
    delete from event where payload->>'renewal' = '${renewalId}';
    delete from renewal where id = '${renewalId}';
    update subscription set next_period_index = 0, next_period_start = starts_at
      where id = '${subscription.id}';
    commit;`);
  await client.end();
}

test.each(['stripe', 'paypal'] as const)(
  'a renewal that was paid at %s after the backup is opened anew, and is the same payment',
  async (vendor) => {
    const bench = workbench(house);
    const opened =
      vendor === 'stripe' ? await bench.plan('pm_card_visa') : await bench.planWallet();
    await bench.activities.submitCharge(opened.charge.id);
    await forget(opened.renewalId, opened.subscription);
    const { subscription, periodStart } = opened;
    const again = await bench.activities.openRenewal({
      subscriptionId: subscription.id,
      periodStart,
    });
    if (again.kind !== 'opened' || again.plan.kind !== 'charge') throw new Error(again.kind);
    expect([again.renewalId, again.plan.charge.id]).toEqual([opened.renewalId, opened.charge.id]);
    expect(await bench.activities.submitCharge(opened.charge.id)).toEqual({ kind: 'succeeded' });
    expect((await bench.renewal(opened.renewalId)).status).toBe('paid');
    const { emulator } = vendor === 'stripe' ? house : house.paypal;
    expect(await emulator.paid(opened.renewalId)).toHaveLength(1);
  },
);

test('a run that is ahead of its database ends, and what is planned anew has the same key', async () => {
  const bench = workbench(house);
  const { renewalId, charge, subscription, periodStart } = await bench.plan('pm_card_visa');
  await bench.activities.submitCharge(charge.id);
  await forget(renewalId, subscription);
  expect(await bench.activities.resolveCharge(charge.id)).toEqual({ kind: 'canceled' });
  expect(await bench.activities.submitCharge(charge.id)).toEqual({ kind: 'canceled' });
  const round = { renewalId, owner: 'renewal', round: 'first' } as const;
  expect(await bench.activities.planCharge(round)).toEqual({
    kind: 'not_owed',
    status: 'canceled',
  });
  const again = await bench.activities.openRenewal({
    subscriptionId: subscription.id,
    periodStart,
  });
  expect(again).toMatchObject({ kind: 'opened', renewalId, plan: { charge: { id: charge.id } } });
});

test('made again with another amount, its key refuses it, and a person looks', async () => {
  const bench = workbench(house);
  const { renewalId, charge, subscription, periodStart } = await bench.plan('pm_card_visa');
  await bench.activities.submitCharge(charge.id);
  await forget(renewalId, subscription);
  await house.db.subscription.update({
    where: { id: subscription.id },
    data: { amountMinor: 2900 },
  });
  await bench.activities.openRenewal({ subscriptionId: subscription.id, periodStart });
  expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'unknown' });
  expect(await bench.activities.resolveCharge(charge.id)).toMatchObject({ kind: 'unknown' });
  expect((await bench.renewal(renewalId)).needsAttention).not.toBeNull();
  expect(await house.emulator.paid(renewalId)).toHaveLength(1);
});
