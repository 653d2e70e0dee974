/** docs/ledger.md: each fact about money is booked with it, once, on two sides. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { RenewalId } from '../../domain/ids.js';
import {
  postCharge,
  postDebtDropped,
  postDisputeLost,
  postDisputeReinstated,
  postDisputeWithdrawn,
  postFee,
  postRefund,
  postRefundFailure,
  postRenewalDue,
  postReturn,
  postWriteOff,
} from '../../prisma/ledger.js';
import { newId } from '../../prisma/new-id.js';
import { startRenewal } from '../../prisma/start-renewal.js';
import { cancelSubscription } from '../../prisma/subscription-cancel.js';
import { lockSubscription } from '../../prisma/subscription.js';
import { workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { balances, facts } from '../support/ledger.js';
import { aCustomer, aSubscription } from '../support/people.js';

let house: House;
let bench: ReturnType<typeof workbench>;
beforeAll(async () => {
  house = await openHouse({ workers: false });
  await house.db.gatewayAccount.update({
    where: { id: house.account.id },
    data: { debitNoticeDays: 0 },
  });
});
beforeEach(() => {
  bench = workbench(house);
});
afterAll(() => house.close());

const DEBIT = 'pm_sepaDebit_attachThen_succeed';

async function paid(token = 'pm_card_visa') {
  const opened = await bench.plan(token);
  await bench.activities.submitCharge(opened.charge.id);
  return opened;
}

/** By a bank debit, which the payer's bank can take back. */
async function paidByDebit() {
  const opened = await paid(DEBIT);
  expect(await bench.settle(opened.charge.id, 'succeeded')).toEqual({ kind: 'succeeded' });
  return opened;
}

function command(renewalId: RenewalId, kind: 'writeOff' | 'cancelCase') {
  const wish = { kind, id: `cmd_${kind}_${renewalId}`, actor: 'Mia', reason: 'gone' } as const;
  return bench.activities.commandRenewal({ renewalId, command: wish });
}

const of = (renewalId: string) => facts(house, { renewalId });

/** The customer pays after all, though the renewal was written off while the debit was under way. */
async function surplus() {
  const opened = await paid(DEBIT);
  await command(opened.renewalId, 'writeOff');
  await bench.settle(opened.charge.id, 'succeeded');
  return opened;
}

