/** Webhook endpoints: who is told about which events, signed with which secret. */
import type Stripe from 'stripe';
import { z } from 'zod';

import { newId } from '../common/ids.js';
import type { Store } from '../common/store.js';
import type { Call } from './call.js';
import { noSuch } from './errors.js';
import { API_VERSION, matches } from './events.js';
import { page, paging } from './pages.js';
import { clearableText, expand, flag, mergeMetadata, metadata, read, text } from './params.js';

interface Endpoint {
  readonly id: string;
  /** Null: registered through the control API for whichever account. */
  readonly account: string | null;
  readonly secret: string;
  readonly shown: Stripe.WebhookEndpoint;
}

export interface WebhookEndpoints {
  readonly create: (call: Call) => Stripe.WebhookEndpoint;
  readonly retrieve: (call: Call) => Stripe.WebhookEndpoint;
  readonly list: (call: Call) => Stripe.ApiList<Stripe.WebhookEndpoint>;
  readonly remove: (call: Call) => Stripe.DeletedWebhookEndpoint;
  /** The same address again replaces what was registered for it. */
  register(account: string | null, url: string, secret: string, types: string[]): Endpoint;
  listening(account: string, type: string): Endpoint[];
  get(id: string): Endpoint | undefined;
}

export function createWebhookEndpoints(store: Store): WebhookEndpoints {
  const table = store.table<Endpoint>('webhook_endpoints');

  return {
    create({ account, params }) {
      const asked = read(created, params);
      const shown = newEndpoint(account.clock.seconds(), asked.url, asked.enabled_events, {
        description: asked.description ?? null,
        metadata: mergeMetadata({}, asked.metadata),
      });
      const secret = newId('whsec', 32);
      table.put(shown.id, { id: shown.id, account: account.id, secret, shown });
      return { ...shown, secret };
    },
    retrieve(call) {
      read(z.strictObject({ expand }), call.params);
      return own(call).shown;
    },
    list({ account, params, path }) {
      const asked = read(z.strictObject(paging), params);
      const found = table.all().filter((endpoint) => endpoint.account === account.id);
      return page(
        found.map(({ shown }) => shown),
        path,
        asked,
      );
    },
    remove(call) {
      const { id } = own(call);
      table.delete(id);
      return { id, object: 'webhook_endpoint', deleted: true };
    },
    register(account, url, secret, types) {
      const old = table.all().find((one) => one.account === account && one.shown.url === url);
      const fresh = newEndpoint(Math.floor(Date.now() / 1000), url, types, {});
      const shown = old ? { ...fresh, id: old.id, created: old.shown.created } : fresh;
      const endpoint = { id: shown.id, account, secret, shown };
      table.put(endpoint.id, endpoint);
      return endpoint;
    },
    listening: (account, type) =>
      table
        .all()
        .filter(
          (endpoint) =>
            (endpoint.account === null || endpoint.account === account) &&
            endpoint.shown.enabled_events.some((pattern) => matches(pattern, type)),
        ),
    get: (id) => table.get(id),
  };

  function own({ account, ids }: Call): Endpoint {
    const found = table.get(ids['id']!);
    if (found?.account !== account.id) throw noSuch('webhook endpoint', ids['id']!);
    return found;
  }
}

function newEndpoint(
  now: number,
  url: string,
  types: string[],
  rest: Partial<Stripe.WebhookEndpoint>,
): Stripe.WebhookEndpoint {
  return {
    id: newId('we'),
    object: 'webhook_endpoint',
    api_version: API_VERSION,
    application: null,
    created: now,
    description: null,
    enabled_events: types,
    livemode: false,
    metadata: {},
    status: 'enabled',
    url,
    ...rest,
  } satisfies Stripe.WebhookEndpoint;
}

const created = z.strictObject({
  api_version: text.optional(),
  connect: flag.optional(),
  description: clearableText.optional(),
  enabled_events: z.array(text).min(1),
  expand,
  metadata: metadata.optional(),
  url: z.string().regex(/^https?:\/\//),
});
