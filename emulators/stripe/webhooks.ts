/** Webhooks: each endpoint that listens to an event is owed it, signed with the endpoint's secret. */
import { createHmac } from 'node:crypto';

import type Stripe from 'stripe';

import {
  type Deliveries,
  type Owed,
  type Posting,
  createDeliveries,
} from '../common/deliveries.js';
import type { Store } from '../common/store.js';
import type { WebhookEndpoints } from './webhook-endpoints.js';

export interface Webhooks extends Omit<Deliveries, 'owe'> {
  owe(account: string, event: Stripe.Event): void;
}

export function createWebhooks(store: Store, endpoints: WebhookEndpoints): Webhooks {
  const { owe, ...deliveries } = createDeliveries(store, write);

  return {
    ...deliveries,
    owe(account, event) {
      for (const { id } of endpoints.listening(account, event.type))
        owe({ account, event: event.id, endpoint: id });
    },
  };

  function write({ account, event: eventId, endpoint: id }: Owed): Posting | undefined {
    const endpoint = endpoints.get(id);
    const event = store.table<Stripe.Event>(`${account}/events`).get(eventId);
    if (!endpoint || !event) return undefined;
    const body = JSON.stringify({ ...event, pending_webhooks: 1 });
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks) emulated',
      'stripe-signature': signature(body, endpoint.secret, Math.floor(Date.now() / 1000)),
    };
    return { url: endpoint.shown.url, headers, body };
  }
}

function signature(body: string, secret: string, seconds: number): string {
  const digest = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${digest}`;
}
