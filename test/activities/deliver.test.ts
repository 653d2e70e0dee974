/** Tries that meet what a person does to their endpoint in the same moment. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { type DeliveryDeps, deliverFirst } from '../../activities/deliver.js';
import type { SendOutcome } from '../../domain/delivery.js';
import { lockRow } from '../../prisma/lock-row.js';
import { claimDeliveries } from '../../prisma/delivery.js';
import { placeEvents } from '../../prisma/event.js';
import { activate } from '../../prisma/webhook-endpoint.js';
import { type House, aSubscription, openHouse } from '../api/harness.js';

let house: House;
beforeAll(async () => void (house = await openHouse()));
afterAll(() => house.close());

const limits = { limit: 64, perEndpoint: 4, busy: [], held: [] };

function answering(outcome: SendOutcome): DeliveryDeps {
  const messenger = { carry: () => Promise.resolve(outcome) };
  return { db: house.db, messenger } as unknown as DeliveryDeps;
}

/** An endpoint, and the first event for it as a relay has just taken it. */
async function aTakenDelivery() {
  const body = { url: 'https://app.example/dunlin' };
  const { id } = (await house.call('POST', '/v1/webhook-endpoints', { body })).body;
  await aSubscription(house);
  await placeEvents(house.db, house.merchant.id);
  const [delivery] = await claimDeliveries(house.db, limits);
  return { id: id as string, delivery: delivery! };
}

const statuses = async (id: string) => [
  (await house.db.webhookEndpoint.findUniqueOrThrow({ where: { id } })).status,
  (await house.db.delivery.findFirstOrThrow({ where: { endpointId: id } })).status,
];

test('what is given up while its endpoint is set active stops the endpoint again', async () => {
  const { id, delivery } = await aTakenDelivery();
  await house.db.webhookEndpoint.update({ where: { id }, data: { status: 'failing' } });
  let givingUp: Promise<void> | undefined;
  await house.db.$transaction(async (tx) => {
    await lockRow(tx, 'webhook_endpoint', id);
    await activate(tx, id);
    const gone = { kind: 'gone', status: 410, why: 'It answered 410' } as const;
    givingUp = deliverFirst(answering(gone), delivery);
    await Promise.race([givingUp, new Promise((resolve) => setTimeout(resolve, 500))]);
  });
  await givingUp;
  expect(await statuses(id)).toEqual(['disabled', 'failed']);
});
