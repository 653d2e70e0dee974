import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DomainError } from '../../domain/errors.js';
import { isId } from '../../domain/ids.js';
import { type House, openHouse } from './harness.js';
import { DECLINE, type Seeded, seedPastDue } from './seed.js';

let house: House;
let seeded: Seeded;
beforeAll(async () => {
  house = await openHouse();
  seeded = await seedPastDue(house, house.merchant);
});
afterAll(() => house.close());

const ask = (what: string, body: object, headers: Record<string, string> = {}) =>
  house.call('POST', `/v1/dunning-cases/${seeded.dunningCase}/${what}`, { body, headers });

describe('a dunning case', () => {
  it('is shown with its policy version, stage and next step', async () => {
    const { body } = await house.call('GET', `/v1/dunning-cases/${seeded.dunningCase}`);
    const { elsewhere: _, ...last_decline } = DECLINE;
    expect(body).toMatchObject({
      renewal: seeded.renewal,
      subscription: seeded.subscription,
      number: 1,
      status: 'open',
      policy: { name: 'default', version: 1 },
      stage: 'warned',
      last_decline,
      next_step: { kind: 'retry' },
      workflow: { id: `dunning/${seeded.renewal}` },
    });
  });

  it('is listed by status, renewal and subscription', async () => {
    for (const query of [
      'status=open',
      `renewal=${seeded.renewal}`,
      `subscription=${seeded.subscription}`,
    ]) {
      const { body } = await house.call('GET', `/v1/dunning-cases?${query}`);
      expect(body.data.map(({ id }: { id: string }) => id)).toEqual([seeded.dunningCase]);
    }
    expect((await house.call('GET', '/v1/dunning-cases?status=recovered')).body.data).toEqual([]);
  });
});

describe('an operator', () => {
  it.each([
    ['retries', 'retryNow', {}],
    ['write-off', 'writeOff', {}],
    ['hold', 'holdUntil', { until: '2099-06-01T11:00:00+02:00' }],
  ])('asks for %s', async (what, wish, more) => {
    const { status, body } = await ask(what, { reason: 'They called', ...more });
    expect(status).toBe(202);
    expect(isId('cmd', body.id)).toBe(true);
    const until = 'until' in more ? { until: '2099-06-01T09:00:00.000Z' } : {};
    expect(house.wishes.at(-1)).toEqual([
      `dunning/${seeded.renewal}`,
      wish,
      { actor: 'ops', reason: 'They called', ...until },
      body.id,
    ]);
  });

  it('must say why, and hold until a time to come', async () => {
    expect((await ask('retries', {})).body.errors[0].field).toBe('reason');
    const past = await ask('hold', { reason: 'x', until: '2020-01-01T00:00:00Z' });
    expect([past.status, past.body.errors[0].field]).toEqual([422, 'until']);
  });

  it('gives one command under one Idempotency-Key', async () => {
    const key = { 'idempotency-key': 'once' };
    const before = house.wishes.length;
    const first = await ask('retries', { reason: 'Once' }, key);
    const again = await ask('retries', { reason: 'Once' }, key);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect([again.status, again.body]).toEqual([202, first.body]);
    expect(house.wishes.length).toBe(before + 1);
    expect((await ask('retries', { reason: 'Twice' }, key)).body.code).toBe(
      'idempotency_key_reused',
    );
  });

  it('repeats a command that was cut off under the same id', async () => {
    const key = { 'idempotency-key': 'cut off' };
    house.edges.wish = () =>
      Promise.reject(new DomainError('unavailable', 'no_worker', 'No worker took it'));
    const away = await ask('retries', { reason: 'Now' }, key);
    expect([away.status, away.body.code]).toEqual([503, 'no_worker']);
    house.edges.wish = () => Promise.resolve();
    const taken = await ask('retries', { reason: 'Now' }, key);
    expect(taken.status).toBe(202);
    expect(taken.headers.get('idempotency-replayed')).toBeNull();
    const ids = house.wishes.slice(-2).map(([, , , id]) => id);
    expect(ids).toEqual([taken.body.id, taken.body.id]);
  });

  it('hears why a run refuses', async () => {
    house.edges.wish = () =>
      Promise.reject(new DomainError('conflict', 'refused', 'A charge is under way'));
    const { status, body } = await ask('retries', { reason: 'Now' });
    house.edges.wish = () => Promise.resolve();
    expect([status, body.code, body.detail]).toEqual([409, 'refused', 'A charge is under way']);
  });

  it('cannot reopen what is closed', async () => {
    const closed = await seedPastDue(house, house.merchant);
    await house.db.dunningCase.update({
      where: { id: closed.dunningCase },
      data: { status: 'recovered', closedAt: new Date() },
    });
    const path = `/v1/dunning-cases/${closed.dunningCase}`;
    const { status, body } = await house.call('POST', `${path}/retries`, { body: { reason: 'x' } });
    expect([status, body.code]).toEqual([409, 'case_closed']);
    expect((await house.call('GET', path)).body.next_step).toBeNull();
  });
});
