/** Customers hear of a renewal some days before it: once, and only if it will happen. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { newId } from '../../prisma/new-id.js';
import { type NoticeSettings, changeSettings, readSettings } from '../../prisma/settings.js';
import { cancelSubscription } from '../../prisma/subscription-cancel.js';
import { lockSubscription } from '../../prisma/subscription.js';
import { workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { ADA, openPostOffice } from '../support/letters.js';
import { type MailSink, decodedSubject, openMailSink } from '../support/mail-sink.js';
import { type Terms, aCustomer, aSubscription } from '../support/people.js';

const DAY = 86_400_000;

let house: House;
let sink: MailSink;
let office: Awaited<ReturnType<typeof openPostOffice>>;
let bench: ReturnType<typeof workbench>;
beforeAll(async () => {
  house = await openHouse({ workers: false });
  sink = await openMailSink();
  office = await openPostOffice(house, sink);
  bench = workbench(house);
});
afterEach(() => void sink.arrived.splice(0));
afterAll(async () => {
  await sink.close();
  await house.close();
});

async function renewingIn(days: number, terms: Terms = {}) {
  const person = await aCustomer(house, 'pm_card_visa');
  await office.introduce(person.customerId, { locale: 'en-GB' });
  const startsAt = Date.now() + days * DAY;
  return aSubscription(house, person, { startsAt, ...terms });
}

const planned = (subscriptionId: string) => house.db.notice.findMany({ where: { subscriptionId } });

const becomes = (id: string, data: object) => house.db.subscription.update({ where: { id }, data });

async function announced(subscriptionId: string) {
  await bench.activities.announceUpcoming();
  return planned(subscriptionId);
}

test('a renewal is announced a week ahead, once, with its day and amount', async () => {
  const { id, startsAt } = await renewingIn(6);
  const [notice] = await announced(id);
  expect(await announced(id)).toEqual([notice]);
  expect(notice).toMatchObject({
    kind: 'renewal_upcoming',
    renewalId: null,
    periodStart: startsAt,
  });
  await office.send(notice!.sendAt);
  expect(sink.arrived.map(decodedSubject)).toEqual(['Nest: your subscription renews for €19.00']);
  const day = new Intl.DateTimeFormat('en-GB', {
    dateStyle: 'long',
    timeZone: ADA.timeZone,
  }).format(startsAt);
  expect(sink.arrived[0]!.raw).toContain(`On ${day} a new period`);
  expect((await planned(id))[0]!.status).toBe('sent');
});

test('the period after it is announced too', async () => {
  const { id } = await renewingIn(6);
  await announced(id);
  const next = new Date(Date.now() + 5 * DAY);
  await house.db.subscription.update({ where: { id }, data: { nextPeriodStart: next } });
  expect((await announced(id)).map(({ periodStart }) => periodStart)).toContainEqual(next);
});

describe('is not announced:', () => {
  test.each<[string, number, Terms]>([
    ['one that is further away', 8, {}],
    ['one that is due', -1, {}],
    ['one that the app starts itself', 6, { collection: 'manual' }],
    ['a week, a week ahead: it would be announced for ever', 6, { interval: 'week' }],
  ])('%s', async (_why, days, terms) => {
    expect(await announced((await renewingIn(days, terms)).id)).toEqual([]);
  });

  test.each([
    ['a paused one', { status: 'paused', pausedAt: new Date() }],
    ['one that ends before', { endsAt: new Date(), endsAs: 'ended' }],
  ])('%s', async (_why, data) => {
    const { id } = await renewingIn(6);
    await becomes(id, data);
    expect(await announced(id)).toEqual([]);
  });

  test('one whose recovery is open, until it is over', async () => {
    const opened = await bench.open('pm_card_visa');
    const { renewalId, subscription } = opened;
    await office.introduce(opened.person.customerId);
    await becomes(subscription.id, { nextPeriodStart: new Date(Date.now() + 6 * DAY) });
    const decline = { class: 'issuer_soft', code: 'x', message: 'no', elsewhere: false } as const;
    await bench.activities.openDunningCase({ renewalId, decline });
    expect(await announced(subscription.id)).toEqual([]);
    await house.db.dunningCase.updateMany({ where: { renewalId }, data: { status: 'recovered' } });
    expect(await announced(subscription.id)).toHaveLength(1);
  });

  test('any, where the merchant has left the kind out', async () => {
    const { notices } = await readSettings(house.db, house.merchantId);
    const set = (changes: Partial<NoticeSettings>) =>
      house.db.$transaction((tx) =>
        changeSettings(tx, house.merchantId, { notices: { ...notices!, ...changes } }),
      );
    await set({ kinds: ['recovered'] });
    const { id } = await renewingIn(6);
    expect(await announced(id)).toEqual([]);
    await set({ upcomingDays: 5 });
    expect(await announced(id)).toEqual([]);
    await set({});
    expect(await announced(id)).toHaveLength(1);
  });
});

describe('announced, and not told:', () => {
  const OVERTAKEN = ['skipped', 'It was overtaken by what happened since'];

  const because = async (id: string, at?: Date) => {
    const [notice] = await planned(id);
    await office.send(at ?? notice!.sendAt);
    const { status, why } = (await planned(id))[0]!;
    return [status, why];
  };

  test('it was canceled meanwhile', async () => {
    const { id } = await renewingIn(6);
    await announced(id);
    await house.db.$transaction(async (tx) => {
      const subscription = await lockSubscription(tx, id);
      await cancelSubscription(tx, subscription!, { at: 'now', keepDebt: false }, new Date());
    });
    expect(await because(id)).toEqual(OVERTAKEN);
  });

  test.each([
    ['it was paused', { status: 'paused', pausedAt: new Date() }],
    ['the app starts it itself now', { collection: 'manual' }],
    ['it begins on another day', { nextPeriodStart: new Date(Date.now() + 20 * DAY) }],
  ])('%s, meanwhile', async (_why, data) => {
    const { id } = await renewingIn(6);
    await announced(id);
    await becomes(id, data);
    expect(await because(id)).toEqual(OVERTAKEN);
  });

  test('it has begun meanwhile', async () => {
    const { id, startsAt } = await renewingIn(2);
    await announced(id);
    const later = new Date(startsAt.getTime() + 3_600_000);
    expect(await because(id, later)).toEqual(OVERTAKEN);
  });
});

test('all that are near are announced in one sweep, however many they are', async () => {
  const { id } = await renewingIn(6);
  const like = await house.db.subscription.findUniqueOrThrow({ where: { id } });
  const ids = Array.from({ length: 60 }, () => newId('sub'));
  const data = ids.map((one) => ({ ...like, id: one, metadata: {} }));
  await house.db.subscription.createMany({ data });
  await bench.activities.announceUpcoming();
  expect(await house.db.notice.count({ where: { subscriptionId: { in: ids } } })).toBe(60);
});
