/** lifecycle.md, clause by clause, with real runs. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { DEFAULT_POLICY } from '../../domain/dunning-policy.js';
import { markSent } from '../../prisma/dispatch.js';
import { type Cancellation, cancelSubscription } from '../../prisma/subscription-cancel.js';
import {
  type Changed,
  pauseSubscription,
  resumeSubscription,
} from '../../prisma/subscription-change.js';
import { lockSubscription } from '../../prisma/subscription.js';
import { startRenewal } from '../../prisma/start-renewal.js';
import { type House, openHouse } from '../support/house.js';
import {
  aCustomer,
  aPolicy,
  aSubscription,
  dunningRun,
  fastForward,
  giveCard,
  renewalRun,
  skipTime,
  until,
} from '../support/people.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterEach(() => house.emulator.heal());
afterAll(() => house.close());

const NO_FUNDS = 'pm_card_attachThen_insufficient_funds';
const DAY = 86_400_000;

async function subscriptionRow(id: string) {
  return house.db.subscription.findUniqueOrThrow({ where: { id } });
}

function renewalsOf(subscriptionId: string) {
  return house.db.renewal.findMany({ where: { subscriptionId }, orderBy: { periodStart: 'asc' } });
}

/** The first charge of the first renewal, once it is in that state. */
function chargeOf(subscriptionId: string, status: string) {
  return until(async () => {
    const [renewal] = await renewalsOf(subscriptionId);
    return renewal && house.db.charge.findFirst({ where: { renewalId: renewal.id, status } });
  });
}

/** Does to a subscription what the API would, and sends what that owes. */
async function change(
  id: string,
  how: (tx: never, locked: never, now: Date) => Promise<Changed>,
): Promise<Changed> {
  const changed = await house.db.$transaction(async (tx) =>
    how(tx as never, (await lockSubscription(tx, id)) as never, new Date()),
  );
  for (const dispatch of changed.dispatches) {
    await house.deps.launch.send(dispatch);
    await markSent(house.db, dispatch.id);
  }
  if (changed.sleeper) await house.deps.launch.terminateSleeper(changed.sleeper, 'Canceled');
  return changed;
}

const cancel = (id: string, cancellation: Cancellation) =>
  change(id, (tx, locked, now) => cancelSubscription(tx, locked, cancellation, now));

/** A subscription whose first period was paid. */
async function paidOnce(terms = {}) {
  const subscription = await aSubscription(house, await aCustomer(house, 'pm_card_visa'), terms);
  await renewalRun(house, subscription).result();
  const row = await subscriptionRow(subscription.id);
  return { row, sleeper: renewalRun(house, row, row.nextPeriodStart) };
}

/** A subscription whose first renewal is in recovery. */
async function pastDue(token = NO_FUNDS, terms = {}) {
  const person = await aCustomer(house, token);
  const subscription = await aSubscription(house, person, terms);
  expect(await renewalRun(house, subscription).result()).toEqual({ outcome: 'in_dunning' });
  const [renewal] = await renewalsOf(subscription.id);
  return { person, subscription, renewal: renewal!, dunning: dunningRun(house, renewal!.id) };
}

