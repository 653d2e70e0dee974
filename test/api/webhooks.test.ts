import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openDatabase } from '../../prisma/client.js';
import { type House, WEBHOOK_SIGNATURE, openHouse } from './harness.js';
import { type Seeded, seedCharge, seedPastDue } from './seed.js';

let house: House;
let seeded: Seeded;
let open: string;
beforeAll(async () => {
  house = await openHouse();
  seeded = await seedPastDue(house, house.merchant);
  open = await seedCharge(house, house.merchant, seeded, 'pending', {
    ordinal: 2,
    round: 'retry 1',
    gatewayReference: 'pi_2',
  });
});
afterAll(() => house.close());

let events = 0;
const report = (about?: object, eventId = `evt_${++events}`) => ({
  eventId,
  type: 'payment_intent.succeeded',
  about,
});
const mine = (more: object) => ({
  reference: 'pi_other',
  merchantId: house.merchant.id,
  renewalId: seeded.renewal,
  ...more,
});

function deliver(body: object, signature = WEBHOOK_SIGNATURE, account = house.merchant.accountId) {
  return house.call('POST', `/webhooks/stripe/${account}`, {
    key: null,
    body,
    headers: { 'x-signature': signature },
  });
}

const stored = (eventId: string) => house.db.gatewayEvent.findFirst({ where: { eventId } });

describe('a webhook', () => {
  it('is stored, answered, and then told to whom it concerns', async () => {
    const sent = report(mine({ causedBy: seeded.charge }));
    const { status, body } = await deliver(sent);
    expect([status, body]).toEqual([200, { received: true }]);
    const row = await stored(sent.eventId);
    expect(row).toMatchObject({ chargeId: seeded.charge, dispatchedAt: null, payload: sent });
    expect(house.dispatched).toContain(row!.id);
  });

  it.each([
    ['the charge that caused it', { causedBy: 'first', reference: 'pi_2' }, 'first'],
    ['a step of that charge', { causedBy: 'first:create', reference: 'pi_2' }, 'first'],
    ['the charge of its reference', { reference: 'pi_1' }, 'first'],
    ['the open charge', { reference: 'pi_unheard_of' }, 'open'],
    [
      'the open charge, when a foreign key caused it',
      { causedBy: 'dashboard', reference: 'x' },
      'open',
    ],
    [
      'its reference alone',
      { reference: 'pi_2', renewalId: undefined, merchantId: undefined },
      'open',
    ],
  ])('finds %s', async (_what, about, expected) => {
    const causedBy =
      'causedBy' in about ? about.causedBy.replace('first', seeded.charge) : undefined;
    const sent = report({ ...mine(about), causedBy });
    await deliver(sent);
    expect((await stored(sent.eventId))?.chargeId).toBe(
      expected === 'first' ? seeded.charge : open,
    );
  });

  it('that comes twice, or fifty times at once, is one', async () => {
    const sent = report(mine({ causedBy: open }));
    const answers = await Promise.all(Array.from({ length: 50 }, () => deliver(sent)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(await house.db.gatewayEvent.count({ where: { eventId: sent.eventId } })).toBe(1);
    const { id } = (await stored(sent.eventId))!;
    expect(house.dispatched.filter((it) => it === id)).toHaveLength(1);
  });

  it('about nothing of ours is stored, and that is all', async () => {
    const before = house.dispatched.length;
    for (const about of [
      undefined,
      mine({ merchantId: 'mer_somebody_else', causedBy: seeded.charge }),
      mine({ renewalId: 'rnw_nobody', causedBy: seeded.charge }),
    ]) {
      const sent = report(about);
      expect((await deliver(sent)).status).toBe(200);
      expect(await stored(sent.eventId)).toMatchObject({ chargeId: null });
      expect((await stored(sent.eventId))!.dispatchedAt).not.toBeNull();
    }
    expect(house.dispatched.length).toBe(before);
  });

  it('at the account of another merchant finds no charge of this one', async () => {
    const other = await house.addMerchant();
    const sent = report({ ...mine({ causedBy: seeded.charge }), merchantId: undefined });
    await deliver(sent, WEBHOOK_SIGNATURE, other.accountId);
    expect(await stored(sent.eventId)).toMatchObject({ chargeId: null, merchantId: other.id });
  });

  it('that is forged is refused and leaves nothing', async () => {
    const sent = report(mine({ causedBy: open }));
    const { status, body } = await deliver(sent, 'forged');
    expect([status, body.code]).toEqual([400, 'bad_signature']);
    expect(await stored(sent.eventId)).toBeNull();
  });

  it('for an account that is not there is a 404, as is one at the wrong gateway', async () => {
    expect((await deliver(report(), WEBHOOK_SIGNATURE, 'gwa_nobody')).status).toBe(404);
    const path = `/webhooks/paypal/${house.merchant.accountId}`;
    expect((await house.call('POST', path, { key: null, body: {} })).status).toBe(404);
  });

  it('may hold any text, and no more than a megabyte of it', async () => {
    const sent = { ...report(), note: 'null \u0000 and half \ud800' };
    expect((await deliver(sent)).status).toBe(200);
    expect((await deliver({ ...report(), note: 'x'.repeat(1_100_000) })).status).toBe(413);
    expect(
      (await house.call('POST', `/webhooks/stripe/${house.merchant.accountId}`, { key: null }))
        .status,
    ).toBe(400);
  });

  it('is answered 503 while its secrets or the database are away, so that it comes again', async () => {
    const unreachable = openDatabase({
      url: 'postgresql://nobody@127.0.0.1:1/none',
      maxConnections: 2,
    });
    for (const more of [
      { db: unreachable },
      {
        webhookAccountFor: () => {
          throw new Error('not set');
        },
      },
    ]) {
      const broken = await openHouse(more);
      const { status, body } = await broken.call(
        'POST',
        `/webhooks/stripe/${broken.merchant.accountId}`,
        {
          key: null,
          body: report(),
          headers: { 'x-signature': WEBHOOK_SIGNATURE },
        },
      );
      await broken.close();
      expect([status, body.code]).toEqual([503, 'unavailable']);
    }
    await unreachable.$disconnect();
  });
});
