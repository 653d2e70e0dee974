import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { newId } from '../../prisma/new-id.js';
import { type House, aKeyWith, aLiveKey, anAccount, openHouse } from './harness.js';
import { seedCharge, seedPastDue } from './seed.js';

let house: House;
beforeAll(async () => void (house = await openHouse()));
afterAll(() => house.close());

interface Found {
  readonly type: string;
  readonly object?: string;
  readonly status?: string;
  readonly renewal?: string;
  readonly charge?: string;
  readonly reference?: string;
  readonly amountMinor?: number;
}

async function aReconciliation(gatewayAccountId = house.merchant.accountId): Promise<string> {
  const at = new Date();
  const row = { merchantId: house.merchant.id, gatewayAccountId, status: 'done' };
  const window = { windowStart: at, windowEnd: at, startedAt: at, finishedAt: at };
  const { id } = await house.db.reconciliation.create({
    data: { id: newId('rcn'), ...row, ...window, movements: 3 },
  });
  return id;
}

async function aDifference(reconciliationId: string, found: Found): Promise<string> {
  const { amountMinor = 1900, reference = `ch_${newId('dif')}` } = found;
  const { id } = await house.db.difference.create({
    data: {
      id: newId('dif'),
      merchantId: house.merchant.id,
      reconciliationId,
      gatewayAccountId: house.merchant.accountId,
      type: found.type,
      object: found.object ?? 'charge',
      reference,
      renewalId: found.renewal ?? null,
      chargeId: found.charge ?? null,
      theirs: {
        status: 'succeeded',
        amount: { amountMinor, currency: 'EUR' },
        at: Date.now(),
        objectReference: `pi_${reference}`,
      },
      status: found.status ?? 'needs_person',
      why: 'A test says so',
      foundAt: new Date(),
    },
  });
  return id;
}

/** A renewal that one charge has paid, and a payment by hand that doubles it. */
async function aDuplicate(more: Partial<Found> = {}) {
  const seeded = await seedPastDue(house, house.merchant);
  await house.db.charge.update({ where: { id: seeded.charge }, data: { surplus: false } });
  const { renewal, paymentMethod } = seeded;
  const charge = await seedCharge(house, house.merchant, { renewal, paymentMethod }, 'succeeded', {
    round: 'second',
    ordinal: 2,
  });
  const at = await aReconciliation();
  const id = await aDifference(at, { type: 'duplicate', renewal, charge, ...more });
  return { ...seeded, at, id, charge };
}

const resolve = (id: string, action: string, headers = {}) =>
  house.call('POST', `/v1/differences/${id}/resolutions`, {
    body: { action, reason: 'Seen at the gateway' },
    headers,
  });

describe('reconciliations', () => {
  it('begin when somebody asks, once for each key', async () => {
    const { accountId } = house.merchant;
    const path = `/v1/gateway-accounts/${accountId}/reconciliations`;
    const headers = { 'idempotency-key': 'compare-now' };
    const first = await house.call('POST', path, { headers });
    expect(first.status).toBe(202);
    expect(first.body.workflow).toEqual({
      id: `reconcile/${accountId}`,
      url: `http://temporal.test/${encodeURIComponent(`reconcile/${accountId}`)}`,
    });
    const again = await house.call('POST', path, { headers });
    expect([again.body, again.headers.get('idempotency-replayed')]).toEqual([first.body, 'true']);
    expect(house.reconciled).toEqual([accountId]);
  });

  it('of what is live are for live keys', async () => {
    const key = await aLiveKey(house);
    const live = await anAccount(house, { name: 'stripe-live', mode: 'live' }, key);
    const path = `/v1/gateway-accounts/${live}/reconciliations`;
    expect((await house.call('POST', path)).status).toBe(403);
    expect((await house.call('POST', path, { key })).status).toBe(202);
  });

  it('are listed newest first, of one account where that is asked', async () => {
    const [first, second] = [await aReconciliation(), await aReconciliation()];
    const { body } = await house.call('GET', '/v1/reconciliations?limit=2');
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual([second, first]);
    const named = await house.call('GET', '/v1/reconciliations?gateway_account=stripe-eu');
    expect(named.body.data[0].id).toBe(second);
    const other = await house.call('GET', '/v1/reconciliations?gateway_account=no-such');
    expect(other.body.data).toEqual([]);
  });

  it('say how many differences they found, and what became of them', async () => {
    const id = await aReconciliation();
    await aDifference(id, { type: 'amount' });
    await aDifference(id, { type: 'status', status: 'healed' });
    const { body } = await house.call('GET', `/v1/reconciliations/${id}`);
    expect(body.found).toEqual({ open: 0, needs_person: 1, healed: 1, resolved: 0 });
    const healed = await house.call('GET', `/v1/reconciliations/${id}/differences?status=healed`);
    expect(healed.body.data).toMatchObject([{ type: 'status', status: 'healed' }]);
    const amounts = await house.call('GET', `/v1/reconciliations/${id}/differences?type=amount`);
    expect(amounts.body.data).toMatchObject([{ type: 'amount', theirs: { amount_minor: 1900 } }]);
  });

  it('of another merchant are not there', async () => {
    const id = await aReconciliation();
    const { admin: key } = await house.addMerchant();
    for (const path of [`/v1/reconciliations/${id}`, `/v1/reconciliations/${id}/differences`])
      expect((await house.call('GET', path, { key })).status).toBe(404);
    const difference = await aDifference(id, { type: 'amount' });
    const path = `/v1/differences/${difference}/resolutions`;
    const body = { action: 'accept', reason: 'Mine?' };
    expect((await house.call('POST', path, { key, body })).status).toBe(404);
    expect((await house.call('GET', '/v1/reconciliations', { key })).body.data).toEqual([]);
  });
});

