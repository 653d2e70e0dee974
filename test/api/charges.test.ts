import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DomainError } from '../../domain/errors.js';
import { isId } from '../../domain/ids.js';
import type { Prisma } from '../../prisma/generated/client.js';
import { type House, aKeyWith, openHouse } from './harness.js';
import { type Seeded, seedCharge, seedPastDue } from './seed.js';

let house: House;
let seeded: Seeded;
let unknown: string;
beforeAll(async () => {
  house = await openHouse();
  seeded = await seedPastDue(house, house.merchant);
  unknown = await seedCharge(house, house.merchant, seeded, 'unknown', {
    ordinal: 2,
    round: 'retry 1',
  });
});
afterAll(() => house.close());

const read = async (id: string) => (await house.call('GET', `/v1/charges/${id}`)).body;
const set = (id: string, data: Prisma.ChargeUncheckedUpdateInput) =>
  house.db.charge.update({ where: { id }, data });
const resolve = (body: object, id = unknown, more: object = {}) =>
  house.call('POST', `/v1/charges/${id}/resolution`, { body, ...more });

describe('a charge', () => {
  it('says why it went where it went, and what came back', async () => {
    await set(seeded.charge, {
      why: "the customer's chosen method; no rule says otherwise",
      fallback: true,
      pageSecretHash: 'hash',
    });
    const body = await read(seeded.charge);
    expect(body).toMatchObject({
      renewal: seeded.renewal,
      status: 'declined',
      gateway: 'stripe',
      gateway_account: { id: house.merchant.accountId, name: 'stripe-eu' },
      why: "the customer's chosen method; no rule says otherwise",
      fallback: true,
      on_page: true,
      surplus: false,
      reversed_at: null,
      resolves_by: null,
      send_at: null,
    });
    const { body: all } = await house.call('GET', `/v1/renewals/${seeded.renewal}/charges`);
    expect(all.data[0]).toEqual(body);
    expect(JSON.stringify(all)).not.toContain('"hash"');
  });

  it('names its turn only while it waits for that', async () => {
    const at = new Date('2099-01-01T00:00:00.000Z');
    const other = await seedPastDue(house, house.merchant);
    const planned = await seedCharge(house, house.merchant, other, 'planned', {
      ordinal: 2,
      round: 'retry 1',
    });
    await set(planned, { sendAt: at });
    expect((await read(planned)).send_at).toBe(at.toISOString());
    await set(planned, { status: 'submitted' });
    expect((await read(planned)).send_at).toBeNull();
  });
});

describe('an unknown charge says what will decide it', () => {
  const person = () => `An operator may decide it with POST /v1/charges/${unknown}/resolution.`;
  const proof =
    'That it does not show two hours after its key has died is proof that it was never made.';
  const account = (data: { gateway?: string; state?: string }) =>
    house.db.gatewayAccount.update({ where: { id: house.merchant.accountId }, data });

  it('while its key lives: the same request again', async () => {
    await set(unknown, { keyValidUntil: new Date('2099-01-01T00:00:00Z') });
    expect((await read(unknown)).resolves_by).toBe(
      'stripe-eu is asked again and again. Where nothing of it is found it is sent again under the same key, until ' +
        `2099-01-01T00:00:00.000Z; after that it is only looked up. ${proof} ${person()}`,
    );
  });

  it('on a closed account, or when its key is too old: look-ups', async () => {
    await account({ state: 'closed' });
    expect((await read(unknown)).resolves_by).toContain(
      'The account is closed: it is only looked up',
    );
    await account({ state: 'open' });
    await set(unknown, { keyValidUntil: new Date('2020-01-01T00:00:00Z') });
    expect((await read(unknown)).resolves_by).toBe(
      'stripe-eu is asked again and again. Its key is too old to send it again: it is only looked up. ' +
        `${proof} ${person()}`,
    );
  });

  it('at PayPal: a search of its transactions', async () => {
    await account({ gateway: 'paypal' });
    expect((await read(unknown)).resolves_by).toContain("a search of the account's transactions");
    await account({ gateway: 'stripe' });
  });
});

