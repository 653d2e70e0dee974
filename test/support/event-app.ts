/** An app that listens, and things that happen for it to hear of. */
import { recordEvent } from '../../prisma/event.js';
import { createEndpoint } from '../../prisma/webhook-endpoint.js';
import type { House } from './house.js';
import { aCustomer, aSubscription } from './people.js';
import { type Sink, openSink } from './sink.js';

export interface Listener {
  readonly sink: Sink;
  readonly endpointId: string;
}

export async function aListener(
  { db, merchantId }: House,
  { types = ['*'], acknowledged = [] as string[], sink = undefined as Sink | undefined } = {},
): Promise<Listener> {
  const listening = sink ?? (await openSink());
  const { id } = await createEndpoint(
    db,
    {
      merchantId,
      mode: 'test',
      url: listening.url,
      eventTypes: types,
      acknowledgedTypes: acknowledged,
    },
    new Date(),
  );
  return { sink: listening, endpointId: id };
}

/** A subscription that does nothing by itself, with its first event. */
export async function aQuietSubscription(house: House): Promise<string> {
  const startsAt = Date.now() + 30 * 86_400_000;
  const person = await aCustomer(house, null);
  return (await aSubscription(house, person, { collection: 'manual', startsAt })).id;
}

/** So many things more happen to a subscription. */
export async function happen(house: House, subscriptionId: string, times = 1): Promise<void> {
  const { db, merchantId } = house;
  const payload = { subscription: subscriptionId, status: 'active', service: 'full' };
  const type = 'subscription.updated';
  for (let time = 0; time < times; time++)
    await db.$transaction((tx) =>
      recordEvent(tx, { merchantId, subscriptionId, type, payload, at: new Date() }),
    );
}
