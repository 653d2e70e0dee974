/** Disputes at their edges: beside refunds, returns and other disputes, in other currencies, and unknown to the gateway. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { adoptRefunds } from '../../activities/adopt-refunds.js';
import { bookFound } from '../../activities/book-found.js';
import { bookReturn } from '../../activities/book-return.js';
import type { Decline } from '../../domain/decline.js';
import { money } from '../../domain/money.js';
import { changeSettings } from '../../prisma/settings.js';
import { newId } from '../../prisma/new-id.js';
import { workbench } from '../support/bench.js';
import { DAY, LOST, WON, bookingsOf, paidAndDisputed, ticketOf } from '../support/disputes.js';
import { type House, openHouse } from '../support/house.js';
import { booksOf, refundDesk } from '../support/refunding.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false, paypal: true });
});
afterAll(() => house.close());

const paypal = () => house.paypal.emulator;

function complain(capture: string, how: object = {}) {
  return paypal().call<{ id: string }>('POST', `captures/${capture}/dispute`, how);
}

function close(id: string, outcome: 'won' | 'lost') {
  return paypal().call('POST', `disputes/${id}/close`, { outcome });
}

/** What PayPal really holds of a capture. */
async function heldOf(capture: string): Promise<number> {
  const journal = await paypal().journal();
  return journal
    .filter((entry) => (entry as { capture?: string }).capture === capture)
    .reduce((sum, e) => sum + (e.kind === 'charge' ? e.amount_minor : -e.amount_minor), 0);
}

/** A renewal paid by wallet, and a complaint about it that PayPal has told us of. */
async function disputedWallet(how: object = {}) {
  const bench = workbench(house);
  const desk = refundDesk(house, bench, 'paypal');
  const paid = await desk.paid();
  const { id } = await complain(paid.capture, how);
  const look = () => bench.activities.followDispute(ticketOf(house, id, house.paypal.account));
  await look();
  return { ...paid, bench, desk, id, look };
}

describe('beside a refund', () => {
  test('refunded in full under an open dispute, which then ends for the buyer: taken once', async () => {
    const { bench, chargeId, capture, renewalId, id, look } = await disputedWallet();
    await paypal().call('POST', 'dashboard/refunds', { capture });
    expect(await adoptRefunds(bench.deps, chargeId)).toBe(1);
    await close(id, 'lost');
    expect(await look()).toEqual({ kind: 'over', outcome: 'closed' });
    expect(await heldOf(capture)).toBe(0);
    expect((await booksOf(house, renewalId))['gateway'] ?? 0).toBe(0);
    expect((await bench.renewal(renewalId)).status).toBe('paid');
    const row = await house.db.dispute.findFirstOrThrow({ where: { chargeId } });
    expect(row).toMatchObject({ status: 'closed', withdrawnAt: null, needsAttention: null });
  });

  test('a surplus refunded by policy while its dispute is not known here yet is not given back twice', async () => {
    await changeSettings(house.db, house.merchantId, { surplus: 'refund' });
    const bench = workbench(house);
    const desk = refundDesk(house, bench, 'paypal');
    const { chargeId, renewalId } = await desk.paid();
    const first = await bench.row(chargeId);
    const extra = await paypal().call<{ id: string }>('POST', 'dashboard/payments', {
      amount: { currency_code: 'EUR', value: '19.00' },
      invoice_id: `${renewalId}-9`,
      client_id: 'dunlin-test-client',
      silent: true,
    });
    const { id } = await complain(extra.id);
    const ticket = ticketOf(house, id, house.paypal.account);
    expect(await bench.activities.followDispute(ticket)).toMatchObject({
      outcome: 'unknown_charge',
    });
    await bookFound(bench.deps, first, { reference: undefined, chargeReference: extra.id });
    await changeSettings(house.db, house.merchantId, { surplus: 'hold' });
    const found = await house.db.charge.findFirstOrThrow({ where: { renewalId, surplus: true } });
    const refund = await house.db.refund.findFirst({ where: { chargeId: found.id } });
    if (refund) await desk.look(refund.id);
    await close(id, 'lost');
    await bench.activities.followDispute(ticket);
    const [gateway] = await house.db.$queryRaw<{ sum: bigint }[]>`
      select coalesce(sum(e.amount_minor), 0)::bigint as sum from ledger_entry e
      join ledger_transaction t on t.id = e.transaction_id
      where t.charge_id = ${found.id} and e.account = 'gateway'`;
    expect(Number(gateway!.sum)).toBe(await heldOf(extra.id));
  });

  test('a dispute takes no more than a refund has left, and a person hears of the rest', async () => {
    const { bench, charge, renewalId, look, row, books } = await paidAndDisputed(house, LOST);
    const desk = refundDesk(house, bench, 'stripe');
    await desk.look(await desk.plan(charge.id, 500));
    await look();
    expect(await row()).toMatchObject({ amountMinor: 1400n, status: 'lost' });
    expect((await row()).needsAttention).toMatchObject({
      why: 'It was lost over EUR 19.00, and EUR 14.00 of the charge are booked',
    });
    expect(await books()).toEqual([
      'refund: refunds +500, gateway -500',
      'dispute_withdrawn: disputed +1400, gateway -1400',
      'dispute_lost: bad_debt +1400, disputed -1400',
    ]);
    expect((await bench.renewal(renewalId)).status).toBe('paid');
  });
});

