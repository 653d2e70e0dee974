/** The run that compares an account's books: from the reading to what it leaves to a person. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { createActivities } from '../../activities/index.js';
import { reconcileWorkflowId } from '../../domain/workflow-ids.js';
import type { ReconcileResult } from '../../workflows/reconcile.js';
import { dashboard, workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { aCustomer, aSubscription } from '../support/people.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ environment: { RECONCILE_EVERY_MINUTES: '60' } });
});
afterEach(() => house.emulator.heal());
afterAll(() => house.close());

/** Starts it as the API does, and waits for what it says. */
async function reconciled(account = house.account): Promise<ReconcileResult> {
  await house.deps.launch.reconcile(account);
  return resultOf(reconcileWorkflowId(account.id));
}

function resultOf(workflowId: string): Promise<ReconcileResult> {
  return house.client.workflow.getHandle(workflowId).result() as Promise<ReconcileResult>;
}

async function paid() {
  const bench = workbench(house);
  const { charge } = await bench.plan('pm_card_visa');
  await bench.activities.submitCharge(charge.id);
  return bench.row(charge.id);
}

function newest() {
  return house.db.reconciliation.findFirstOrThrow({ orderBy: { id: 'desc' } });
}

describe('a reconciliation', () => {
  test('puts right what the gateway can be asked about, and says what stands', async () => {
    const { id: chargeId, gatewayChargeReference: charge } = await paid();
    const asked = { charge, amount_minor: 400, silent: true };
    await house.emulator.call('POST', 'dashboard/refunds', asked);
    const stranger = await dashboard(house).customers.create({});
    const payment = { customer: stranger.id, amount_minor: 4200, currency: 'eur', silent: true };
    await house.emulator.call('POST', 'dashboard/payments', {
      ...payment,
      payment_method: 'pm_card_visa',
    });
    expect(await reconciled()).toEqual({ outcome: 'done', standing: { unknown_object: 1 } });
    expect(await house.db.refund.count({ where: { chargeId } })).toBe(1);
    expect(await newest()).toMatchObject({ status: 'done', movements: 3 });
  });

  test('books a payment that was made by hand, and the recovery of its renewal ends', async () => {
    const person = await aCustomer(house, 'pm_card_attachThen_do_not_honor');
    const { id: subscriptionId } = await aSubscription(house, person);
    const renewal = await eventually(() =>
      house.db.renewal.findFirst({ where: { subscriptionId, status: 'past_due' } }),
    );
    const method = await house.db.paymentMethod.findUniqueOrThrow({
      where: { id: person.paymentMethodId },
    });
    await house.emulator.call('POST', 'dashboard/payments', {
      customer: method.gatewayCustomerReference,
      amount_minor: Number(renewal.amountMinor),
      currency: renewal.currency.toLowerCase(),
      payment_method: 'pm_card_visa',
      metadata: { dunlin_merchant: house.merchantId, dunlin_renewal: renewal.id },
      silent: true,
    });
    expect(await reconciled()).toMatchObject({ outcome: 'done' });
    const dunning = house.client.workflow.getHandle(`dunning/${renewal.id}`);
    expect(await dunning.result()).toMatchObject({ outcome: 'recovered' });
  });

  test('outlives a gateway that is away for a moment', async () => {
    const match = { path: '/v1/balance_transactions' };
    await house.emulator.fault({ match, fault: 'reset_before', times: 2 });
    expect(await reconciled()).toMatchObject({ outcome: 'done' });
  });

  test('of a gateway that lets nobody read fails with why, and the next one is none the worse', async () => {
    const { id } = house.account;
    const secretRef = (name: string) =>
      house.db.gatewayAccount.update({ where: { id }, data: { secretRef: name } });
    await secretRef('env:NO_SUCH_KEY');
    const failed = await reconciled();
    expect(failed).toMatchObject({
      outcome: 'failed',
      why: expect.stringContaining('NO_SUCH_KEY'),
    });
    expect(await newest()).toMatchObject({ status: 'failed' });
    await secretRef('env:TEST_STRIPE_KEY');
    expect(await reconciled()).toMatchObject({ outcome: 'done' });
  });
});

describe('the schedule', () => {
  test('is made for each account, once, and compares by itself', async () => {
    const { keepReconciling } = createActivities({ ...house.deps, alive: () => {} });
    await keepReconciling();
    await keepReconciling();
    const schedule = house.client.schedule.getHandle(reconcileWorkflowId(house.account.id));
    const { spec, policies, action } = await schedule.describe();
    expect(spec.intervals).toMatchObject([{ every: 3_600_000 }]);
    expect(policies.overlap).toBe('SKIP');
    expect(action).toMatchObject({ args: [{ gatewayAccountId: house.account.id }] });
    await schedule.trigger();
    const started = await startedBy(schedule);
    expect(await resultOf(started)).toMatchObject({ outcome: 'done' });
  });
});

type Schedule = ReturnType<House['client']['schedule']['getHandle']>;

async function startedBy(schedule: Schedule): Promise<string> {
  for (;;) {
    const { info } = await schedule.describe();
    const last = info.recentActions.at(-1)?.action;
    if (last) return last.workflow.workflowId;
    await new Promise((resolve) => void setTimeout(resolve, 100));
  }
}

async function eventually<T>(look: () => Promise<T | null>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => void setTimeout(resolve, 100));
  }
}
