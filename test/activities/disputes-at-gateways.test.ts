/** Disputes as the gateways tell of them: the real adapters, from the bank's complaint to our books. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import type { DisputeName } from '../../domain/dispute.js';
import { storeEvidence } from '../../prisma/evidence.js';
import { dashboard, workbench } from '../support/bench.js';
import { bookingsOf, disputeOf, eventsOf, ticketOf } from '../support/disputes.js';
import { type House, openHouse } from '../support/house.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false, paypal: true });
});
afterEach(async () => {
  await house.emulator.heal();
  await house.paypal.emulator.heal();
});
afterAll(() => house.close());

const WITHDRAWN = 'dispute_withdrawn: disputed +1900, gateway -1900';
const REINSTATED = 'dispute_reinstated: gateway +1900, disputed -1900';
const BOOKED_LOST = 'dispute_lost: receivable +1900, disputed -1900';

/** `withdrawsAtOnce`: the money is away while the dispute is open, and not only when it is lost. */
const GATEWAYS = [
  { name: 'Stripe', what: 'charges', withdrawsAtOnce: true, part: { amount_minor: 700 } },
  {
    name: 'PayPal',
    what: 'captures',
    withdrawsAtOnce: false,
    part: { amount: { currency_code: 'EUR', value: '7.00' } },
  },
] as const;

describe.each(GATEWAYS)('at $name', ({ name, what, withdrawsAtOnce, part }) => {
  const bench = () => workbench(house);
  const world = () =>
    name === 'Stripe' ? { emulator: house.emulator, account: house.account } : house.paypal;

  async function disputed(how: object = {}) {
    const opened = await (name === 'Stripe' ? bench().plan('pm_card_visa') : bench().planWallet());
    await bench().activities.submitCharge(opened.charge.id);
    const { gatewayChargeReference } = await bench().row(opened.charge.id);
    const { emulator, account } = world();
    const path = `${what}/${gatewayChargeReference}/dispute`;
    const { id } = await emulator.call<{ id: string }>('POST', path, how);
    const ticket: DisputeName = ticketOf(house, id, account);
    return {
      ...opened,
      reference: id,
      look: () => bench().activities.followDispute(ticket),
      close: (outcome: 'won' | 'lost') =>
        emulator.call('POST', `disputes/${id}/close`, { outcome }),
      books: () => bookingsOf(house, opened.charge.id),
      /** Without the reminders: the emulated banks give different times. */
      told: async () => {
        const events = await eventsOf(house, opened.subscription.id);
        return events.filter((type) => type !== 'evidence_due');
      },
    };
  }

  test('a dispute is booked, and lost', async () => {
    const { look, close, books, told, renewalId, charge } = await disputed();
    expect(await look()).toMatchObject({ card: { status: 'needs_response', amount: 'EUR 19.00' } });
    expect(await books()).toEqual(withdrawsAtOnce ? [WITHDRAWN] : []);
    await close('lost');
    expect(await look()).toEqual({ kind: 'over', outcome: 'lost' });
    expect(await books()).toEqual([WITHDRAWN, BOOKED_LOST]);
    expect(await told()).toEqual(['opened', 'funds_withdrawn', 'lost']);
    expect((await bench().renewal(renewalId)).status).toBe('past_due');
    // The charge itself, asked again, has nothing to add.
    await bench().activities.resolveCharge(charge.id);
    expect(await books()).toEqual([WITHDRAWN, BOOKED_LOST]);
    expect(await house.db.dunningCase.count({ where: { renewalId } })).toBe(1);
  });

  test('one that is heard of when it is lost already ends the same, whoever is asked first', async () => {
    const first = await disputed();
    await first.close('lost');
    await first.look();
    const second = await disputed();
    await second.close('lost');
    await bench().activities.resolveCharge(second.charge.id);
    await second.look();
    await bench().activities.resolveCharge(second.charge.id);
    for (const { books, renewalId } of [first, second]) {
      expect(await books()).toEqual([WITHDRAWN, BOOKED_LOST]);
      const [opened, ...more] = await house.db.dunningCase.findMany({ where: { renewalId } });
      expect(more).toEqual([]);
      expect(opened).toMatchObject({ status: 'open', lastDecline: { code: 'dispute_lost' } });
    }
  });

  test('one that is won ends the same, whenever it is heard of', async () => {
    const followed = await disputed();
    await followed.look();
    await followed.close('won');
    expect(await followed.look()).toEqual({ kind: 'over', outcome: 'won' });
    const late = await disputed();
    await late.close('won');
    expect(await late.look()).toEqual({ kind: 'over', outcome: 'won' });
    const booked = withdrawsAtOnce ? [WITHDRAWN, REINSTATED] : [];
    expect(await followed.books()).toEqual(booked);
    expect(await late.books()).toEqual(booked);
    expect((await bench().renewal(late.renewalId)).status).toBe('paid');
  });

  test('a dispute over a part leaves the renewal paid', async () => {
    const { look, close, books, renewalId } = await disputed(part);
    await look();
    await close('lost');
    await look();
    expect((await books()).at(-1)).toBe('dispute_lost: bad_debt +700, disputed -700');
    expect((await bench().renewal(renewalId)).status).toBe('paid');
  });

  test('evidence whose answer was lost is handed in once', async () => {
    const { look, reference, told } = await disputed();
    await look();
    const { id } = await disputeOf(house, reference);
    const now = new Date().toISOString();
    const put = { number: 1, text: 'They used it.', files: [], putAt: now, putBy: 'ops' };
    await storeEvidence(house.db, id, put);
    const path = name === 'Stripe' ? `/v1/disputes/${reference}` : '/provide-evidence';
    await world().emulator.fault({
      match: { method: 'POST', path },
      fault: 'reset_after',
      times: 1,
    });
    // The adapter may find out by itself; if not, Temporal looks again.
    await look().catch(() => {});
    expect(await look()).toMatchObject({ card: { status: 'under_review', evidence: 'sent' } });
    expect((await told()).filter((type) => type === 'evidence_submitted')).toHaveLength(1);
    if (name !== 'Stripe') return;
    const { evidence_details: details } = await dashboard(house).disputes.retrieve(reference);
    expect(details.submission_count).toBe(1);
  });
});