describe('beside a return', () => {
  test.each([
    ['won', {}],
    ['an inquiry', { stage: 'INQUIRY' }],
  ])(
    'a PayPal capture that a bank reverses long after a dispute of it ended for us (%s) is a return',
    async (_, how) => {
      const { bench, capture, chargeId, renewalId, id, look } = await disputedWallet(how);
      await close(id, 'won');
      expect(await look()).toMatchObject({ kind: 'over' });
      await bench.reverse(capture);
      await bench.activities.resolveCharge(chargeId);
      await look();
      expect((await bench.row(chargeId)).reversedAt).not.toBeNull();
      expect((await bench.renewal(renewalId)).status).toBe('past_due');
    },
  );

  const DECLINE: Decline = {
    class: 'consent_revoked',
    code: 'reversed',
    message: '',
    elsewhere: false,
  };

  test('an open dispute over a part does not hold a return back, and its part is owed as well', async () => {
    const { bench, bank, charge, look, renewalId } = await paidAndDisputed(house, {
      amount: money(700, 'EUR'),
    });
    await look();
    await bookReturn(bench.deps, await bench.row(charge.id), DECLINE);
    expect((await bench.renewal(renewalId)).status).toBe('past_due');
    bank.says(LOST);
    await look();
    expect(await bookingsOf(house, charge.id)).toEqual([
      'dispute_withdrawn: disputed +700, gateway -700',
      'return: receivable +1200, gateway -1200',
      'dispute_lost: receivable +700, disputed -700',
    ]);
    expect(await house.db.dunningCase.count({ where: { renewalId } })).toBe(1);
  });

  test('an open dispute over all of it holds a return back', async () => {
    const { bench, charge, look, renewalId } = await paidAndDisputed(house);
    await look();
    await bookReturn(bench.deps, await bench.row(charge.id), DECLINE);
    expect((await bench.renewal(renewalId)).status).toBe('paid');
  });
});