describe('the life of a renewal is booked', () => {
  test('opened, it is owed; paid, the money is at the gateway', async () => {
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    expect(await of(renewalId)).toEqual(['renewal_due  receivable / revenue  1900']);
    await bench.activities.submitCharge(charge.id);
    expect(await of(renewalId)).toEqual([
      'renewal_due  receivable / revenue  1900',
      'charge  gateway / receivable  1900',
    ]);
    expect(await balances(house, { renewalId })).toEqual({ gateway: 1900, revenue: -1900 });
  });

  test('billed by the app it is booked like one that a run has opened', async () => {
    const person = await aCustomer(house, 'pm_card_visa');
    const terms = { collection: 'manual', startsAt: Date.now() - 1000 } as const;
    const { id } = await aSubscription(house, person, terms);
    const { renewal } = await house.db.$transaction(async (tx) =>
      startRenewal(tx, (await lockSubscription(tx, id))!, { amountMinor: 777 }, new Date()),
    );
    expect(await of(renewal.id)).toEqual(['renewal_due  receivable / revenue  777']);
  });

  test('a decline moves nothing: it stays owed', async () => {
    const { renewalId } = await paid('pm_card_attachThen_insufficient_funds');
    expect(await of(renewalId)).toEqual(['renewal_due  receivable / revenue  1900']);
  });

  test('canceled, it was never earned', async () => {
    const { renewalId } = await bench.plan('pm_card_visa');
    expect(await command(renewalId, 'cancelCase')).toBe('canceled');
    expect(await of(renewalId)).toEqual([
      'renewal_due  receivable / revenue  1900',
      'debt_dropped  revenue / receivable  1900',
    ]);
    expect(await balances(house, { renewalId })).toEqual({});
  });

  test('canceled with its subscription, as well', async () => {
    const { renewalId, subscription } = await bench.plan('pm_card_visa');
    const now = { at: 'now', keepDebt: false } as const;
    await house.db.$transaction(async (tx) =>
      cancelSubscription(tx, (await lockSubscription(tx, subscription.id))!, now, new Date()),
    );
    expect(await of(renewalId)).toContain('debt_dropped  revenue / receivable  1900');
  });

  test('canceled while a charge is open, it stays owed until that is final', async () => {
    const { charge, renewalId } = await paid(DEBIT);
    await command(renewalId, 'cancelCase');
    expect(await balances(house, { renewalId })).toEqual({ receivable: 1900, revenue: -1900 });
    await bench.settle(charge.id, 'declined');
    expect(await balances(house, { renewalId })).toEqual({});
  });

  test('written off, it is a loss', async () => {
    const { renewalId } = await bench.plan('pm_card_visa');
    await command(renewalId, 'writeOff');
    expect(await of(renewalId)).toEqual([
      'renewal_due  receivable / revenue  1900',
      'write_off  bad_debt / receivable  1900',
    ]);
  });

  test('money that nobody is owed is a surplus', async () => {
    const { renewalId } = await surplus();
    expect(await balances(house, { renewalId })).toEqual({
      bad_debt: 1900,
      gateway: 1900,
      revenue: -1900,
      surplus: -1900,
    });
  });

  test('returned by the bank it is owed again, and a second payment pays it', async () => {
    const { charge, renewalId } = await paidByDebit();
    await bench.returnDebit(charge.id);
    await bench.activities.resolveCharge(charge.id);
    expect(await balances(house, { renewalId })).toEqual({ receivable: 1900, revenue: -1900 });
    const retry = await bench.planMore(renewalId, 'retry 1', 'dunning');
    await bench.activities.submitCharge(retry.id);
    await bench.settle(retry.id, 'succeeded');
    expect(await of(renewalId)).toEqual([
      'renewal_due  receivable / revenue  1900',
      'charge  gateway / receivable  1900',
      'return  receivable / gateway  1900',
      'charge  gateway / receivable  1900',
    ]);
  });

  test('a surplus that the bank takes back is no debt', async () => {
    const { charge, renewalId } = await surplus();
    await bench.returnDebit(charge.id);
    await bench.activities.resolveCharge(charge.id);
    expect((await of(renewalId)).at(-1)).toBe('return  surplus / gateway  1900');
  });

  test('decided by a person, it is booked like an answer', async () => {
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    const send = { method: 'POST', path: '/v1/payment_intents' };
    await house.emulator.fault({ match: send, fault: 'reset_before', times: 20 });
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    await house.emulator.heal();
    await bench.decide(renewalId, charge, 'pi_seenByMia');
    expect((await of(renewalId)).at(-1)).toBe('charge  gateway / receivable  1900');
  });
});

describe('a fact', () => {
  test('is booked once, however often and by however many it is told', async () => {
    const { charge, renewalId, person } = await paid();
    const [row, renewal] = [await bench.row(charge.id), await bench.renewal(renewalId)];
    const now = new Date();
    const told = Array.from({ length: 10 }, () =>
      house.db.$transaction(async (tx) => {
        await postRenewalDue(tx, renewal, now);
        await postCharge(tx, row, person.customerId, now);
        await postReturn(tx, row, person.customerId, now);
        await postWriteOff(tx, renewal, now);
        await postDebtDropped(tx, renewal, now);
      }),
    );
    await Promise.all(told);
    expect(await of(renewalId)).toEqual([
      'renewal_due  receivable / revenue  1900',
      'charge  gateway / receivable  1900',
      'return  receivable / gateway  1900',
      'write_off  bad_debt / receivable  1900',
    ]);
  });

  test('that is rolled back is not booked', async () => {
    const { renewalId } = await bench.plan('pm_card_visa');
    const renewal = await bench.renewal(renewalId);
    const failing = house.db.$transaction(async (tx) => {
      await postWriteOff(tx, renewal, new Date());
      throw new Error('The rest failed');
    });
    await expect(failing).rejects.toThrow('The rest failed');
    expect(await of(renewalId)).toHaveLength(1);
  });

  test('that is written late is booked late: a statement of the past stays as it is', async () => {
    const { renewalId } = await bench.plan('pm_card_visa');
    const begun = Date.now();
    await postWriteOff(house.db, await bench.renewal(renewalId), new Date(begun - 3_600_000));
    const written = await house.db.ledgerTransaction.findFirstOrThrow({
      where: { renewalId, kind: 'write_off' },
    });
    expect(written.bookedAt.getTime()).toBeGreaterThanOrEqual(begun - 100);
  });
});

