import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { stopSending } from '../../prisma/webhook-endpoint.js';
import { type House, openHouse } from './harness.js';
import { type Seeded, seedPastDue } from './seed.js';

let house: House;
let first: Seeded;
let second: Seeded;
beforeAll(async () => {
  house = await openHouse();
  first = await seedPastDue(house, house.merchant);
  second = await seedPastDue(house, house.merchant);
  await needs(second.renewal, '2026-01-01T00:00:00.000Z', 'It waits longest');
  await needs(first.renewal, '2026-02-01T00:00:00.000Z', 'It came later');
});
afterAll(() => house.close());

function needs(renewal: string, since: string, why: string) {
  const needsAttention = { since, why, next: 'Nothing' };
  return house.db.renewal.update({ where: { id: renewal }, data: { needsAttention } });
}

const APP = 'https://app.example/dunlin';
const SINCE = '2025-12-01T00:00:00.000Z';
const idsOf = ({ data }: { readonly data: { readonly id: string }[] }) => data.map(({ id }) => id);
const list = async (query = '') => (await house.call('GET', `/v1/attention${query}`)).body;

describe('what waits for a person', () => {
  it('is one list, longest first, in pages', async () => {
    const all = await list();
    expect(all.data).toMatchObject([
      { object: 'renewal', id: second.renewal, renewal: second.renewal, why: 'It waits longest' },
      { object: 'renewal', id: first.renewal, since: '2026-02-01T00:00:00.000Z' },
    ]);
    const page = await list('?limit=1');
    expect(page).toMatchObject({ has_more: true, data: [{ id: second.renewal }] });
    const next = await list(`?limit=1&starting_after=${second.renewal}`);
    expect(next).toMatchObject({ has_more: false, data: [{ id: first.renewal }] });
  });

  it('is not shown to another merchant, who cannot take anything off it', async () => {
    const other = await house.addMerchant();
    const key = other.admin;
    expect((await house.call('GET', '/v1/attention', { key })).body.data).toEqual([]);
    const path = `/v1/attention/${first.renewal}/acknowledgements`;
    const refused = await house.call('POST', path, { key, body: { reason: 'Not mine' } });
    expect(refused.status).toBe(404);
  });

  it('has the webhook endpoints that fail, until they are seen to or set to rights', async () => {
    const made = await house.call('POST', '/v1/webhook-endpoints', { body: { url: APP } });
    const id = made.body.id as string;
    const why = 'It could not be delivered for three days: It answered 500';
    const fails = () =>
      stopSending(house.db, id, 'failing', { since: SINCE, why, next: 'Nothing' });
    await fails();
    expect((await list()).data[0]).toEqual({
      object: 'webhook_endpoint',
      id,
      renewal: null,
      status: 'failing',
      since: SINCE,
      why,
      next: 'Nothing',
    });
    const acknowledged = `/v1/attention/${id}/acknowledgements`;
    const seen = await house.call('POST', acknowledged, { body: { reason: 'The app is moving' } });
    expect(seen.status).toBe(204);
    expect(idsOf(await list())).not.toContain(id);
    for (const status of ['active', 'disabled']) {
      await house.db.webhookEndpoint.update({ where: { id }, data: { status: 'active' } });
      await fails();
      expect(idsOf(await list())).toContain(id);
      const { admin: key } = await house.addMerchant();
      expect((await house.call('GET', '/v1/attention', { key })).body.data).toEqual([]);
      await house.call('PATCH', `/v1/webhook-endpoints/${id}`, { body: { status } });
      expect(idsOf(await list())).not.toContain(id);
    }
  });

  it('has no webhook endpoint that somebody has disabled before it was given up', async () => {
    const made = await house.call('POST', '/v1/webhook-endpoints', { body: { url: APP } });
    const id = made.body.id as string;
    const body = { status: 'disabled' };
    await house.call('PATCH', `/v1/webhook-endpoints/${id}`, { body });
    const why = 'It could not be delivered for three days: It answered 500';
    await stopSending(house.db, id, 'failing', { since: SINCE, why, next: 'Nothing' });
    expect(idsOf(await list())).not.toContain(id);
    const { body: shown } = await house.call('GET', `/v1/webhook-endpoints/${id}`);
    expect(shown.status).toBe('disabled');
  });

  it('is taken off by somebody who has seen to it, with a reason that is kept', async () => {
    const path = `/v1/attention/${first.renewal}/acknowledgements`;
    const asked = {
      body: { reason: 'Paid by bank transfer' },
      headers: { 'Idempotency-Key': 'ack' },
    };
    expect((await house.call('POST', path, asked)).status).toBe(204);
    expect((await house.call('POST', path, asked)).status).toBe(204);
    expect((await list()).data).toHaveLength(1);
    const kept = await house.db.command.findMany({ where: { kind: 'acknowledge' } });
    expect(kept).toMatchObject([{ renewalId: first.renewal, reason: 'Paid by bank transfer' }]);
    const again = await house.call('POST', path, { body: { reason: 'Once more' } });
    expect(again).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });
});
