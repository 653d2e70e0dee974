import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type NoticeKind } from '../../domain/notice.js';
import { planNotice, recordEnd } from '../../prisma/notice.js';
import { type House, aKeyWith, openHouse } from './harness.js';
import { type Seeded, seedPastDue } from './seed.js';

let house: House;
let seeded: Seeded;
beforeAll(async () => {
  house = await openHouse();
  seeded = await seedPastDue(house, house.merchant);
  const renewal = await house.db.renewal.findUniqueOrThrow({ where: { id: seeded.renewal } });
  for (const kind of ['payment_failed', 'service_restricted', 'service_suspended'] as const)
    await planNotice(
      house.db,
      renewal,
      { kind, subject: seeded.dunningCase, step: kind },
      new Date(),
    );
  const [first] = await house.db.notice.findMany({ where: { kind: 'payment_failed' } });
  await recordEnd(house.db, first!.id, { status: 'skipped', why: 'The customer has no address' });
});
afterAll(() => house.close());

const list = async (query: string, key = house.merchant.admin) =>
  house.call('GET', `/v1/notices${query}`, { key });
const kinds = async (query: string) =>
  (await list(query)).body.data.map(({ kind }: { kind: NoticeKind }) => kind);

describe('notices', () => {
  it('are listed newest first, with why one was not sent', async () => {
    const { body } = await list('');
    expect(body.data).toHaveLength(3);
    const ids = body.data.map(({ id }: { id: string }) => id) as string[];
    expect(ids).toEqual(ids.toSorted().toReversed());
    const isFirst = ({ kind }: { kind: NoticeKind }) => kind === 'payment_failed';
    expect(body.data.find(isFirst)).toMatchObject({
      kind: 'payment_failed',
      customer: seeded.customer,
      renewal: seeded.renewal,
      status: 'skipped',
      why: 'The customer has no address',
      attempts: 0,
      sent_at: null,
    });
  });

  it('are filtered, and come in pages', async () => {
    expect(await kinds('?status=skipped')).toEqual(['payment_failed']);
    expect(await kinds('?kind=service_suspended')).toEqual(['service_suspended']);
    expect(await kinds(`?customer=${seeded.customer}&renewal=${seeded.renewal}`)).toHaveLength(3);
    expect(await kinds('?customer=cus_01jxqv8b5e0c3k9m2n4p6r8s7t')).toEqual([]);
    const first = await list('?limit=2');
    expect(first.body.has_more).toBe(true);
    const rest = await list(`?limit=2&starting_after=${first.body.data[1].id}`);
    expect([rest.body.data.length, rest.body.has_more]).toEqual([1, false]);
  });

  it('are refused a filter that cannot be', async () => {
    expect((await list('?kind=spam')).status).toBe(422);
  });

  it('are seen by their merchant only, with a key that may read', async () => {
    const stranger = await house.addMerchant();
    expect((await list('', stranger.admin)).body.data).toEqual([]);
    expect((await list('', await aKeyWith(house, ['write']))).status).toBe(403);
  });
});

describe('the settings of notices', () => {
  const change = (notices: unknown) => house.call('PATCH', '/v1/settings', { body: { notices } });
  const NEST = { from: 'billing@nest.example', brand: 'Nest' };

  it('are replaced whole, with every kind unless some are named', async () => {
    const { body } = await change({ ...NEST, reply_to: 'help@nest.example', kinds: ['recovered'] });
    expect(body.notices).toEqual({
      ...NEST,
      reply_to: 'help@nest.example',
      kinds: ['recovered'],
      upcoming_days: 7,
    });
    const again = (await change(NEST)).body.notices;
    expect(again).toMatchObject({ ...NEST, reply_to: null });
    expect(again.kinds).toContain('payment_failed');
    expect((await change(null)).body.notices).toBeNull();
  });

  it.each([
    [{ ...NEST, from: 'nobody' }, 'notices.from'],
    [{ ...NEST, from: 'a@b.example\r\nBcc: eve@b.example' }, 'notices.from'],
    [{ ...NEST, brand: 'Nest\r\nBcc: eve@b.example' }, 'notices.brand'],
    [{ ...NEST, brand: '\u202etseN' }, 'notices.brand'],
    [{ ...NEST, brand: '' }, 'notices.brand'],
    [{ ...NEST, brand: '  ' }, 'notices.brand'],
    [{ ...NEST, kinds: ['spam'] }, 'notices.kinds.0'],
    [{ ...NEST, upcoming_days: 0 }, 'notices.upcoming_days'],
    [{ ...NEST, upcoming_days: 61 }, 'notices.upcoming_days'],
    [{ ...NEST, template: 'x' }, 'notices.template'],
    [{ brand: 'Nest' }, 'notices.from'],
  ])('%j is 422', async (notices, field) => {
    const { status, body } = await change(notices);
    expect([status, body.errors[0].field]).toEqual([422, field]);
  });
});
