/**
 * Records the histories that replay.test.ts replays. Run by `npm run record`, into files that do not exist yet: a
 * recorded history is never edited, for runs like it are out there.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, describe, test } from 'vitest';

import { planRefund } from '../../activities/plan-refund.js';
import { machineClock } from '../../activities/clock.js';
import { issueLink, useLink } from '../../activities/payment-link.js';
import {
  adoptionWorkflowId,
  deliveryWorkflowId,
  disputeWorkflowId,
  reconcileWorkflowId,
  refundWorkflowId,
} from '../../domain/workflow-ids.js';
import { makeLogger } from '../../logger.js';
import { newId } from '../../prisma/new-id.js';
import { type Relay, startRelay } from '../../processes/relay.js';
import { aListener, aQuietSubscription } from '../support/event-app.js';
import { type House, openHouse } from '../support/house.js';
import {
  aCustomer,
  aSubscription,
  dunningRun,
  fastForward,
  giveCard,
  giveWallet,
  renewalRun,
  skipTime,
  until,
} from '../support/people.js';
import { openSink } from '../support/sink.js';

const wish = { actor: 'Mia', reason: 'The customer called' };

async function keep(situation: string, run: WorkflowHandle): Promise<void> {
  const file = join(import.meta.dirname, 'histories', `${situation}.json`);
  if (existsSync(file)) return;
  const history = historyToJSON(await run.fetchHistory());
  // Where it was recorded is nobody's business.
  writeFileSync(file, `${history.replace(/"identity": *"[^"]*"/g, '"identity": "dunlin"')}\n`);
}

describe('recording', () => {
  let house: House;
  beforeAll(async () => {
    house = await openHouse({ paypal: true });
  });
  afterAll(() => house.close());

  async function subscribe(token: string, terms = {}) {
    const person = await aCustomer(house, token);
    const subscription = await aSubscription(house, person, terms);
    return { person, subscription, run: renewalRun(house, subscription) };
  }

  async function dunningOf(subscriptionId: string) {
    const renewal = await house.db.renewal.findFirstOrThrow({ where: { subscriptionId } });
    return dunningRun(house, renewal.id);
  }

  test('renewal paid, and one woken early', async () => {
    const { run, subscription } = await subscribe('pm_card_visa');
    await run.result();
    await keep('renewal-paid', run);
    const { nextPeriodStart } = await house.db.subscription.findUniqueOrThrow({
      where: { id: subscription.id },
    });
    const early = renewalRun(house, subscription, nextPeriodStart);
    await house.client.workflow.signalWithStart('renewal', {
      workflowId: early.workflowId,
      taskQueue: house.target.taskQueue,
      args: [{ subscriptionId: subscription.id, periodStart: nextPeriodStart.toISOString() }],
      signal: 'wake',
      signalArgs: [{ id: 'dsp_early' }],
    });
    await skipTime(house, early.workflowId);
    await early.result();
    await keep('renewal-not-yet', early);
  });

  test('renewal pending', async () => {
    const { run } = await subscribe('pm_card_attachThen_pending_2');
    await run.result();
    await keep('renewal-pending', run);
  });

  test('renewal declined, then dunning recovered', async () => {
    const { run, subscription } = await subscribe('pm_card_attachThen_insufficient_funds_times_2');
    await run.result();
    await keep('renewal-declined', run);
    const dunning = await dunningOf(subscription.id);
    await skipTime(house, dunning.workflowId);
    await dunning.result();
    await keep('dunning-recovered', dunning);
  });

  test('dunning exhausted', async () => {
    const { run, subscription } = await subscribe('pm_card_attachThen_stolen_card');
    await run.result();
    const dunning = await dunningOf(subscription.id);
    await skipTime(house, dunning.workflowId);
    await dunning.result();
    await keep('dunning-exhausted', dunning);
  });

  test('dunning with a new card, and with commands', async () => {
    const { run, subscription, person } = await subscribe('pm_card_attachThen_expired_card');
    await run.result();
    const dunning = await dunningOf(subscription.id);
    await giveCard(house, person.customerId, 'pm_card_visa');
    await dunning.result();
    await keep('dunning-new-card', dunning);

    const other = await subscribe('pm_card_attachThen_expired_card');
    await other.run.result();
    const commanded = await dunningOf(other.subscription.id);
    const until = new Date(Date.now() + 86_400_000).toISOString();
    await commanded.executeUpdate('holdUntil', { args: [{ ...wish, until }] });
    await commanded.executeUpdate('writeOff', { args: [wish] });
    await commanded.result();
    await keep('dunning-commands', commanded);
  });

  test('renewal in an outage', async () => {
    const account = { where: { id: house.account.id } };
    await house.db.gatewayAccount.update({ ...account, data: { state: 'closed' } });
    const { run } = await subscribe('pm_card_visa');
    await until(async () => (await run.describe()).historyLength > 20);
    await house.db.gatewayAccount.update({ ...account, data: { state: 'open' } });
    await fastForward(house, run.workflowId, 120_000);
    await run.result();
    await keep('renewal-outage', run);
  });

  test('renewal failed over to a wallet', async () => {
    const person = await aCustomer(house, 'pm_card_visa');
    await giveWallet(house, person.customerId);
    const account = { where: { id: house.account.id } };
    const nobody = 'http://127.0.0.1:65530';
    await house.db.gatewayAccount.update({ ...account, data: { apiBase: nobody } });
    const run = renewalRun(house, await aSubscription(house, person));
    await run.result();
    const { url: apiBase } = house.emulator;
    await house.db.gatewayAccount.update({ ...account, data: { apiBase } });
    await keep('renewal-failed-over', run);
  });

  test('renewal by a bank debit that is announced first', async () => {
    const { run, subscription } = await subscribe('pm_sepaDebit_attachThen_pending');
    const announced = () => house.db.debitNotice.count();
    await until(async () => (await announced()) > 0);
    await fastForward(house, run.workflowId, 2 * 86_400_000 + 60_000);
    const charge = await until(async () => {
      const renewal = await house.db.renewal.findFirst({
        where: { subscriptionId: subscription.id },
      });
      const pending = { renewalId: renewal!.id, status: 'pending' };
      return house.db.charge.findFirst({ where: pending });
    });
    await house.emulator.settle(charge.gatewayReference!, 'succeeded');
    await fastForward(house, run.workflowId, 86_400_000 + 60_000);
    await run.result();
    await keep('renewal-debit-announced', run);
  });

  test('dunning that a payment on a page recovers', async () => {
    const { run, subscription } = await subscribe('pm_card_attachThen_authentication_required');
    await run.result();
    const renewal = await house.db.renewal.findFirstOrThrow({
      where: { subscriptionId: subscription.id },
    });
    const addresses = { returnUrl: 'https://app.test/', cancelUrl: 'https://app.test/no' };
    const asked = { renewalId: renewal.id, addresses, expiresAt: new Date(Date.now() + 60_000) };
    const link = await house.db.$transaction((tx) => issueLink(house.deps, tx, asked, new Date()));
    const page = await useLink({ ...house.deps, clock: machineClock }, link.secret);
    if (page?.kind !== 'ready') throw new Error(page?.kind);
    const paid = { payment_intent: page.reference, token: 'pm_card_visa' };
    await house.emulator.call('POST', 'complete', paid);
    const dunning = await dunningOf(subscription.id);
    await dunning.result();
    await keep('dunning-page', dunning);
  });

  test('renewal parked, then written off; renewal canceled', async () => {
    const { run } = await subscribe('pm_card_visa', { amountMinor: 1 });
    const written = () => run.executeUpdate('writeOff', { args: [wish] });
    await until(() =>
      written().then(
        () => true,
        () => false,
      ),
    );
    await run.result();
    await keep('renewal-parked', run);

    const canceled = await subscribe('pm_card_attachThen_pending');
    await until(async () => (await canceled.run.describe()).historyLength > 14);
    await canceled.run.cancel();
    const charge = await house.db.charge.findFirstOrThrow({ where: { status: 'pending' } });
    await house.emulator.settle(charge.gatewayReference!, 'declined');
    await canceled.run.result();
    await keep('renewal-canceled', canceled.run);
  });
});

describe('recording deliveries', () => {
  let house: House;
  let relay: Relay;
  beforeAll(async () => {
    house = await openHouse({ environment: { WEBHOOK_PRIVATE_TARGETS: 'on' } });
    relay = startRelay(house.deps, makeLogger('silent'));
  });
  afterAll(async () => {
    await relay.stop();
    await house.close();
  });

  test('delivery made after two retries, and one given up after three days', async () => {
    for (const situation of ['delivery-made', 'delivery-given-up']) {
      const { sink, endpointId } = await aListener(house, { sink: await openSink(503) });
      await aQuietSubscription(house);
      const retrying = { endpointId, status: 'retrying' };
      const { eventId } = await until(() => house.db.delivery.findFirst({ where: retrying }));
      const workflowId = deliveryWorkflowId(eventId, endpointId);
      await until(() => house.deps.launch.isRunning(workflowId));
      const run = house.client.workflow.getHandle(workflowId);
      if (situation === 'delivery-made') {
        await run.signal('wake', { id: 'dsp_recorded' });
        await until(async () => sink.heard.length === 2);
        sink.answers(200);
      }
      await skipTime(house, workflowId);
      await run.result();
      await keep(situation, run);
      await house.db.webhookEndpoint.delete({ where: { id: endpointId } });
      await sink.close();
    }
  });
});

describe('recording what comes after the payment', () => {
  let house: House;
  beforeAll(async () => {
    house = await openHouse();
  });
  afterAll(() => house.close());

  const workflow = (id: string) => house.client.workflow.getHandle(id);

  async function paid(token = 'pm_card_visa') {
    const subscription = await aSubscription(house, await aCustomer(house, token));
    await renewalRun(house, subscription).result();
    const renewal = await house.db.renewal.findFirstOrThrow({
      where: { subscriptionId: subscription.id },
    });
    return house.db.charge.findFirstOrThrow({ where: { renewalId: renewal.id } });
  }

  async function refundRun(chargeId: string): Promise<WorkflowHandle> {
    const wish = { id: newId('rfd'), chargeId, kind: 'requested', reason: 'Recorded' } as const;
    const { refund, dispatches } = await house.db.$transaction((tx) =>
      planRefund(house.deps, tx, { ...wish, origin: 'app' }, new Date()),
    );
    for (const dispatch of dispatches) await house.deps.launch.send(dispatch);
    return workflow(refundWorkflowId(refund.id));
  }

  test('refund made, refund that waits, refunds that somebody else made', async () => {
    const made = await refundRun((await paid()).id);
    await made.result();
    await keep('refund-made', made);

    const waits = await refundRun((await paid('pm_card_attachThen_refund_pending')).id);
    await until(async () => (await waits.describe()).historyLength > 14);
    await house.emulator.advance(60);
    await waits.signal('wake', { id: 'dsp_recorded' });
    await waits.result();
    await keep('refund-pending', waits);

    const charge = await paid();
    const refunded = { charge: charge.gatewayChargeReference };
    await house.emulator.call('POST', 'dashboard/refunds', refunded);
    const { id: chargeId, renewalId, merchantId } = charge;
    const workflowId = adoptionWorkflowId(chargeId);
    const input = { chargeId, renewalId };
    await house.deps.launch.start({ merchantId, workflowType: 'refund', workflowId, input });
    await workflow(workflowId).result();
    await keep('refund-adopted', workflow(workflowId));
  });

  test('dispute lost, after a reminder', async () => {
    const charge = await paid();
    const at = `charges/${charge.gatewayChargeReference}/dispute`;
    const { id: reference } = await house.emulator.call<{ id: string }>('POST', at, {});
    const workflowId = disputeWorkflowId(house.account.id, reference);
    const input = { gatewayAccountId: house.account.id, reference };
    const { merchantId } = charge;
    await house.deps.launch.start({ merchantId, workflowType: 'dispute', workflowId, input });
    const run = workflow(workflowId);
    await until(() => house.db.dispute.findFirst({ where: { gatewayReference: reference } }));
    await fastForward(house, workflowId, 2 * 86_400_000);
    await house.emulator.call('POST', `disputes/${reference}/close`, { outcome: 'lost' });
    await run.signal('wake', { id: 'dsp_recorded' });
    await run.result();
    await keep('dispute-lost', run);
  });

  test('books compared, with a difference', async () => {
    const charge = await paid();
    const altered = { op: 'alter', source: charge.gatewayChargeReference, amount_minor: 1234 };
    await house.emulator.call('POST', 'books', altered);
    await house.deps.launch.reconcile(house.account);
    const run = workflow(reconcileWorkflowId(house.account.id));
    await run.result();
    await keep('reconcile-difference', run);
  });
});