test('an inquiry at Stripe that is lost moves nothing', async () => {
  const bench = workbench(house);
  const { charge, renewalId } = await bench.plan('pm_card_visa');
  await bench.activities.submitCharge(charge.id);
  const { gatewayChargeReference } = await bench.row(charge.id);
  const { id } = await house.emulator.call<{ id: string }>(
    'POST',
    `charges/${gatewayChargeReference}/dispute`,
    { reason: 'inquiry' },
  );
  await bench.activities.followDispute(ticketOf(house, id));
  await house.emulator.call('POST', `disputes/${id}/close`, { outcome: 'lost' });
  const look = await bench.activities.followDispute(ticketOf(house, id));
  expect(look).toEqual({ kind: 'over', outcome: 'closed' });
  expect(await bookingsOf(house, charge.id)).toEqual([]);
  expect((await bench.renewal(renewalId)).status).toBe('paid');
});

test('a bank debit that came back at Stripe is a return, and no dispute of ours', async () => {
  await house.db.gatewayAccount.update({
    where: { id: house.account.id },
    data: { debitNoticeDays: 0 },
  });
  const bench = workbench(house);
  const { charge } = await bench.plan('pm_sepaDebit_attachThen_succeed');
  await bench.activities.submitCharge(charge.id);
  await bench.settle(charge.id, 'succeeded');
  const { gatewayChargeReference } = await bench.row(charge.id);
  const { id } = await house.emulator.call<{ id: string }>(
    'POST',
    `charges/${gatewayChargeReference}/dispute`,
    { reason: 'insufficient_funds' },
  );
  const look = await bench.activities.followDispute(ticketOf(house, id));
  expect(look).toEqual({ kind: 'over', outcome: 'return' });
  expect(await house.db.dispute.count({ where: { gatewayReference: id } })).toBe(0);
});