describe('2. opening', () => {
  test('each period opens the next: three months are three paid renewals that tile', async () => {
    const { row } = await paidOnce();
    for (let month = 1; month < 3; month++) {
      const { nextPeriodStart } = await subscriptionRow(row.id);
      const sleeper = renewalRun(house, row, nextPeriodStart);
      await skipTime(house, sleeper.workflowId);
      expect(await sleeper.result()).toEqual({ outcome: 'paid' });
    }
    const renewals = await renewalsOf(row.id);
    expect(renewals.map(({ status }) => status)).toEqual(['paid', 'paid', 'paid']);
    expect(renewals[0]!.periodEnd).toEqual(renewals[1]!.periodStart);
    expect(renewals[1]!.periodEnd).toEqual(renewals[2]!.periodStart);
  });

  test('woken before its time, a run goes back to sleep and bills nothing', async () => {
    const { row, sleeper } = await paidOnce();
    await house.deps.launch.send({
      id: 'dsp_early',
      merchantId: row.merchantId,
      workflowType: 'renewal',
      workflowId: sleeper.workflowId,
      input: {
        subscriptionId: row.id,
        periodStart: row.nextPeriodStart.toISOString().slice(0, 23) + 'Z',
      },
      kind: 'wake',
      notBefore: null,
    });
    await until(async () => (await sleeper.fetchHistory()).events!.length > 8);
    expect(await renewalsOf(row.id)).toHaveLength(1);
    expect((await sleeper.describe()).status.name).toBe('RUNNING');
  });

  test('the last cycle is followed by the end', async () => {
    const { sleeper, row } = await paidOnce({ cycles: 1 });
    await skipTime(house, sleeper.workflowId);
    expect(await sleeper.result()).toEqual({ outcome: 'subscription_over' });
    expect((await subscriptionRow(row.id)).status).toBe('ended');
    expect(await renewalsOf(row.id)).toHaveLength(1);
  });

  test('periods that are overdue are billed in order, each once', async () => {
    const person = await aCustomer(house, 'pm_card_visa');
    const startsAt = Date.now() - 3 * DAY - 60_000;
    const subscription = await aSubscription(house, person, { interval: 'day', startsAt });
    const renewals = await until(async () => {
      const all = await renewalsOf(subscription.id);
      return all.length === 4 && all.every(({ status }) => status === 'paid') && all;
    });
    expect(renewals.map(({ periodIndex }) => periodIndex)).toEqual([0, 1, 2, 3]);
  });

  test('the app bills ahead: its row is adopted, and the sleeping run wakes', async () => {
    const { row, sleeper } = await paidOnce();
    const started = await house.db.$transaction(async (tx) =>
      startRenewal(
        tx,
        (await lockSubscription(tx, row.id))!,
        { periodStart: row.nextPeriodStart },
        new Date(),
      ),
    );
    for (const dispatch of started.dispatches) await house.deps.launch.send(dispatch);
    expect(await sleeper.result()).toEqual({ outcome: 'paid' });
    expect((await house.emulator.paid(started.renewal.id)).length).toBe(1);
  });

  test('the app starts a period ten times: one renewal, one charge', async () => {
    const person = await aCustomer(house, 'pm_card_visa');
    const subscription = await aSubscription(house, person, { collection: 'manual' });
    const starts = await Promise.all(
      Array.from({ length: 10 }, () =>
        house.db.$transaction(async (tx) =>
          startRenewal(tx, (await lockSubscription(tx, subscription.id))!, {}, new Date()),
        ),
      ),
    );
    expect(starts.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(starts.map(({ renewal }) => renewal.id)).size).toBe(1);
    await Promise.all(
      starts.flatMap(({ dispatches }) => dispatches.map((one) => house.deps.launch.send(one))),
    );
    await until(async () => (await renewalsOf(subscription.id))[0]?.status === 'paid');
    expect(await house.emulator.paid(starts[0]!.renewal.id)).toHaveLength(1);
  });
});

