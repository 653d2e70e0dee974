/** Disputes in whole runs: webhooks as the gateways sign them, time that is skipped, and runs that are lost. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { machineClock } from '../../activities/clock.js';
import { restartLost } from '../../activities/sweep.js';
import { disputeWorkflowId } from '../../domain/workflow-ids.js';
import { makeLogger } from '../../logger.js';
import { createApiKey } from '../../prisma/api-key.js';
import { type ApiServer, runApi } from '../../processes/api-server.js';
import { workbench } from '../support/bench.js';
import { DAY, bookingsOf, disputeOf, eventsOf } from '../support/disputes.js';
import { type House, SECRETS, openHouse } from '../support/house.js';
import {
  aCustomer,
  aSubscription,
  dunningRun,
  fastForward,
  giveWallet,
  renewalRun,
  skipTime,
  until,
} from '../support/people.js';
import { timeline } from '../support/timeline.js';

let house: House;
let api: ApiServer;
let key: string;
beforeAll(async () => {
  house = await openHouse({ paypal: true, environment: { PORT: '0' } });
  api = await runApi(house.config, house, makeLogger('silent'));
  await house.paypal.emulator.call('POST', 'webhook_endpoints', {
    url: `${address()}/webhooks/paypal/${house.paypal.account.id}`,
    id: SECRETS.TEST_PAYPAL_WEBHOOK_ID,
  });
  await house.emulator.sendWebhooksTo(
    `${address()}/webhooks/stripe/${house.account.id}`,
    SECRETS.TEST_STRIPE_WEBHOOK_SECRET,
  );
  const asked = { merchantId: house.merchantId, name: 'app', mode: 'test' } as const;
  key = (await createApiKey(house.db, { ...asked, scopes: ['read', 'operate'] })).secret;
});
afterEach(() => house.emulator.webhooks('deliver'));
afterAll(async () => {
  await api.stop();
  await house.close();
});

function address() {
  return `http://127.0.0.1:${api.port}`;
}

const WITHDRAWN = 'dispute_withdrawn: disputed +1900, gateway -1900';
const BOOKED_LOST = 'dispute_lost: receivable +1900, disputed -1900';

/** A period that was paid, and whose payer has complained to the bank. */
async function disputed(how: { paypal?: boolean; silent?: boolean } = {}) {
  const { paypal = false, silent = false } = how;
  const person = await aCustomer(house, paypal ? null : 'pm_card_visa');
  if (paypal) await giveWallet(house, person.customerId, 'succeed', { isDefault: true });
  const subscription = await aSubscription(house, person);
  expect(await renewalRun(house, subscription).result()).toEqual({ outcome: 'paid' });
  const charge = await house.db.charge.findFirstOrThrow({
    where: { status: 'succeeded', renewalId: { in: await renewalsOf(subscription.id) } },
  });
  const bank = paypal ? house.paypal.emulator : house.emulator;
  const path = `${paypal ? 'captures' : 'charges'}/${charge.gatewayChargeReference}/dispute`;
  const { id: reference } = await bank.call<{ id: string }>('POST', path, { silent });
  const run = house.client.workflow.getHandle(
    disputeWorkflowId(charge.gatewayAccountId, reference),
  );
  return {
    subscription,
    charge,
    reference,
    run,
    renewalId: charge.renewalId,
    close: (outcome: 'won' | 'lost', quiet = false) =>
      bank.call('POST', `disputes/${reference}/close`, { outcome, silent: quiet }),
    isKnown: () =>
      until(() => house.db.dispute.findFirst({ where: { gatewayReference: reference } })),
    told: () => eventsOf(house, subscription.id),
    books: () => bookingsOf(house, charge.id),
  };
}

async function renewalsOf(subscriptionId: string): Promise<string[]> {
  const renewals = await house.db.renewal.findMany({ where: { subscriptionId } });
  return renewals.map(({ id }) => id);
}

