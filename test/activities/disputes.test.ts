/** What a look at a dispute books, with a gateway that says what the test wants: in any order, and as often as it likes. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { RenewalId } from '../../domain/ids.js';
import { money } from '../../domain/money.js';
import { periodStartText } from '../../domain/workflow-ids.js';
import { changeSettings } from '../../prisma/settings.js';
import { type House, openHouse } from '../support/house.js';
import { giveCard } from '../support/people.js';
import {
  DAY,
  ESCALATED,
  LOST,
  WON,
  bookingsOf,
  paidAndDisputed,
  ticketOf,
} from '../support/disputes.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false });
});
afterAll(() => house.close());

function onDispute(policy: 'keep' | 'pause' | 'cancel') {
  return changeSettings(house.db, house.merchantId, { onDispute: policy });
}
beforeEach(() => onDispute('keep'));

const WITHDRAWN = 'dispute_withdrawn: disputed +1900, gateway -1900';
const REINSTATED = 'dispute_reinstated: gateway +1900, disputed -1900';
const BOOKED_LOST = 'dispute_lost: receivable +1900, disputed -1900';

describe('a dispute', () => {
  test('is booked once, however often it is looked at', async () => {
    const { look, row, told, books, renewalId, bench } = await paidAndDisputed(house);
    for (let time = 0; time < 5; time++) expect(await look()).toMatchObject({ kind: 'open' });
    expect(await row()).toMatchObject({ status: 'needs_response', inquiry: false, renewalId });
    expect(await told()).toEqual(['opened', 'funds_withdrawn']);
    expect(await books()).toEqual([WITHDRAWN]);
    expect((await bench.renewal(renewalId)).status).toBe('paid');
  });

  test('two looks at once book it once', async () => {
    const { look, told, books } = await paidAndDisputed(house);
    await Promise.allSettled([look(), look(), look(), look()]);
    await look();
    expect(await told()).toEqual(['opened', 'funds_withdrawn']);
    expect(await books()).toEqual([WITHDRAWN]);
  });

  test('asks for evidence, reminds of it three times, and hears no more of it when it is decided', async () => {
    const { look, row, told, bench, bank } = await paidAndDisputed(house);
    await look();
    expect((await row()).needsAttention).toMatchObject({
      why: "The payer's bank wants the money back (fraudulent)",
    });
    for (let day = 0; day < 20; day++) {
      bench.advance(DAY);
      await look();
    }
    expect((await told()).filter((type) => type === 'evidence_due')).toHaveLength(3);
    expect((await row()).reminded).toBe(3);
    bank.says(WON);
    await look();
    expect((await row()).needsAttention).toBeNull();
  });

  test('that is heard of late is reminded of once', async () => {
    const { look, told } = await paidAndDisputed(house, { respondBy: Date.now() + DAY / 2 });
    await look();
    await look();
    expect(await told()).toEqual(['opened', 'funds_withdrawn', 'evidence_due']);
  });

  test('that is only an inquiry moves no money and stops nothing', async () => {
    await onDispute('cancel');
    const { look, row, told, books, bank, subscription } = await paidAndDisputed(house, {
      inquiry: true,
      withdrawn: false,
    });
    await look();
    bank.says({ status: 'closed', respondBy: undefined });
    expect(await look()).toEqual({ kind: 'over', outcome: 'closed' });
    expect(await told()).toEqual(['opened', 'closed']);
    expect(await books()).toEqual([]);
    expect(await row()).toMatchObject({ inquiry: true, status: 'closed', needsAttention: null });
    const after = await house.db.subscription.findUniqueOrThrow({ where: { id: subscription.id } });
    expect(after.status).toBe('active');
  });

  test('of a charge that Dunlin never made is nothing of ours', async () => {
    const { look } = await paidAndDisputed(house, { chargeReference: 'ch_of_somebody_else' });
    expect(await look()).toEqual({ kind: 'over', outcome: 'unknown_charge' });
  });

  test('of a charge whose own outcome is not known yet waits for it', async () => {
    const { bench, look, bank, charge } = await paidAndDisputed(house);
    const open = await bench.plan('pm_card_visa');
    await house.emulator.fault({ match: { path: '/v1/payment_intents' }, fault: 'reset_after' });
    await bench.activities.submitCharge(open.charge.id);
    await house.emulator.heal();
    const { gatewayChargeReference } = await bench.row(charge.id);
    bank.says({ chargeReference: 'ch_not_known_yet', openedAt: Date.now() });
    expect(await look()).toMatchObject({ kind: 'too_early' });
    expect(await bench.activities.resolveCharge(open.charge.id)).toEqual({ kind: 'succeeded' });
    bank.says({ chargeReference: gatewayChargeReference! });
    expect(await look()).toMatchObject({ kind: 'open' });
  });
});

describe('a lost dispute', () => {
  test('makes the renewal owed again, in a case that charges nothing by itself', async () => {
    const { look, bank, bench, renewalId, charge, books, told, openCase } =
      await paidAndDisputed(house);
    await look();
    bank.says(LOST);
    expect(await look()).toEqual({ kind: 'over', outcome: 'lost' });
    await look();
    expect(await bench.renewal(renewalId)).toMatchObject({ status: 'past_due', paidAt: null });
    expect((await bench.row(charge.id)).reversedAt).not.toBeNull();
    expect((await bench.row(charge.id)).releasedAt).not.toBeNull();
    expect(await openCase()).toMatchObject({ number: 1, lastDecline: { code: 'dispute_lost' } });
    expect(await books()).toEqual([WITHDRAWN, BOOKED_LOST]);
    expect(await told()).toEqual(['opened', 'funds_withdrawn', 'lost']);
    for (let step = 0; step < 3; step++) {
      const decision = await bench.activities.readDunningCase(renewalId);
      if (decision.kind !== 'next') break;
      expect(decision.step.kind).toBe('enter_stage');
      if (decision.step.kind === 'enter_stage')
        await bench.activities.enterStage({ renewalId, stage: decision.step.stage });
    }
    const owed = { workflowType: 'dunning', workflowId: `dunning/${renewalId}` };
    expect((await house.db.dispatch.findFirst({ where: owed }))?.sentAt).not.toBeNull();
  });

  test('is the same when it is heard of only then', async () => {
    const late = await paidAndDisputed(house, LOST);
    expect(await late.look()).toEqual({ kind: 'over', outcome: 'lost' });
    expect((await late.bench.renewal(late.renewalId)).status).toBe('past_due');
    expect(await late.openCase()).toMatchObject({ lastDecline: { code: 'dispute_lost' } });
    expect(await late.books()).toEqual([WITHDRAWN, BOOKED_LOST]);
    expect(await late.told()).toEqual(['opened', 'funds_withdrawn', 'lost']);
    expect(await late.row()).toMatchObject({ status: 'lost', needsAttention: null });
  });

  test('stays lost when an older look comes in after it', async () => {
    const { look, bank, row, books } = await paidAndDisputed(house, LOST);
    await look();
    bank.says({ ...ESCALATED, withdrawn: false });
    expect(await look()).toEqual({ kind: 'over', outcome: 'lost' });
    expect(await row()).toMatchObject({ status: 'lost', needsAttention: null });
    bank.says(WON);
    await look();
    expect(await row()).toMatchObject({ status: 'lost' });
    expect((await row()).needsAttention).toMatchObject({
      why: 'It was booked as lost, and the gateway says now that it is won',
    });
    expect(await books()).toEqual([WITHDRAWN, BOOKED_LOST]);
  });

  test('and the return that the gateway reports of the same charge are one', async () => {
    const decline = { class: 'consent_revoked', code: 'reversed', message: '', elsewhere: false };
    const { bookReturn } = await import('../../activities/book-return.js');
    const returned = async (of: Disputed) =>
      bookReturn(of.bench.deps, await of.bench.row(of.charge.id), decline as never);
    const ends = async (of: Disputed) => ({
      status: (await of.bench.renewal(of.renewalId)).status,
      case: (await of.openCase())?.lastDecline,
      cases: await house.db.dunningCase.count({ where: { renewalId: of.renewalId } }),
      gateway: await balance(of.charge.id, 'gateway'),
      receivable: await balance(of.charge.id, 'receivable'),
      disputed: await balance(of.charge.id, 'disputed'),
    });
    const first = await paidAndDisputed(house, LOST);
    await first.look();
    await returned(first);
    const second = await paidAndDisputed(house, LOST);
    await returned(second);
    await second.look();
    const third = await paidAndDisputed(house);
    await third.look();
    await returned(third);
    expect((await third.bench.renewal(third.renewalId)).status).toBe('paid');
    third.bank.says(LOST);
    await third.look();
    const atOnce = await paidAndDisputed(house, LOST);
    await Promise.allSettled([atOnce.look(), returned(atOnce)]);
    await atOnce.look();
    const end = await ends(first);
    expect(end).toMatchObject({ status: 'past_due', cases: 1, gateway: 0n, disputed: 0n });
    expect(await ends(second)).toEqual(end);
    expect(await ends(third)).toEqual(end);
    expect(await ends(atOnce)).toEqual(end);
  });

  test('over a part of the charge is booked, and a person decides about the rest', async () => {
    const { look, bench, renewalId, books, row, openCase } = await paidAndDisputed(house, {
      ...LOST,
      amount: money(700, 'EUR'),
    });
    await look();
    expect((await bench.renewal(renewalId)).status).toBe('paid');
    expect(await openCase()).toBeNull();
    expect((await row()).needsAttention).toMatchObject({ why: 'Part of the charge was lost' });
    expect((await books()).at(-1)).toBe('dispute_lost: bad_debt +700, disputed -700');
  });

  test('over surplus money reopens nothing', async () => {
    const { look, bench, renewalId, charge, openCase } = await paidAndDisputed(house, LOST);
    await house.db.charge.update({ where: { id: charge.id }, data: { surplus: true } });
    await look();
    expect((await bench.renewal(renewalId)).status).toBe('paid');
    expect(await openCase()).toBeNull();
    expect((await bookingsOf(house, charge.id)).at(-1)).toBe(
      'dispute_lost: surplus +1900, disputed -1900',
    );
  });

  test('is collected by a card that was given since, not by one that lay around', async () => {
    const { look, bank, bench, renewalId, person } = await paidAndDisputed(house);
    await look();
    await giveCard(house, person.customerId, 'pm_card_mastercard');
    bank.says(LOST);
    await look();
    const before = await bench.activities.readDunningCase(renewalId);
    expect(before).toMatchObject({ step: { kind: 'enter_stage' } });
    const { paymentMethodId } = await giveCard(house, person.customerId, 'pm_card_amex');
    const after = await bench.activities.readDunningCase(renewalId);
    expect(after).toMatchObject({ step: { kind: 'retry', round: paymentMethodId } });
  });
});

async function balance(chargeId: string, account: string): Promise<bigint> {
  const booked = await house.db.ledgerTransaction.findMany({ where: { chargeId } });
  const entries = await house.db.ledgerEntry.findMany({
    where: { account, transactionId: { in: booked.map(({ id }) => id) } },
  });
  return entries.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
}

describe('a dispute that was won', () => {
  test('brings the money back and changes nothing else', async () => {
    const { look, bank, bench, renewalId, books, told } = await paidAndDisputed(house);
    await look();
    bank.says({ status: 'under_review' });
    await look();
    bank.says(WON);
    expect(await look()).toEqual({ kind: 'over', outcome: 'won' });
    await look();
    expect(await books()).toEqual([WITHDRAWN, REINSTATED]);
    expect(await told()).toEqual(['opened', 'funds_withdrawn', 'funds_reinstated', 'won']);
    expect((await bench.renewal(renewalId)).status).toBe('paid');
  });

  test('is the same when it is heard of only then', async () => {
    const late = await paidAndDisputed(house, { ...WON, wasWithdrawn: true });
    expect(await late.look()).toEqual({ kind: 'over', outcome: 'won' });
    expect(await late.books()).toEqual([WITHDRAWN, REINSTATED]);
    expect(await late.told()).toEqual(['opened', 'funds_withdrawn', 'funds_reinstated', 'won']);
  });

  test('is not believed to be back while it is open: an older look may not know that it was taken', async () => {
    const { look, bank, books } = await paidAndDisputed(house);
    await look();
    bank.says({ withdrawn: false });
    await look();
    expect(await books()).toEqual([WITHDRAWN]);
  });
});

type Disputed = Awaited<ReturnType<typeof paidAndDisputed>>;

describe('dunning of the same subscription', () => {
  /** A case of the subscription's next period, beside the dispute about the one before. */
  async function inDunning({ bench, person, subscription }: Disputed): Promise<RenewalId> {
    await house.emulator.setFate(person.method, 'insufficient_funds');
    bench.advance(31 * DAY);
    const { id: subscriptionId } = subscription;
    const { nextPeriodStart } = await house.db.subscription.findUniqueOrThrow({
      where: { id: subscriptionId },
    });
    const periodStart = periodStartText(nextPeriodStart.getTime());
    const opening = await bench.activities.openRenewal({ subscriptionId, periodStart });
    if (opening.kind !== 'opened' || opening.plan.kind !== 'charge') throw new Error(opening.kind);
    const { renewalId, plan } = opening;
    const outcome = await bench.activities.submitCharge(plan.charge.id);
    if (outcome.kind !== 'declined') throw new Error(outcome.kind);
    await bench.activities.openDunningCase({ renewalId, decline: outcome.decline });
    await bench.activities.enterStage({ renewalId, stage: 'warned' });
    return renewalId;
  }

  test('stops while it is open, and goes on when it was won', async () => {
    const disputed = await paidAndDisputed(house, { respondBy: Date.now() + 60 * DAY });
    const other = await inDunning(disputed);
    const { readDunningCase } = disputed.bench.activities;
    expect(await readDunningCase(other)).toMatchObject({ step: { kind: 'retry' } });
    await disputed.look();
    expect(await readDunningCase(other)).toMatchObject({
      step: { kind: 'await_operator', why: expect.stringContaining('is disputed') as string },
    });
    disputed.bank.says(WON);
    await disputed.look();
    expect(await readDunningCase(other)).toMatchObject({ step: { kind: 'retry' } });
    const wakes = await house.db.dispatch.count({ where: { workflowId: `dunning/${other}` } });
    expect(wakes).toBe(2);
  });

  test('takes a new card and an operator at once all the same', async () => {
    const disputed = await paidAndDisputed(house, { respondBy: Date.now() + 60 * DAY });
    const other = await inDunning(disputed);
    const { readDunningCase, recordCommand } = disputed.bench.activities;
    await disputed.look();
    const card = await giveCard(house, disputed.person.customerId, 'pm_card_mastercard');
    expect(await readDunningCase(other)).toMatchObject({
      step: { kind: 'retry', round: card.paymentMethodId },
    });
    const by = { id: `cmd_${other}`, actor: 'Mia', reason: 'The customer asked' };
    const asked = { renewalId: other, command: { kind: 'retryNow', ...by } as const };
    expect(await recordCommand(asked)).toMatchObject({ step: { kind: 'retry', round: by.id } });
  });
});

