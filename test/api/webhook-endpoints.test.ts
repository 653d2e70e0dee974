import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { placeEvents, recordEvent } from '../../prisma/event.js';
import { type House, aKeyWith, aLiveKey, aSubscription, openHouse } from './harness.js';

let house: House;
beforeAll(async () => void (house = await openHouse()));
afterAll(() => house.close());

const URL_ = 'https://app.example/dunlin';

async function anEndpoint(more: object = {}) {
  const { status, body } = await house.call('POST', '/v1/webhook-endpoints', {
    body: { url: URL_, ...more },
  });
  expect(status).toBe(201);
  return body;
}

/** The first event of a new subscription, in its place. */
async function anEvent(): Promise<string> {
  const { id } = await aSubscription(house);
  const { body } = await house.call('GET', `/v1/events?subscription=${id}`);
  return body.data[0].id as string;
}

describe('a webhook endpoint', () => {
  it('is made with a secret that is shown once', async () => {
    const made = await anEndpoint({ description: 'Shop', event_types: ['renewal.*'] });
    expect(made).toMatchObject({ status: 'active', mode: 'test', event_types: ['renewal.*'] });
    expect(() => new Webhook(made.secret)).not.toThrow();
    const { body } = await house.call('GET', `/v1/webhook-endpoints/${made.id}`);
    expect(body.secret).toBeUndefined();
    const key = { headers: { 'Idempotency-Key': 'once' }, body: { url: URL_ } };
    const first = await house.call('POST', '/v1/webhook-endpoints', key);
    const again = await house.call('POST', '/v1/webhook-endpoints', key);
    expect([first.body.id, again.body.secret]).toEqual([again.body.id, undefined]);
    expect(house.logged.join('')).not.toContain(made.secret);
  });

  it('has a secret that no other has', async () => {
    expect((await anEndpoint()).secret).not.toBe((await anEndpoint()).secret);
  });

  it('gets a new secret, and the old one signs on until it expires', async () => {
    const made = await anEndpoint();
    const path = `/v1/webhook-endpoints/${made.id}/secret-rotations`;
    const { status, body } = await house.call('POST', path, { body: { expires_in_hours: 2 } });
    expect(status).toBe(201);
    expect(body.secret).not.toBe(made.secret);
    const until = Date.parse(body.previous_secret_until) - Date.now();
    expect(Math.round(until / 60_000)).toBe(120);
    for (const expires_in_hours of [-1, 169])
      expect((await house.call('POST', path, { body: { expires_in_hours } })).status).toBe(422);
  });

  it.each([
    'http://app.example/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://[::1]/',
    'https://a:b@app.example/',
    'https://app.example:25/',
    'https://169.254.169.254/',
    'https://app.example/\u0000',
    'nonsense',
  ])('cannot be at %j', async (url) => {
    const { status, body } = await house.call('POST', '/v1/webhook-endpoints', { body: { url } });
    expect([status, body.errors[0].field]).toEqual([422, 'url']);
    const { id } = (await house.call('GET', '/v1/webhook-endpoints?limit=1')).body.data[0];
    const moved = await house.call('PATCH', `/v1/webhook-endpoints/${id}`, { body: { url } });
    expect(moved.status).toBe(422);
  });

  it('at an address that may not be called is told in words what that is', async () => {
    const body = { url: 'https://169.254.169.254/' };
    const { body: problem } = await house.call('POST', '/v1/webhook-endpoints', { body });
    expect(problem.detail).toBe('leads to a link-local address');
  });

  it('names only types that there are', async () => {
    for (const named of ['renewal.payed', 'charge.*', '', '**']) {
      const asked = { body: { url: URL_, event_types: [named] } };
      expect((await house.call('POST', '/v1/webhook-endpoints', asked)).status).toBe(422);
    }
  });

  it('is changed, disabled, and set active again', async () => {
    const { id } = await anEndpoint();
    const at = `/v1/webhook-endpoints/${id}`;
    const changed = await house.call('PATCH', at, {
      body: { event_types: ['refund.*'], status: 'disabled' },
    });
    expect(changed.body).toMatchObject({ event_types: ['refund.*'], status: 'disabled' });
    await house.db.webhookEndpoint.update({
      where: { id },
      data: { status: 'failing', needsAttention: { since: 'then', why: 'down', next: 'you' } },
    });
    expect((await house.call('GET', at)).body.needs_attention.why).toBe('down');
    const active = await house.call('PATCH', at, { body: { status: 'active' } });
    expect(active.body).toMatchObject({ status: 'active', needs_attention: null });
    expect((await house.call('PATCH', at, { body: { status: 'failing' } })).status).toBe(422);
  });

  it('is told what happens from now on, until it is disabled, although no worker runs', async () => {
    const before = await aSubscription(house);
    const { id } = await anEndpoint();
    const during = await aSubscription(house);
    await house.call('PATCH', `/v1/webhook-endpoints/${id}`, { body: { status: 'disabled' } });
    const after = await aSubscription(house);
    await placeEvents(house.db, house.merchant.id);
    const told = await house.db.delivery.findMany({ where: { endpointId: id } });
    const subscriptions = told.map(({ subscriptionId }) => subscriptionId);
    expect([before, during, after].map(({ id: it }) => subscriptions.includes(it))).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('can be removed while events get their places', async () => {
    const { id: merchantId, admin: key } = await house.addMerchant();
    const { id: subscriptionId } = await aSubscription(house, {}, key);
    const payload = { subscription: subscriptionId, status: 'active', service: 'full' };
    const event = { merchantId, subscriptionId, type: 'subscription.updated', payload };
    let busy = true;
    const placing = (async () => {
      while (busy) {
        await house.db.$transaction((tx) => recordEvent(tx, { ...event, at: new Date() }));
        await placeEvents(house.db, merchantId);
      }
    })();
    for (let time = 0; time < 100; time++) {
      const made = await house.call('POST', '/v1/webhook-endpoints', { key, body: { url: URL_ } });
      await house.call('DELETE', `/v1/webhook-endpoints/${made.body.id}`, { key });
    }
    busy = false;
    await placing;
  });

  it('is gone with what waited for it', async () => {
    const { id } = await anEndpoint();
    const event = await anEvent();
    expect((await house.call('DELETE', `/v1/webhook-endpoints/${id}`)).status).toBe(204);
    expect((await house.call('GET', `/v1/webhook-endpoints/${id}`)).status).toBe(404);
    const { body } = await house.call('GET', `/v1/events/${event}/deliveries`);
    expect(body.data.map((one: { endpoint: string }) => one.endpoint)).not.toContain(id);
  });

  it('is for admins, and one that a live key made is out of reach of a test key', async () => {
    const key = await aKeyWith(house, ['read', 'write', 'operate']);
    const asked = { key, body: { url: URL_ } };
    expect((await house.call('POST', '/v1/webhook-endpoints', asked)).status).toBe(403);
    expect((await house.call('GET', '/v1/webhook-endpoints', { key })).status).toBe(403);
    const live = await house.call('POST', '/v1/webhook-endpoints', {
      key: await aLiveKey(house),
      body: { url: URL_ },
    });
    expect(live.body.mode).toBe('live');
    const rotations = `/v1/webhook-endpoints/${live.body.id}/secret-rotations`;
    expect((await house.call('POST', rotations, { body: {} })).status).toBe(403);
  });

  it('is one of twenty at most, also when all are asked for at once', async () => {
    const { admin: key } = await house.addMerchant();
    const asked = { key, body: { url: URL_ } };
    const add = () => house.call('POST', '/v1/webhook-endpoints', asked);
    const all = await Promise.all(Array.from({ length: 30 }, add));
    expect(all.filter(({ status }) => status === 201)).toHaveLength(20);
    const { status, body } = await add();
    expect([status, body.code]).toEqual([409, 'too_many_endpoints']);
  });
});

describe('a delivery', () => {
  it('is there for each endpoint that named the type when the event was placed', async () => {
    const all = await anEndpoint();
    const refunds = await anEndpoint({ event_types: ['refund.*'] });
    const disabled = await anEndpoint();
    await house.call('PATCH', `/v1/webhook-endpoints/${disabled.id}`, {
      body: { status: 'disabled' },
    });
    const event = await anEvent();
    const { body } = await house.call('GET', `/v1/events/${event}/deliveries`);
    const endpoints = body.data.map((one: { endpoint: string }) => one.endpoint);
    expect(endpoints).toContain(all.id);
    expect(endpoints).not.toContain(refunds.id);
    expect(endpoints).not.toContain(disabled.id);
    expect(body.data[0]).toMatchObject({ status: 'pending', acknowledgement: 'not_needed' });
  });

  it('is made again when asked for, also for an endpoint that did not name the type', async () => {
    const { id } = await anEndpoint({ event_types: ['refund.*'] });
    const event = await anEvent();
    const path = `/v1/events/${event}/redeliveries`;
    const { status, body } = await house.call('POST', path, { body: { endpoint: id } });
    expect([status, body.status]).toEqual([202, 'pending']);
    await house.db.delivery.updateMany({
      where: { endpointId: id },
      data: { status: 'delivered' },
    });
    const again = await house.call('POST', path, { body: { endpoint: id } });
    expect(again.body.status).toBe('pending');
    await house.db.delivery.updateMany({ where: { endpointId: id }, data: { status: 'retrying' } });
    const under = await house.call('POST', path, { body: { endpoint: id } });
    expect(under.body.status).toBe('retrying');
    await house.call('PATCH', `/v1/webhook-endpoints/${id}`, { body: { status: 'disabled' } });
    const stopped = await house.call('POST', path, { body: { endpoint: id } });
    expect([stopped.status, stopped.body.code]).toEqual([409, 'endpoint_stopped']);
    const { admin: stranger } = await house.addMerchant();
    const foreign = await house.call('POST', '/v1/webhook-endpoints', {
      key: stranger,
      body: { url: URL_ },
    });
    const mixed = await house.call('POST', path, { body: { endpoint: foreign.body.id } });
    expect([mixed.status, mixed.body.errors[0].field]).toEqual([422, 'endpoint']);
  });

  it('is acknowledged once, and the list tells who has not', async () => {
    const { id } = await anEndpoint({ acknowledged_types: ['subscription.created'] });
    const [first, second] = [await anEvent(), await anEvent()];
    await house.db.delivery.updateMany({
      where: { endpointId: id, eventId: { in: [first, second] } },
      data: { status: 'delivered', acknowledgeBy: new Date(0) },
    });
    const unheard = await house.call('GET', '/v1/events?acknowledged=false');
    expect(unheard.body.data.map((one: { id: string }) => one.id)).toEqual([first, second]);
    const path = `/v1/events/${first}/acknowledgements`;
    const { body } = await house.call('POST', path, { body: { endpoint: id } });
    const mine = (rows: { endpoint: string }[]) => rows.find(({ endpoint }) => endpoint === id);
    expect(mine(body.data)).toMatchObject({ acknowledgement: 'done' });
    const heard = await house.db.delivery.findMany({ where: { eventId: first } });
    expect(heard.length).toBeGreaterThan(1);
    const done = heard.filter(({ acknowledgedAt }) => acknowledgedAt !== null);
    expect(done.map(({ endpointId }) => endpointId)).toEqual([id]);
    const again = await house.call('POST', path, { body: {} });
    expect(mine(again.body.data)).toEqual(mine(body.data));
    const left = await house.call('GET', '/v1/events?acknowledged=false');
    expect(left.body.data.map((one: { id: string }) => one.id)).toEqual([second]);
    const shown = await house.call('GET', `/v1/events/${second}/deliveries`);
    expect(mine(shown.body.data)).toMatchObject({ acknowledgement: 'overdue' });
    const acknowledged = await house.call('GET', '/v1/events?acknowledged=true');
    expect(acknowledged.body.data.map((one: { id: string }) => one.id)).toEqual([first]);
  });

  it.each(['pending', 'retrying', 'failed'])(
    'is reminded of no more once it is acknowledged, though a reminder is %s',
    async (status) => {
      const { id } = await anEndpoint({ acknowledged_types: ['subscription.created'] });
      const eventId = await anEvent();
      const key = { endpointId_eventId: { endpointId: id, eventId } };
      const data = { status, reminders: 1, deliveredAt: new Date(), acknowledgeBy: new Date(0) };
      await house.db.delivery.update({ where: key, data });
      await house.call('POST', `/v1/events/${eventId}/acknowledgements`, { body: {} });
      const { status: now } = await house.db.delivery.findUniqueOrThrow({ where: key });
      expect(now).toBe('delivered');
      const again = { body: { endpoint: id } };
      const { body } = await house.call('POST', `/v1/events/${eventId}/redeliveries`, again);
      expect(body.status).toBe('pending');
      // A person has asked for this one: it is no reminder that an acknowledgement ends.
      await house.call('POST', `/v1/events/${eventId}/acknowledgements`, { body: {} });
      const asked = await house.db.delivery.findUniqueOrThrow({ where: key });
      expect(asked.status).toBe('pending');
    },
  );

  it('is acknowledged for endpoints that are there, and with a test key for none that is live', async () => {
    const made = { key: await aLiveKey(house), body: { url: URL_ } };
    const live = (await house.call('POST', '/v1/webhook-endpoints', made)).body.id as string;
    const test = (await anEndpoint()).id as string;
    const event = await anEvent();
    const acknowledge = (body: object) =>
      house.call('POST', `/v1/events/${event}/acknowledgements`, { body });
    expect((await acknowledge({ endpoint: live })).status).toBe(403);
    const nowhere = await acknowledge({ endpoint: `${test.slice(0, -4)}zzzz` });
    expect([nowhere.status, nowhere.body.errors]).toEqual([
      422,
      [{ field: 'endpoint', message: 'There is no such endpoint' }],
    ]);
    const { body } = await acknowledge({});
    const said = new Map(
      body.data.map((one: { endpoint: string; acknowledged_at: string | null }) => [
        one.endpoint,
        one.acknowledged_at !== null,
      ]),
    );
    expect([said.get(live), said.get(test)]).toEqual([false, true]);
  });

  it('is none of the business of an event that has no place yet', async () => {
    const { id } = await aSubscription(house);
    const event = await house.db.event.findFirstOrThrow({ where: { subscriptionId: id } });
    const path = `/v1/events/${event.id}/deliveries`;
    expect((await house.call('GET', path)).status).toBe(404);
    await placeEvents(house.db, house.merchant.id);
    expect((await house.call('GET', path)).status).toBe(200);
  });
});