describe('two disputes about one charge', () => {
  async function both() {
    const disputed = await paidAndDisputed(house);
    const second = { ...disputed.ticket, reference: `${disputed.ticket.reference}_second` };
    const row = () =>
      house.db.dispute.findFirstOrThrow({ where: { gatewayReference: second.reference } });
    const lookAtSecond = () => {
      disputed.bank.says({ reference: second.reference });
      return disputed.bench.activities.followDispute(second);
    };
    return { ...disputed, second, secondRow: row, lookAtSecond };
  }

  test('both lost: it is owed again once, and a person hears of the other', async () => {
    const { bank, look, lookAtSecond, secondRow, renewalId } = await both();
    await look();
    bank.says(LOST);
    await look();
    expect(await lookAtSecond()).toEqual({ kind: 'over', outcome: 'lost' });
    expect(await booksOf(house, renewalId)).toEqual({ receivable: 1900, revenue: -1900 });
    expect(await house.db.dunningCase.count({ where: { renewalId } })).toBe(1);
    expect(await secondRow()).toMatchObject({ withdrawnAt: null });
    expect((await secondRow()).needsAttention).toMatchObject({
      why: 'It was lost over EUR 19.00, and nothing of the charge was left',
    });
  });

  test('of which one is won: the other takes what came back', async () => {
    const { bank, look, lookAtSecond, ticket, secondRow, renewalId } = await both();
    await look();
    await lookAtSecond();
    expect(await secondRow()).toMatchObject({ withdrawnAt: null });
    bank.says({ ...WON, reference: ticket.reference });
    await look();
    bank.says(LOST);
    await lookAtSecond();
    expect(await booksOf(house, renewalId)).toEqual({ receivable: 1900, revenue: -1900 });
    expect(await secondRow()).toMatchObject({ status: 'lost', needsAttention: null });
  });
});

describe('in the currency of the payer', () => {
  test('a dispute is not compared with the amount of the charge', async () => {
    const { bank, look, renewalId, bench, row, books } = await paidAndDisputed(house, {
      amount: money(1900, 'JPY'),
    });
    await look();
    bank.says(LOST);
    await look();
    expect((await bench.renewal(renewalId)).status).toBe('paid');
    expect(await books()).toEqual([]);
    expect((await row()).needsAttention).toMatchObject({
      why: 'It was lost over JPY 1900, and the charge is in EUR',
    });
  });

  test('a dispute is booked by what the gateway has taken', async () => {
    const { look, row, books } = await paidAndDisputed(house, {
      ...LOST,
      amount: money(1900, 'JPY'),
      taken: money(1200, 'EUR'),
    });
    await look();
    expect(await row()).toMatchObject({ amountMinor: 1200n, currency: 'EUR' });
    expect((await books()).at(-1)).toBe('dispute_lost: bad_debt +1200, disputed -1200');
  });
});

describe('a dispute that the gateway does not know', () => {
  test('ends: it does not fail for ever', async () => {
    const bench = workbench(house);
    for (const ticket of [
      ticketOf(house, 'du_nobodys'),
      ticketOf(house, 'PP-D-NOBODYS', house.paypal.account),
    ])
      expect(await bench.activities.followDispute(ticket)).toEqual({
        kind: 'over',
        outcome: 'not_found',
      });
  });

  test('and that it told of just now is looked for again, for a day', async () => {
    const bench = workbench(house);
    const reference = 'du_of_just_now';
    await house.db.gatewayEvent.create({
      data: {
        id: newId('gev'),
        merchantId: house.merchantId,
        gatewayAccountId: house.account.id,
        eventId: `evt_${reference}`,
        type: 'charge.dispute.created',
        payload: {},
        disputeReference: reference,
        receivedAt: new Date(),
      },
    });
    const look = () => bench.activities.followDispute(ticketOf(house, reference));
    expect(await look()).toMatchObject({ kind: 'too_early' });
    bench.advance(DAY);
    expect(await look()).toEqual({ kind: 'over', outcome: 'not_found' });
  });

  test('and that it did know calls a person, and is looked for once a day', async () => {
    const { bank, look, row, books } = await paidAndDisputed(house);
    await look();
    const before = await books();
    const seen = await bank.disputing.readDispute({} as never, '');
    if (seen.kind !== 'dispute') throw new Error(seen.kind);
    bank.reads({ kind: 'absent', why: 'No such dispute' });
    const answer = await look();
    expect(answer).toMatchObject({ kind: 'open', card: { status: 'needs_response' } });
    expect((await row()).needsAttention).toMatchObject({
      why: 'The gateway does not know it: No such dispute',
    });
    expect(await books()).toEqual(before);
    bank.reads(seen);
    await look();
    expect((await row()).needsAttention).toMatchObject({
      why: "The payer's bank wants the money back (fraudulent)",
    });
  });
});