describe('3. pause, hold, cancel', () => {
  test('a period that begins inside a pause is skipped; the anchor does not move', async () => {
    const { row, sleeper } = await paidOnce();
    await change(row.id, pauseSubscription);
    await skipTime(house, sleeper.workflowId);
    expect(await sleeper.result()).toEqual({ outcome: 'not_owed' });
    const later = new Date(row.nextPeriodStart.getTime() + 3 * DAY);
    await house.db.$transaction(async (tx) =>
      resumeSubscription(tx, (await lockSubscription(tx, row.id))!, later),
    );
    const resumed = await subscriptionRow(row.id);
    expect(resumed).toMatchObject({ status: 'active', nextPeriodIndex: 2 });
    expect(await renewalsOf(row.id)).toHaveLength(1);
  });

  test('hold: a later period waits for the case, and is billed when it is recovered', async () => {
    const policy = await aPolicy(house, { ...DEFAULT_POLICY, laterPeriods: 'hold' });
    const { subscription, person } = await pastDue(NO_FUNDS, { policy, interval: 'day' });
    const { nextPeriodStart } = await subscriptionRow(subscription.id);
    const second = renewalRun(house, subscription, nextPeriodStart);
    await fastForward(house, second.workflowId, DAY + 60_000);
    await until(async () => (await second.fetchHistory()).events!.length > 8);
    expect(await renewalsOf(subscription.id)).toHaveLength(1);
    // The subscription's clock is the machine's, on which the second period has not begun; the sweep will wake it.
    await giveCard(house, person.customerId, 'pm_card_visa');
    await until(async () => (await renewalsOf(subscription.id))[0]?.status === 'paid');
    await fastForward(house, second.workflowId, 7 * 3_600_000);
    expect(await second.result()).toEqual({ outcome: 'paid' });
  });

  test('cancel now drops the debt: the case ends, the sleeper is gone', async () => {
    const { subscription, dunning } = await pastDue();
    const { sleeper } = await cancel(subscription.id, { at: 'now', keepDebt: false });
    expect(await dunning.result()).toEqual({ outcome: 'canceled' });
    expect((await renewalsOf(subscription.id))[0]!.status).toBe('canceled');
    const gone = await house.client.workflow.getHandle(sleeper!).describe();
    expect(gone.status.name).toBe('TERMINATED');
  });

  test('cancel now with a charge under way: dropped when that is declined', async () => {
    const subscription = await aSubscription(
      house,
      await aCustomer(house, 'pm_card_attachThen_pending'),
    );
    const charge = await chargeOf(subscription.id, 'pending');
    await cancel(subscription.id, { at: 'now', keepDebt: false });
    expect((await renewalsOf(subscription.id))[0]!.status).toBe('collecting');
    await house.emulator.settle(charge.gatewayReference!, 'declined');
    expect(await renewalRun(house, subscription).result()).toEqual({ outcome: 'canceled' });
    expect((await renewalsOf(subscription.id))[0]!.status).toBe('canceled');
  });

  test('cancel now with a charge under way: if it succeeds, the money is taken as paid', async () => {
    const subscription = await aSubscription(
      house,
      await aCustomer(house, 'pm_card_attachThen_pending'),
    );
    const charge = await chargeOf(subscription.id, 'pending');
    await cancel(subscription.id, { at: 'now', keepDebt: false });
    await house.emulator.settle(charge.gatewayReference!, 'succeeded');
    expect(await renewalRun(house, subscription).result()).toEqual({ outcome: 'paid' });
  });

  test('cancel at period end: the run that wakes then notes the end', async () => {
    const { row, sleeper } = await paidOnce();
    await cancel(row.id, { at: 'period_end', keepDebt: false });
    expect((await subscriptionRow(row.id)).status).toBe('active');
    await skipTime(house, sleeper.workflowId);
    expect(await sleeper.result()).toEqual({ outcome: 'subscription_over' });
    expect((await subscriptionRow(row.id)).status).toBe('canceled');
    expect(await renewalsOf(row.id)).toHaveLength(1);
  });

  test('cancel at period end leaves an open case alone', async () => {
    const { subscription, dunning } = await pastDue();
    await cancel(subscription.id, { at: 'period_end', keepDebt: false });
    expect((await dunning.describe()).status.name).toBe('RUNNING');
    expect((await renewalsOf(subscription.id))[0]!.status).toBe('past_due');
  });
});

