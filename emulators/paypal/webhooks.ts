/** Webhooks: each address that listens to an event is owed it. Its id is what signatures are made for. */
import { z } from 'zod';

import {
  type Deliveries,
  type Owed,
  type Posting,
  createDeliveries,
} from '../common/deliveries.js';
import type { Store } from '../common/store.js';
import type { Certificates } from './certificates.js';
import type { PaypalEvent } from './events.js';
import { newId } from './ids.js';
import { transmissionHeaders } from './transmissions.js';

export interface Webhook {
  readonly id: string;
  /** Null: registered through the control API for whichever account. */
  readonly account: string | null;
  readonly url: string;
  /** `*` is all of them. */
  readonly event_types: readonly string[];
}

export interface Webhooks extends Omit<Deliveries, 'owe'> {
  owe(account: string, event: PaypalEvent): void;
  /** To these webhooks, whatever they listen to. */
  resend(account: string, event: PaypalEvent, webhookIds: readonly string[]): void;
  get(id: string): Webhook | undefined;
  of(account: string): Webhook[];
  listening(account: string, type: string): Webhook[];
  put(webhook: Webhook): Webhook;
  delete(id: string): void;
  /** The same address again replaces what was registered for it. */
  register(webhook: Omit<Webhook, 'id'>, id?: string): Webhook;
}

export function createWebhooks(store: Store, certificates: Certificates, url: string): Webhooks {
  const table = store.table<Webhook>('webhooks');
  const { owe, ...deliveries } = createDeliveries(store, write);

  return {
    ...deliveries,
    owe(account, event) {
      for (const { id } of listening(account, event.event_type))
        owe({ account, event: event.id, endpoint: id });
    },
    resend(account, event, webhookIds) {
      for (const id of webhookIds) owe({ account, event: event.id, endpoint: id });
    },
    get: (id) => table.get(id),
    of: (account) => table.all().filter((webhook) => webhook.account === account),
    listening,
    put(webhook) {
      table.put(webhook.id, webhook);
      return webhook;
    },
    delete: (id) => table.delete(id),
    register(asked, id) {
      const old = table.all().find((one) => one.account === asked.account && one.url === asked.url);
      if (old) table.delete(old.id);
      const webhook = { ...asked, id: id ?? old?.id ?? newId() };
      table.put(webhook.id, webhook);
      return webhook;
    },
  };

  function listening(account: string, type: string): Webhook[] {
    return table
      .all()
      .filter(
        ({ account: of, event_types: types }) =>
          (of === null || of === account) && (types.includes('*') || types.includes(type)),
      );
  }

  function write({ account, event: eventId, endpoint: id }: Owed): Posting | undefined {
    const webhook = table.get(id);
    const event = store.table<PaypalEvent>(`${account}/events`).get(eventId);
    if (!webhook || !event) return undefined;
    const body = JSON.stringify(event);
    // PayPal's simulator signs for no webhook in particular, so nobody can verify what it sends.
    const webhookId = isSimulated(event) ? 'WEBHOOK_ID' : id;
    return {
      url: webhook.url,
      headers: transmissionHeaders(certificates, { url, webhookId, body }),
      body,
    };
  }
}

export const webhookUrl = z
  .string()
  .max(2048)
  .regex(/^https:\/\/|^http:\/\/(127\.0\.0\.1|localhost)[:/]/);

function isSimulated({ summary }: PaypalEvent): boolean {
  return summary.startsWith(SIMULATED);
}

export const SIMULATED = 'Simulated: ';