describe('money given back', () => {
  async function refunded(opened: Awaited<ReturnType<typeof paid>>, amountMinor: number) {
    const charge = await bench.row(opened.charge.id);
    const { renewalId, gatewayAccountId, merchantId } = charge;
    const refund = await house.db.refund.create({
      data: {
        id: newId('rfd'),
        merchantId,
        renewalId,
        chargeId: charge.id,
        gatewayAccountId,
        amountMinor,
        currency: 'EUR',
        origin: 'gateway',
        kind: 'requested',
        reason: 'Seen at the gateway',
        status: 'succeeded',
        createdAt: new Date(),
      },
    });
    const { customerId } = opened.person;
    await postRefund(house.db, refund, charge, customerId, new Date());
    return { refund, charge, customerId };
  }

  test('is a refund; one that comes back is undone', async () => {
    const opened = await paid();
    const { refund, charge, customerId } = await refunded(opened, 500);
    const before = { gateway: 1400, refunds: 500, revenue: -1900 };
    expect(await balances(house, { renewalId: opened.renewalId })).toEqual(before);
    for (let told = 0; told < 2; told++)
      await postRefundFailure(house.db, refund, charge, customerId, new Date());
    const after = { gateway: 1900, revenue: -1900 };
    expect(await balances(house, { renewalId: opened.renewalId })).toEqual(after);
  });

  test('that never left is not undone', async () => {
    const opened = await paid();
    const { refund, charge, customerId } = await refunded(opened, 500);
    const other = { ...refund, id: newId('rfd') };
    await postRefundFailure(house.db, other, charge, customerId, new Date());
    expect(await of(opened.renewalId)).toHaveLength(3);
  });

  test('of a surplus lessens the surplus', async () => {
    const opened = await surplus();
    await refunded(opened, 1900);
    const left = { bad_debt: 1900, revenue: -1900 };
    expect(await balances(house, { renewalId: opened.renewalId })).toEqual(left);
  });

  test('cannot be returned by the bank as well: it takes what is left', async () => {
    const opened = await paidByDebit();
    await refunded(opened, 500);
    await bench.returnDebit(opened.charge.id);
    await bench.activities.resolveCharge(opened.charge.id);
    expect((await of(opened.renewalId)).at(-1)).toBe('return  receivable / gateway  1400');
  });
});

describe('a dispute', () => {
  async function disputed(opened: Awaited<ReturnType<typeof paid>>, amountMinor = 1900) {
    const charge = await bench.row(opened.charge.id);
    const { renewalId, gatewayAccountId, merchantId } = charge;
    const dispute = await house.db.dispute.create({
      data: {
        id: newId('dis'),
        merchantId,
        renewalId,
        subscriptionId: opened.subscription.id,
        chargeId: charge.id,
        gatewayAccountId,
        gatewayReference: `dp_${charge.id}`,
        inquiry: false,
        reason: 'fraudulent',
        amountMinor,
        currency: 'EUR',
        status: 'needs_response',
        openedAt: new Date(),
      },
    });
    const told = [dispute, charge, opened.person.customerId, new Date()] as const;
    return {
      withdraw: () => postDisputeWithdrawn(house.db, ...told),
      reinstate: () => postDisputeReinstated(house.db, ...told),
      lose: () => postDisputeLost(house.db, ...told),
    };
  }

  test('takes the money away, and gives it back when it is won', async () => {
    const opened = await paid();
    const dispute = await disputed(opened);
    await dispute.withdraw();
    const { renewalId } = opened;
    expect(await balances(house, { renewalId })).toEqual({ disputed: 1900, revenue: -1900 });
    await dispute.reinstate();
    expect(await balances(house, { renewalId })).toEqual({ gateway: 1900, revenue: -1900 });
  });

  test('lost over the whole charge, it is owed again', async () => {
    const opened = await paid();
    const dispute = await disputed(opened);
    await dispute.withdraw();
    await dispute.lose();
    const owed = { receivable: 1900, revenue: -1900 };
    expect(await balances(house, { renewalId: opened.renewalId })).toEqual(owed);
  });

  test('lost over a part, that part is a loss', async () => {
    const opened = await paid();
    const dispute = await disputed(opened, 400);
    await dispute.withdraw();
    await dispute.lose();
    const lost = { bad_debt: 400, gateway: 1500, revenue: -1900 };
    expect(await balances(house, { renewalId: opened.renewalId })).toEqual(lost);
  });

  test('lost over a surplus, the surplus is gone', async () => {
    const opened = await surplus();
    const dispute = await disputed(opened);
    await dispute.withdraw();
    await dispute.lose();
    expect((await of(opened.renewalId)).at(-1)).toBe('dispute_lost  surplus / disputed  1900');
  });

  test('that withdrew nothing moves nothing', async () => {
    const opened = await paid();
    const dispute = await disputed(opened);
    await dispute.reinstate();
    await dispute.lose();
    expect(await of(opened.renewalId)).toHaveLength(2);
  });

  describe('of a charge that the bank has taken back already', () => {
    async function returned() {
      const opened = await paidByDebit();
      await bench.returnDebit(opened.charge.id);
      await bench.activities.resolveCharge(opened.charge.id);
      const dispute = await disputed(opened);
      await dispute.withdraw();
      const { renewalId } = opened;
      expect(await balances(house, { renewalId })).toEqual({ disputed: 1900, revenue: -1900 });
      return { dispute, renewalId };
    }

    test('is owed again once it is lost, and not twice', async () => {
      const { dispute, renewalId } = await returned();
      await dispute.lose();
      expect(await balances(house, { renewalId })).toEqual({ receivable: 1900, revenue: -1900 });
    });

    test('is at the gateway again once it is won', async () => {
      const { dispute, renewalId } = await returned();
      await dispute.reinstate();
      expect(await balances(house, { renewalId })).toEqual({ gateway: 1900, revenue: -1900 });
    });
  });
});

