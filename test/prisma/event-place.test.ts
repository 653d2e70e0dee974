/** The places of events: given after the commit, so that whoever has read up to one has missed nothing before it. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { type Database, openDatabase } from '../../prisma/client.js';
import { listEvents, listUnplaced, placeEvents, recordEvent } from '../../prisma/event.js';
import { ensureMerchant } from '../../prisma/merchant.js';
import { type House, aSubscription, openHouse } from '../api/harness.js';

let house: House;
let other: Database;
beforeAll(async () => {
  house = await openHouse();
  other = openDatabase({ url: house.databaseUrl, maxConnections: 5 });
});
afterAll(async () => {
  await other.$disconnect();
  await house.close();
});

const type = 'subscription.updated';
const at = new Date();

function change(subscriptionId: string) {
  const payload = { subscription: subscriptionId, status: 'active', service: 'full' };
  return { merchantId: house.merchant.id, subscriptionId, type, payload, at };
}

async function poll(after: string | undefined): Promise<{ ids: string[]; last: string }> {
  const query = after ? `?limit=100&starting_after=${after}` : '?limit=100';
  const { body } = await house.call('GET', `/v1/events${query}`);
  const ids = body.data.map(({ id }: { id: string }) => id) as string[];
  return { ids, last: ids.at(-1) ?? after ?? '' };
}

const places = async () =>
  (await house.db.event.findMany({ orderBy: { position: 'asc' } })).map(({ position }) =>
    Number(position),
  );

test('an event that commits late is not missed by a poller that has seen a later one', async () => {
  const [slow, quick] = [await aSubscription(house), await aSubscription(house)];
  const { last } = await poll(undefined);

  let letGo = () => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  let written = () => {};
  const isWritten = new Promise<void>((resolve) => (written = resolve));
  const late = other.$transaction(
    async (tx) => {
      await recordEvent(tx, change(slow.id));
      written();
      await held;
    },
    { timeout: 20_000 },
  );
  await isWritten;
  await house.db.$transaction((tx) => recordEvent(tx, change(quick.id)));
  const early = await poll(last);
  expect(early.ids.length).toBe(1);
  letGo();
  await late;
  const rest = await poll(early.last);
  expect(rest.ids.length).toBe(1);
  // By its id it would have been behind the cursor.
  expect(rest.ids[0]! < early.ids[0]!).toBe(true);
});

test('many who place at once leave no gap, and keep the order within each subscription', async () => {
  const subscriptions = await Promise.all([1, 2, 3, 4].map(() => aSubscription(house)));
  const writers = subscriptions.map(async ({ id }) => {
    for (let time = 0; time < 10; time++)
      await house.db.$transaction((tx) => recordEvent(tx, change(id)));
  });
  const placers = [house.db, other, house.db, other].map(async (db) => {
    for (let time = 0; time < 10; time++) await placeEvents(db, house.merchant.id);
  });
  await Promise.all([...writers, ...placers]);
  await placeEvents(other, house.merchant.id);
  expect(await listUnplaced(house.db, 10)).toEqual([]);
  const given = await places();
  expect(given).toEqual(given.map((_place, index) => index + 1));
  for (const { id } of subscriptions) {
    const page = { merchantId: house.merchant.id, subscriptionId: id, limit: 100 };
    const sequences = (await listEvents(house.db, page)).map(({ sequence }) => Number(sequence));
    expect(sequences).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  }
});

test('machines whose clocks differ do not turn the events of a subscription around', async () => {
  const { id } = await aSubscription(house);
  await house.db.$transaction((tx) => recordEvent(tx, change(id)));
  // As if the second had been written on a machine an hour behind.
  await house.db.$executeRaw`
    update event set id = 'evt_00000000000000000000000000' where subscription_id = ${id} and sequence = 2`;
  await placeEvents(house.db, house.merchant.id);
  const page = { merchantId: house.merchant.id, subscriptionId: id, limit: 10 };
  expect((await listEvents(house.db, page)).map(({ sequence }) => Number(sequence))).toEqual([
    1, 2,
  ]);
});

test('a cursor that an older version gave out keeps working, and an unknown one stands for its time', async () => {
  const { ids } = await poll(undefined);
  expect((await poll(ids[2])).ids).toEqual(ids.slice(3));
  const unknown = `${ids[4]!.slice(0, -1)}${ids[4]!.endsWith('z') ? 'y' : 'z'}`;
  expect((await poll(unknown)).ids.length).toBeLessThan(ids.length);
});

test('the places of one merchant are no business of another', async () => {
  const before = (await places()).length;
  const { id: merchantId } = await ensureMerchant(house.db, 'another', at);
  expect(await placeEvents(house.db, merchantId)).toBe(0);
  expect((await places()).length).toBe(before);
});