describe('a difference', () => {
  it('that is accepted is closed, with who did it and why', async () => {
    const id = await aDifference(await aReconciliation(), { type: 'amount' });
    const { status, body } = await resolve(id, 'accept');
    expect([status, body.status, body.closed_at !== null]).toEqual([201, 'resolved', true]);
    expect(body.resolution).toEqual({
      action: 'accept',
      reason: 'Seen at the gateway',
      actor: 'ops',
      charge: null,
      refund: null,
    });
    const again = await resolve(id, 'accept');
    expect([again.status, again.body.code]).toEqual([409, 'difference_closed']);
  });

  it('that is booked becomes a surplus charge of its renewal, in the ledger as well', async () => {
    const { id, renewal } = await aDuplicate({ reference: 'ch_by_hand', amountMinor: 2100 });
    const { body } = await resolve(id, 'book');
    const charge = await house.db.charge.findUniqueOrThrow({
      where: { id: body.resolution.charge },
    });
    expect(charge).toMatchObject({
      renewalId: renewal,
      surplus: true,
      status: 'succeeded',
      amountMinor: 2100n,
      gatewayChargeReference: 'ch_by_hand',
      gatewayReference: 'pi_ch_by_hand',
    });
    const booked = await house.db.ledgerTransaction.findMany({ where: { source: charge.id } });
    expect(booked).toMatchObject([{ kind: 'surplus' }]);
  });

  it('that is refunded is booked, and its refund is planned once for each key', async () => {
    const { id } = await aDuplicate();
    const headers = { 'idempotency-key': 'give-back' };
    const { status, body } = await resolve(id, 'refund', headers);
    expect([status, body.resolution.refund]).toEqual([201, expect.stringMatching(/^rfd_/)]);
    expect((await resolve(id, 'refund', headers)).body).toEqual(body);
    const planned = await house.db.refund.findMany({
      where: { chargeId: body.resolution.charge as string },
    });
    expect(planned).toMatchObject([{ kind: 'duplicate', status: 'planned', amountMinor: 1900n }]);
  });

  it.each([
    ['another amount', { type: 'amount' }],
    ['what is missing there', { type: 'missing_there' }],
    ['a payment of nobody', { type: 'unknown_object' }],
    ['a refund', { type: 'missing_here', object: 'refund' }],
  ])('of %s cannot be booked', async (_, found) => {
    const id = await aDifference(await aReconciliation(), found);
    const { status, body } = await resolve(id, 'book');
    expect([status, body.code]).toEqual([409, 'difference_not_bookable']);
  });

  it('whose payment we have by now cannot be booked again', async () => {
    const { renewal } = await aDuplicate({ reference: 'ch_twice' });
    const same = { renewal, reference: 'ch_booked_once' };
    const one = await aDifference(await aReconciliation(), { type: 'duplicate', ...same });
    const two = await aDifference(await aReconciliation(), { type: 'missing_here', ...same });
    expect((await resolve(one, 'book')).status).toBe(201);
    const { status, body } = await resolve(two, 'book');
    expect([status, body.code]).toEqual([409, 'difference_not_bookable']);
  });

  it('is decided by operators only', async () => {
    const id = await aDifference(await aReconciliation(), { type: 'amount' });
    const key = await aKeyWith(house, ['read', 'write']);
    const body = { action: 'accept', reason: 'I may?' };
    const path = `/v1/differences/${id}/resolutions`;
    expect((await house.call('POST', path, { key, body })).body.code).toBe('missing_scope');
  });
});