describe('a fee', () => {
  const movement = (feeMinor: bigint) => ({
    id: newId('mov'),
    merchantId: house.merchantId,
    gatewayAccountId: house.account.id,
    line: 'txn_1',
    kind: 'charge',
    reference: 'ch_1',
    chargeReference: null,
    objectReference: null,
    customerReference: null,
    owner: {},
    amountMinor: 1900n,
    currency: 'EUR',
    feeMinor,
    settled: true,
    movedAt: new Date(),
    readAt: new Date(),
  });

  test('lessens what the gateway holds; one given back is booked the other way round', async () => {
    const { renewalId, charge } = await paid();
    const owner = { renewalId, chargeId: charge.id };
    await postFee(house.db, movement(55n), owner, new Date());
    await postFee(house.db, movement(-5n), owner, new Date());
    await postFee(house.db, movement(0n), owner, new Date());
    const left = { fees: 50, gateway: 1850, revenue: -1900 };
    expect(await balances(house, { renewalId })).toEqual(left);
  });

  test('is nothing that a bank takes back', async () => {
    const { renewalId, charge } = await paidByDebit();
    await postFee(house.db, movement(35n), { renewalId, chargeId: charge.id }, new Date());
    await bench.returnDebit(charge.id);
    await bench.activities.resolveCharge(charge.id);
    expect((await of(renewalId)).at(-1)).toBe('return  receivable / gateway  1900');
  });
});

test('after all of these lives each currency sums to nothing, and balances are the fold of the entries', async () => {
  const entries = await house.db.ledgerEntry.findMany();
  expect(entries.length).toBeGreaterThan(100);
  expect(entries.reduce((sum, { amountMinor }) => sum + amountMinor, 0n)).toBe(0n);
  const fold: Record<string, number> = {};
  for (const { account, amountMinor } of entries)
    fold[account] = (fold[account] ?? 0) + Number(amountMinor);
  const standing = Object.fromEntries(Object.entries(fold).filter(([, sum]) => sum !== 0));
  expect(await balances(house)).toEqual(standing);
});

test('the books agree with the rows: what is owed, what came and what went back', async () => {
  const { db } = house;
  for (const renewal of await db.renewal.findMany()) {
    const told = await facts(house, { renewalId: renewal.id });
    const charges = await db.charge.findMany({ where: { renewalId: renewal.id } });
    const came = charges.filter(({ status }) => status === 'succeeded');
    const booked = (kind: string) => told.filter((line) => line.startsWith(`${kind}  `)).length;
    expect(booked('renewal_due')).toBe(1);
    expect(booked('charge')).toBe(came.filter((it) => !it.surplus).length);
    expect(booked('surplus')).toBe(came.filter((it) => it.surplus).length);
  }
});