describe("the merchant's settings", () => {
  async function statusAfterDispute(policy: 'keep' | 'pause' | 'cancel', said = {}) {
    await onDispute(policy);
    const disputed = await paidAndDisputed(house, said);
    await disputed.look();
    const { id } = disputed.subscription;
    const { status, service } = await house.db.subscription.findUniqueOrThrow({ where: { id } });
    return { status, service, disputed };
  }

  test('keep the subscription, pause it, or cancel it at once', async () => {
    expect(await statusAfterDispute('keep')).toMatchObject({ status: 'active', service: 'full' });
    expect(await statusAfterDispute('pause')).toMatchObject({ status: 'paused', service: 'full' });
    expect(await statusAfterDispute('cancel')).toMatchObject({
      status: 'canceled',
      service: 'ended',
    });
  });

  test('are applied once: whoever resumes it meanwhile is not overruled', async () => {
    const { disputed } = await statusAfterDispute('pause');
    const { id } = disputed.subscription;
    await house.db.subscription.update({
      where: { id },
      data: { status: 'active', pausedAt: null },
    });
    await disputed.look();
    disputed.bank.says(LOST);
    await disputed.look();
    expect(await house.db.subscription.findUniqueOrThrow({ where: { id } })).toMatchObject({
      status: 'active',
    });
  });

  test('are applied when an inquiry becomes more than a question, and when it is lost already', async () => {
    const asked = await statusAfterDispute('pause', { inquiry: true, withdrawn: false });
    expect(asked.status).toBe('active');
    asked.disputed.bank.says(ESCALATED);
    await asked.disputed.look();
    const { id } = asked.disputed.subscription;
    const paused = await house.db.subscription.findUniqueOrThrow({ where: { id } });
    expect(paused.status).toBe('paused');
    expect((await statusAfterDispute('pause', LOST)).status).toBe('paused');
  });
});

test('a gateway that cannot be read is looked at again by Temporal', async () => {
  const { look, bank, row } = await paidAndDisputed(house);
  await look();
  bank.reads({ kind: 'unavailable', why: 'It is away' });
  await expect(look()).rejects.toThrow('It is away');
  bank.reads({ kind: 'unavailable', why: 'The key was revoked', attention: true });
  await expect(look()).rejects.toThrow('The key was revoked');
  expect((await row()).needsAttention).toMatchObject({ why: 'The key was revoked' });
});

test('a bank debit that came back is its charge’s own story', async () => {
  const { bank, bench } = await paidAndDisputed(house);
  bank.reads({ kind: 'return' });
  const look = await bench.activities.followDispute(ticketOf(house, 'dp_unheard_of'));
  expect(look).toEqual({ kind: 'over', outcome: 'return' });
});