describe('a dispute', () => {
  test('is told by a webhook, answered through the API, and won', async () => {
    const { run, isKnown, told, close, reference } = await disputed();
    const { id } = await isKnown();
    const response = await fetch(`${address()}/v1/disputes/${id}/evidence`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'They used it every day.' }),
    });
    expect(response.status).toBe(200);
    await until(async () => (await disputeOf(house, reference)).evidenceSentAt);
    await until(async () => (await disputeOf(house, reference)).status === 'under_review');
    await close('won');
    expect(await run.result()).toEqual({ outcome: 'won' });
    expect(await told()).toEqual([
      'opened',
      'funds_withdrawn',
      'evidence_due',
      'evidence_submitted',
      'funds_reinstated',
      'won',
    ]);
    const history = JSON.stringify(await run.fetchHistory());
    const words = Buffer.from('They used it every day.').toString('base64').slice(4, 20);
    expect(history).not.toContain(words);
  });

  test('that nobody answers is reminded of, is lost, and is owed again without a charge', async () => {
    const { run, isKnown, told, close, books, renewalId } = await disputed();
    await isKnown();
    await fastForward(house, run.workflowId, 5 * DAY);
    await until(async () => (await told()).filter((type) => type === 'evidence_due').length === 2);
    await close('lost');
    expect(await run.result()).toEqual({ outcome: 'lost' });
    expect(await books()).toEqual([WITHDRAWN, BOOKED_LOST]);
    const dunning = dunningRun(house, renewalId);
    await skipTime(house, dunning.workflowId);
    expect(await dunning.result()).toEqual({ outcome: 'unpaid' });
    const story = await timeline(house, renewalId);
    expect(story.replaceAll(/^day +\d+ +/gm, '')).toBe(
      `
charge 1 (first) → succeeded
renewal.paid
dispute.opened
dispute.funds_withdrawn
dispute.evidence_due
dispute.evidence_due
dispute.lost
renewal.payment_returned
dunning_case.opened
dunning_case.stage_entered warned
service.restricted
dunning_case.stage_entered restricted
service.suspended
dunning_case.stage_entered suspended
service.ended
dunning_case.stage_entered ended
dunning_case.unpaid
renewal.unpaid`.trim(),
    );
  });

  test('whose end was told to nobody is found out within a day', async () => {
    const { run, isKnown, close, books } = await disputed();
    await isKnown();
    await close('lost', true);
    await fastForward(house, run.workflowId, DAY);
    expect(await run.result()).toEqual({ outcome: 'lost' });
    expect(await books()).toEqual([WITHDRAWN, BOOKED_LOST]);
  });

  test('whose first webhook tells of the end is booked whole', async () => {
    const { run, close, told } = await disputed({ silent: true });
    await close('lost');
    await until(async () => (await told()).length > 0);
    expect(await run.result()).toEqual({ outcome: 'lost' });
    expect(await told()).toEqual(['opened', 'funds_withdrawn', 'lost']);
  });

  test('whose run was terminated is followed by another at the next webhook', async () => {
    const { run, isKnown, close, books } = await disputed();
    await isKnown();
    await run.terminate('By an operator');
    await close('lost');
    await until(async () => (await books()).includes(BOOKED_LOST));
    expect(await house.client.workflow.getHandle(run.workflowId).result()).toEqual({
      outcome: 'lost',
    });
    expect(await books()).toEqual([WITHDRAWN, BOOKED_LOST]);
  });

  test('whose run was terminated is followed again by the sweep, webhook or not', async () => {
    const { run, isKnown, close, books, reference } = await disputed();
    const { id } = await isKnown();
    const longAgo = new Date(Date.now() - 3_600_000);
    await house.db.dispute.update({ where: { id }, data: { openedAt: longAgo } });
    await run.terminate('By an operator');
    await close('lost', true);
    await restartLost({ ...house.deps, alive: () => {}, clock: machineClock });
    await until(async () => (await disputeOf(house, reference)).status === 'lost');
    expect(await books()).toEqual([WITHDRAWN, BOOKED_LOST]);
  });

  test('at PayPal takes the money only when it is lost', async () => {
    const { run, isKnown, close, books, told, renewalId } = await disputed({ paypal: true });
    await isKnown();
    expect(await books()).toEqual([]);
    await close('lost');
    expect(await run.result()).toEqual({ outcome: 'lost' });
    expect(await books()).toEqual([WITHDRAWN, BOOKED_LOST]);
    expect((await told()).filter((type) => type !== 'evidence_due')).toEqual([
      'opened',
      'funds_withdrawn',
      'lost',
    ]);
    expect(await house.db.dunningCase.count({ where: { renewalId } })).toBe(1);
  });

  test('that two rows for one account hear of is booked by the one whose charge it is', async () => {
    const { isKnown, reference, run } = await disputed({ silent: true });
    const old = await anotherRow();
    const bench = workbench(Object.create(house, { account: { value: old } }) as House);
    // A charge of the other row whose outcome is not known: its run waits for it, and looks every hour.
    const { charge } = await bench.plan('pm_card_visa');
    await house.db.charge.update({
      where: { id: charge.id },
      data: {
        status: 'submitted',
        firstSentAt: new Date(Date.now() - 5_000),
        keyValidUntil: new Date(Date.now() + 80_000_000),
      },
    });
    await wake(old.id, reference);
    const first = house.client.workflow.getHandle(disputeWorkflowId(old.id, reference));
    await until(async () =>
      JSON.stringify((await first.fetchHistory()).events).includes('TIMER_STARTED'),
    );
    await wake(house.account.id, reference);
    expect(await isKnown()).toMatchObject({ gatewayAccountId: house.account.id });
    await first.terminate('It has no story of its own');
    await run.terminate('It has been told');
  });

  test('is looked at on the lane that its account has now', async () => {
    const { isKnown, run } = await disputed();
    await isKnown();
    const lane = `${house.account.lane}-after`;
    const { id } = house.account;
    await house.db.gatewayAccount.update({ where: { id }, data: { lane } });
    try {
      await run.signal('wake');
      await until(async () => (await lanesOf(run)).includes(lane));
    } finally {
      await house.db.gatewayAccount.update({ where: { id }, data: { lane: house.account.lane } });
      await run.terminate('Nobody serves that lane');
    }
  });
});

function anotherRow() {
  return house.db.gatewayAccount.create({
    data: {
      ...house.account,
      id: `${house.account.id}_old`,
      name: 'stripe-eu-old',
      webhookSecretRefs: ['env:TEST_STRIPE_WEBHOOK_SECRET'],
    } as never,
  });
}

function wake(gatewayAccountId: string, reference: string): Promise<void> {
  return house.deps.launch.send({
    id: `gev_${gatewayAccountId}_${reference}`,
    merchantId: house.merchantId,
    workflowType: 'dispute',
    workflowId: disputeWorkflowId(gatewayAccountId, reference),
    input: { gatewayAccountId, reference },
    kind: 'wake',
    notBefore: null,
  });
}

/** The task queues on which a run has asked the gateway. */
async function lanesOf(run: {
  fetchHistory: () => Promise<{ events?: readonly object[] | null }>;
}): Promise<unknown[]> {
  const { events } = await run.fetchHistory();
  return (events ?? []).flatMap((event) => {
    const { activityTaskScheduledEventAttributes: asked } = event as {
      activityTaskScheduledEventAttributes?: {
        activityType?: { name?: string };
        taskQueue?: { name?: string };
      };
    };
    return asked?.activityType?.name === 'followDispute' ? [asked.taskQueue?.name] : [];
  });
}
