/** Events: what happened, told with a snapshot of the resource it happened to. */
import { z } from 'zod';

import { type Account, isoTime } from './account.js';
import { type Call, type Link, type Reply, link, ok } from './call.js';
import { noSuch, refused } from './errors.js';
import { newEventId } from './ids.js';
import { instant, read, text, whole } from './params.js';

const KINDS = {
  'PAYMENT.CAPTURE.COMPLETED': 'capture',
  'PAYMENT.CAPTURE.PENDING': 'capture',
  'PAYMENT.CAPTURE.DENIED': 'capture',
  'PAYMENT.CAPTURE.DECLINED': 'capture',
  'PAYMENT.CAPTURE.REFUNDED': 'refund',
  'PAYMENT.CAPTURE.REVERSED': 'refund',
  'PAYMENT.REFUND.PENDING': 'refund',
  'PAYMENT.REFUND.FAILED': 'refund',
  'CHECKOUT.ORDER.APPROVED': 'checkout-order',
  'CHECKOUT.ORDER.COMPLETED': 'checkout-order',
  'CHECKOUT.PAYMENT-APPROVAL.REVERSED': 'checkout-order',
  'VAULT.PAYMENT-TOKEN.CREATED': 'payment_token',
  'VAULT.PAYMENT-TOKEN.DELETED': 'payment_token',
  'VAULT.PAYMENT-TOKEN.DELETION-INITIATED': 'payment_token',
  'CUSTOMER.DISPUTE.CREATED': 'dispute',
  'CUSTOMER.DISPUTE.UPDATED': 'dispute',
  'CUSTOMER.DISPUTE.RESOLVED': 'dispute',
} as const;

export type EventKind = keyof typeof KINDS;

/** `PAYMENT.AUTHORIZATION.*` may be listened to, though nothing here tells of it. */
export const EVENT_KINDS: readonly string[] = [
  ...Object.keys(KINDS),
  'PAYMENT.AUTHORIZATION.CREATED',
  'PAYMENT.AUTHORIZATION.VOIDED',
];

export interface PaypalEvent {
  readonly id: string;
  readonly event_version: string;
  readonly create_time: string;
  readonly resource_type: string;
  readonly resource_version: string;
  readonly event_type: string;
  readonly summary: string;
  readonly resource: object;
  readonly links: readonly Link[];
}

export function eventOf(
  account: Account,
  kind: EventKind,
  resource: object,
  summary: string,
): PaypalEvent {
  const id = newEventId();
  const self = `/v1/notifications/webhooks-events/${id}`;
  return {
    id,
    event_version: '1.0',
    create_time: new Date(account.clock.now()).toISOString(),
    resource_type: KINDS[kind],
    resource_version: KINDS[kind] === 'payment_token' ? '3.0' : '2.0',
    event_type: kind,
    summary,
    resource: structuredClone(resource),
    links: [link(account, 'self', self), link(account, 'resend', `${self}/resend`, 'POST')],
  };
}

export function isKind(name: string): name is EventKind {
  return name in KINDS;
}

export function retrieveEvent({ account, ids, query }: Call): Reply {
  read(z.strictObject({}), query, 'query');
  return ok(ownEvent(account, ids['id']!));
}

export function ownEvent(account: Account, id: string): PaypalEvent {
  const event = account.events.get(id);
  if (!event) throw noSuch('event_id');
  return event;
}

/** Newest first; the link `next` leads on. */
export function listEvents({ account, query }: Call): Reply {
  const asked = read(listed, query, 'query');
  const { page_size: size = 10, start_time: from, end_time: to, index_id: after } = asked;
  const found = account.events
    .all()
    .toReversed()
    .filter(
      ({ create_time, event_type, resource }) =>
        (from === undefined || Date.parse(create_time) >= from) &&
        (to === undefined || Date.parse(create_time) <= to) &&
        (asked.event_type === undefined || event_type === asked.event_type) &&
        (asked.transaction_id === undefined ||
          ('id' in resource && resource.id === asked.transaction_id)),
    );
  const start = after === undefined ? 0 : found.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && start === 0)
    throw refused('INVALID_PARAMETER_VALUE', { field: 'index_id', location: 'query' });
  const events = found.slice(start, start + size);
  const place = (rel: string, more: Record<string, string>) => {
    const { index_id: _, move_to: __, ...same } = query;
    const search = new URLSearchParams({ ...same, ...more });
    return link(account, rel, `/v1/notifications/webhooks-events?${search.toString()}`);
  };
  const last = events.at(-1);
  const onward =
    last && found.length > start + size
      ? [
          place('next', {
            move_to: 'next',
            index_time: isoTime(Date.parse(last.create_time)),
            index_id: last.id,
          }),
        ]
      : [];
  return ok({ events, count: events.length, links: [place('self', {}), ...onward] });
}

const listed = z.strictObject({
  end_time: instant.optional(),
  event_type: text(100).optional(),
  index_id: text(100).optional(),
  index_time: instant.optional(),
  move_to: z.literal('next').optional(),
  page_size: whole(1, 300).optional(),
  start_time: instant.optional(),
  transaction_id: text(100).optional(),
});