describe('4. outages are no fault of the customer', () => {
  test('with its gateway closed a renewal stays collecting and is paid when it opens again', async () => {
    const account = { where: { id: house.account.id } };
    await house.db.gatewayAccount.update({ ...account, data: { state: 'closed' } });
    const subscription = await aSubscription(house, await aCustomer(house, 'pm_card_visa'));
    const run = renewalRun(house, subscription);
    await chargeOf(subscription.id, 'not_sent');
    expect((await renewalsOf(subscription.id))[0]!.status).toBe('collecting');
    await house.db.gatewayAccount.update({ ...account, data: { state: 'open' } });
    await fastForward(house, run.workflowId, 120_000);
    expect(await run.result()).toEqual({ outcome: 'paid' });
    const [renewal] = await renewalsOf(subscription.id);
    const charges = await house.db.charge.findMany({
      where: { renewalId: renewal!.id },
      orderBy: { ordinal: 'asc' },
    });
    expect(charges.map(({ round, status }) => `${round} ${status}`)).toEqual([
      'first not_sent',
      'first+1 succeeded',
    ]);
    expect(await house.db.dunningCase.count({ where: { renewalId: renewal!.id } })).toBe(0);
  });

  test('an outage without end does not grow one history without end: the run goes on in a new one', async () => {
    const account = { where: { id: house.account.id } };
    await house.db.gatewayAccount.update({ ...account, data: { state: 'closed' } });
    const subscription = await aSubscription(house, await aCustomer(house, 'pm_card_visa'));
    const run = renewalRun(house, subscription);
    await chargeOf(subscription.id, 'not_sent');
    const { runId } = await run.describe();
    await fastForward(house, run.workflowId, 6 * 3_600_000);
    await until(async () => (await run.describe()).runId !== runId, 40_000);
    await house.db.gatewayAccount.update({ ...account, data: { state: 'open' } });
    await fastForward(house, run.workflowId, 3_600_000);
    expect(await run.result()).toEqual({ outcome: 'paid' });
    const [renewal] = await renewalsOf(subscription.id);
    expect(await house.emulator.paid(renewal!.id)).toHaveLength(1);
  });

  test('an outage during recovery spends no retry', async () => {
    const { renewal, dunning } = await pastDue('pm_card_attachThen_insufficient_funds_times_1');
    const account = { where: { id: house.account.id } };
    await house.db.gatewayAccount.update({ ...account, data: { state: 'closed' } });
    await fastForward(house, dunning.workflowId, 2.5 * DAY);
    await until(() =>
      house.db.charge.findFirst({ where: { renewalId: renewal.id, status: 'not_sent' } }),
    );
    const open = await house.db.dunningCase.findFirstOrThrow({ where: { renewalId: renewal.id } });
    expect(open.lastSlotAt).toBeNull();
    await house.db.gatewayAccount.update({ ...account, data: { state: 'open' } });
    await fastForward(house, dunning.workflowId, 3_600_000);
    expect(await dunning.result()).toEqual({ outcome: 'recovered' });
  });
});