describe('an operator decides an unknown charge', () => {
  it('as taken, with the name of the payment', async () => {
    const asked = { outcome: 'succeeded', reference: 'pi_77', reason: 'Seen in the dashboard' };
    const { status, body, headers } = await resolve(asked);
    expect(status).toBe(202);
    expect(isId('cmd', body.id)).toBe(true);
    expect(headers.get('location')).toBe(`/v1/charges/${unknown}`);
    expect(body).toMatchObject({
      kind: 'resolution',
      renewal: seeded.renewal,
      charge: unknown,
      reason: 'Seen in the dashboard',
      workflow: { id: `dunning/${seeded.renewal}` },
    });
    expect(house.wishes.at(-1)).toEqual([
      `dunning/${seeded.renewal}`,
      'resolveUnknown',
      {
        actor: 'ops',
        reason: 'Seen in the dashboard',
        chargeId: unknown,
        outcome: 'succeeded',
        reference: 'pi_77',
      },
      body.id,
    ]);
  });

  it('as never sent, on the run that owns the renewal now', async () => {
    await house.db.renewal.update({
      where: { id: seeded.renewal },
      data: { status: 'collecting' },
    });
    const key = await aKeyWith(house, ['operate']);
    const { status } = await resolve({ outcome: 'not_sent', reason: 'Not there' }, unknown, {
      key,
    });
    await house.db.renewal.update({ where: { id: seeded.renewal }, data: { status: 'past_due' } });
    expect(status).toBe(202);
    const [workflowId, wish, verdict] = house.wishes.at(-1)!;
    expect([workflowId, wish]).toEqual([
      expect.stringContaining(`renewal/${seeded.subscription}/`),
      'resolveUnknown',
    ]);
    expect(verdict).toEqual({
      actor: 'operate',
      reason: 'Not there',
      chargeId: unknown,
      outcome: 'not_sent',
    });
  });

  it('once under one Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'decided' };
    const asked = { outcome: 'not_sent', reason: 'Once' };
    const first = await resolve(asked, unknown, { headers });
    const count = house.wishes.length;
    const again = await resolve(asked, unknown, { headers });
    expect([again.status, again.body]).toEqual([202, first.body]);
    expect(again.headers.get('location')).toBe(`/v1/charges/${unknown}`);
    expect(house.wishes.length).toBe(count);
  });

  it.each([
    [{ outcome: 'succeeded', reason: 'Seen' }, 'reference'],
    [{ outcome: 'not_sent', reference: 'pi_1', reason: 'Seen' }, 'reference'],
    [{ outcome: 'declined', reason: 'Seen' }, 'outcome'],
    [{ outcome: 'not_sent' }, 'reason'],
  ])('not with %j', async (asked, field) => {
    const { status, body } = await resolve(asked);
    expect([status, body.errors[0].field]).toEqual([422, field]);
  });

  it('never twice, and never before it was sent', async () => {
    const asked = { outcome: 'not_sent', reason: 'x' };
    const count = house.wishes.length;
    const final = await resolve(asked, seeded.charge);
    expect([final.status, final.body.code]).toEqual([409, 'charge_not_open']);
    expect(final.body.detail).toContain('The charge is declined, and that is final');
    const other = await seedPastDue(house, house.merchant);
    const more = { ordinal: 2, round: 'retry 1' };
    const planned = await seedCharge(house, house.merchant, other, 'planned', more);
    const early = await resolve(asked, planned);
    expect([early.status, early.body.detail]).toEqual([
      409,
      'The charge is planned, and nothing of it was sent yet: only an open one can be decided',
    ]);
    expect(house.wishes.length).toBe(count);
  });

  it('and hears when the run has heard from the gateway first', async () => {
    house.edges.wish = () =>
      Promise.reject(
        new DomainError('conflict', 'refused', `${unknown} is not an open charge here`),
      );
    const { status, body } = await resolve({ outcome: 'not_sent', reason: 'x' });
    house.edges.wish = () => Promise.resolve();
    expect([status, body.code]).toEqual([409, 'refused']);
  });

  it('only if operating is allowed', async () => {
    const key = await aKeyWith(house, ['read', 'write']);
    const asked = { outcome: 'not_sent', reason: 'x' };
    expect((await resolve(asked, unknown, { key })).status).toBe(403);
  });
});
