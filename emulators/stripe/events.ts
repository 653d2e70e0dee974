/** Events: what happened, told with a snapshot of the object it happened to. */
import type Stripe from 'stripe';
import { z } from 'zod';

import { newId } from '../common/ids.js';
import type { Account, Cause } from './account.js';
import type { Call } from './call.js';
import { noSuch } from './errors.js';
import { page, paging } from './pages.js';
import { expand, flag, isWithin, range, read, text } from './params.js';

export type EventType = Stripe.Event['type'];
export type EventObject =
  | Stripe.Charge
  | Stripe.Customer
  | Stripe.Dispute
  | Stripe.Mandate
  | Stripe.PaymentIntent
  | Stripe.PaymentMethod
  | Stripe.Refund
  | Stripe.SetupIntent;

export const API_VERSION = '2026-10-28.endive';

export function eventOf(
  account: Account,
  type: EventType,
  object: EventObject,
  { id, idempotency_key }: Cause,
  previous?: object,
): Stripe.Event {
  const event = {
    id: newId('evt'),
    object: 'event',
    api_version: API_VERSION,
    created: account.clock.seconds(),
    data: { object: structuredClone(object), ...(previous && { previous_attributes: previous }) },
    livemode: false,
    pending_webhooks: 0,
    request: { id, idempotency_key },
    type,
  } satisfies Omit<Stripe.EventBase, 'data'> & { data: unknown };
  // The SDK's type is one union member per event type; which one this is, only the caller knows.
  return event as unknown as Stripe.Event;
}

export function retrieveEvent({ account, ids, params }: Call): Stripe.Event {
  read(z.strictObject({ expand }), params);
  const event = account.events.get(ids['id']!);
  if (!event) throw noSuch('event', ids['id']!);
  return event;
}

/** `undelivered` says whether some webhook of the event is still owed or has been given up. */
export function listEvents(
  { account, params, path }: Call,
  undelivered: (eventId: string) => boolean,
): Stripe.ApiList<Stripe.Event> {
  const asked = read(listed, params);
  const found = account.events
    .all()
    .filter(
      (event) =>
        (asked.type === undefined || matches(asked.type, event.type)) &&
        (asked.types === undefined || asked.types.some((type) => matches(type, event.type))) &&
        isWithin(asked.created, event.created) &&
        (asked.delivery_success === undefined || asked.delivery_success !== undelivered(event.id)),
    );
  return page(found, path, asked);
}

/** `charge.*` stands for all of its kind, `*` for everything. */
export function matches(pattern: string, type: string): boolean {
  return pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type;
}

const listed = z.strictObject({
  ...paging,
  type: text.optional(),
  types: z.array(text).max(20).optional(),
  created: range.optional(),
  delivery_success: flag.optional(),
});