describe('5. commands', () => {
  const wish = { actor: 'Mia', reason: 'The customer called' };

  test('a new card is charged at once, and spends no scheduled retry', async () => {
    const { person, renewal, dunning } = await pastDue('pm_card_attachThen_expired_card');
    await giveCard(house, person.customerId, 'pm_card_visa');
    expect(await dunning.result()).toEqual({ outcome: 'recovered' });
    const charges = await house.db.charge.findMany({
      where: { renewalId: renewal.id },
      orderBy: { ordinal: 'asc' },
    });
    expect(charges.at(-1)).toMatchObject({
      status: 'succeeded',
      round: expect.stringMatching(/^pm_/) as string,
    });
  });

  test('retryNow charges at once, is recorded with who and why, and its repeat changes nothing', async () => {
    const { renewal, dunning } = await pastDue('pm_card_attachThen_insufficient_funds_times_1');
    const update = { args: [wish] as [typeof wish], updateId: 'cmd_retry_test' };
    await dunning.executeUpdate('retryNow', update);
    await dunning.executeUpdate('retryNow', update).catch(() => {});
    expect(await dunning.result()).toEqual({ outcome: 'recovered' });
    const command = await house.db.command.findUniqueOrThrow({ where: { id: 'cmd_retry_test' } });
    expect(command).toMatchObject({ kind: 'retryNow', actor: 'Mia', reason: wish.reason });
    expect(await house.db.charge.count({ where: { renewalId: renewal.id } })).toBe(2);
  });

  test('a wish without an actor or a reason leaves no trace', async () => {
    const { dunning } = await pastDue();
    await expect(
      dunning.executeUpdate('writeOff', { args: [{ actor: 'Mia', reason: '' }] }),
    ).rejects.toMatchObject({ cause: { message: expect.stringContaining('reason') as string } });
    const { events } = await dunning.fetchHistory();
    expect(events!.some(({ workflowExecutionUpdateAcceptedEventAttributes: it }) => it)).toBe(
      false,
    );
  });

  test('holdUntil moves the next step; writeOff ends the case for good', async () => {
    const { renewal, dunning } = await pastDue();
    const untilThen = new Date(Date.now() + 30 * DAY).toISOString();
    await dunning.executeUpdate('holdUntil', { args: [{ ...wish, until: untilThen }] });
    await until(
      async () =>
        (await house.db.dunningCase.findFirst({ where: { renewalId: renewal.id } }))?.holdUntil,
    );
    await dunning.executeUpdate('writeOff', { args: [wish] });
    expect(await dunning.result()).toEqual({ outcome: 'canceled' });
    expect((await house.db.renewal.findUniqueOrThrow({ where: { id: renewal.id } })).status).toBe(
      'written_off',
    );
  });

  test('while a charge is under way only a verdict on it is taken', async () => {
    const subscription = await aSubscription(
      house,
      await aCustomer(house, 'pm_card_attachThen_pending'),
    );
    const run = renewalRun(house, subscription);
    const charge = await chargeOf(subscription.id, 'pending');
    await expect(run.executeUpdate('retryNow', { args: [wish] })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('under way') as string },
    });
    const verdict = {
      ...wish,
      chargeId: charge.id,
      outcome: 'succeeded',
      reference: charge.gatewayReference,
    };
    await run.executeUpdate('resolveUnknown', { args: [verdict] });
    expect(await run.result()).toEqual({ outcome: 'paid' });
  });

  test('Request Cancellation in the Temporal UI drops the renewal', async () => {
    const { renewal, dunning } = await pastDue();
    await dunning.cancel();
    expect(await dunning.result()).toEqual({ outcome: 'canceled' });
    expect((await house.db.renewal.findUniqueOrThrow({ where: { id: renewal.id } })).status).toBe(
      'canceled',
    );
  });

  test('a request that the gateway refuses parks, and retryNow repeats it', async () => {
    const person = await aCustomer(house, 'pm_card_visa');
    const subscription = await aSubscription(house, person, { amountMinor: 1 });
    const run = renewalRun(house, subscription);
    const renewal = await until(async () => {
      const [found] = await renewalsOf(subscription.id);
      return found?.needsAttention ? found : undefined;
    });
    expect(renewal.status).toBe('collecting');
    await until(async () => (await run.describe()).historyLength >= 17);
    await run.signal('wake', { id: 'dsp_test' });
    await until(async () => (await run.describe()).historyLength >= 25);
    const tried = await house.db.charge.count({ where: { renewalId: renewal.id } });
    expect(tried, 'a wake does not send it again').toBe(1);
    await run.executeUpdate('retryNow', { args: [wish] });
    await until(async () => {
      const { needsAttention } = await house.db.renewal.findUniqueOrThrow({
        where: { id: renewal.id },
      });
      return (
        needsAttention && (await house.db.charge.count({ where: { renewalId: renewal.id } })) === 2
      );
    });
    // Between the fact and the run's parking a command may still be refused.
    await until(() =>
      run.executeUpdate('writeOff', { args: [wish] }).then(
        () => true,
        () => false,
      ),
    );
    expect(await run.result()).toEqual({ outcome: 'written_off' });
  });
});
