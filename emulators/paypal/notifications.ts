/** The notifications API: webhooks made, changed and removed, events sent again or made up, signatures checked. */
import { z } from 'zod';

import { type Call, type Endpoint, type Reply, link, ok } from './call.js';
import type { Certificates } from './certificates.js';
import { noSuch, refused } from './errors.js';
import { EVENT_KINDS, eventOf, isKind, ownEvent } from './events.js';
import { newId } from './ids.js';
import { read, text } from './params.js';
import { memberText } from './raw-json.js';
import { isGenuine } from './transmissions.js';
import { SIMULATED, type Webhook, type Webhooks, webhookUrl } from './webhooks.js';

export function notifications(
  webhooks: Webhooks,
  certificates: Certificates,
): Record<string, Endpoint> {
  return { ...webhookRoutes(webhooks), ...eventRoutes(webhooks, certificates) };
}

function webhookRoutes(webhooks: Webhooks): Record<string, Endpoint> {
  return {
    'POST /v1/notifications/webhooks': createWebhook,
    'GET /v1/notifications/webhooks': ({ account, query }) => {
      read(z.strictObject({ anchor_type: z.string().optional() }), query, 'query');
      const all = webhooks.of(account.id).map((webhook) => render(webhook, { account }));
      return ok({ webhooks: all });
    },
    'GET /v1/notifications/webhooks/:id': (call) => ok(render(own(call), call)),
    'PATCH /v1/notifications/webhooks/:id': changeWebhook,
    'DELETE /v1/notifications/webhooks/:id': (call) => {
      webhooks.delete(own(call).id);
      return { status: 204 };
    },
  };

  function createWebhook(call: Call): Reply {
    const { account, body } = call;
    const asked = read(created, body);
    const all = webhooks.of(account.id);
    if (all.some(({ url }) => url === asked.url)) throw refused('WEBHOOK_URL_ALREADY_EXISTS');
    if (all.length >= MOST_WEBHOOKS) throw refused('WEBHOOK_NUMBER_LIMIT_EXCEEDED');
    const event_types = asked.event_types.map(({ name }) => name);
    const webhook = { id: newId(), account: account.id, url: asked.url, event_types };
    return { status: 201, body: render(webhooks.put(webhook), call) };
  }

  function changeWebhook(call: Call): Reply {
    const old = own(call);
    const changed = read(patch, call.body).reduce<Webhook>(
      (webhook, change) =>
        change.path === '/url'
          ? { ...webhook, url: change.value }
          : { ...webhook, event_types: change.value.map(({ name }) => name) },
      old,
    );
    return ok(render(webhooks.put(changed), call));
  }

  function own({ account, ids }: Call): Webhook {
    const found = webhooks.get(ids['id']!);
    if (found?.account !== account.id) throw noSuch('webhook_id');
    return found;
  }
}

function eventRoutes(webhooks: Webhooks, certificates: Certificates): Record<string, Endpoint> {
  return {
    'POST /v1/notifications/webhooks-events/:id/resend': resend,
    'POST /v1/notifications/simulate-event': simulate,
    'POST /v1/notifications/verify-webhook-signature': verify,
  };

  function resend({ account, ids, body }: Call): Reply {
    const asked = read(z.strictObject({ webhook_ids: z.array(text(50)).optional() }), body);
    const event = ownEvent(account, ids['id']!);
    const all = webhooks.listening(account.id, event.event_type).map(({ id }) => id);
    webhooks.resend(account.id, event, asked.webhook_ids ?? all);
    return { status: 202, body: event };
  }

  function simulate(call: Call): Reply {
    const { account, body } = call;
    const asked = read(simulated, body);
    if (!isKind(asked.event_type))
      throw refused('INVALID_PARAMETER_VALUE', { field: '/event_type' });
    const webhook = asked.webhook_id === undefined ? undefined : webhooks.get(asked.webhook_id);
    if (!webhook) throw noSuch('/webhook_id', 'body');
    const resource = { id: newId(), status: 'COMPLETED' };
    const event = eventOf(account, asked.event_type, resource, `${SIMULATED}${asked.event_type}`);
    account.events.put(event.id, event);
    webhooks.resend(account.id, event, [webhook.id]);
    return { status: 202, body: event };
  }

  function verify({ account, body, raw }: Call): Reply {
    const { webhook_event: _, ...told } = read(verification, body);
    const webhook = webhooks.get(told.webhook_id);
    const isOurs = webhook && (webhook.account === null || webhook.account === account.id);
    const genuine = isOurs && isGenuine(certificates, told, memberText(raw, 'webhook_event')!);
    return ok({ verification_status: genuine ? 'SUCCESS' : 'FAILURE' });
  }
}

const MOST_WEBHOOKS = 10;

function render(
  { id, url, event_types: types }: Webhook,
  { account }: Pick<Call, 'account'>,
): object {
  const self = `/v1/notifications/webhooks/${id}`;
  return {
    id,
    url,
    event_types: types.map((name) => ({ name, description: name })),
    links: [
      link(account, 'self', self),
      link(account, 'update', self, 'PATCH'),
      link(account, 'delete', self, 'DELETE'),
    ],
  };
}

const eventTypes = z
  .array(
    z.strictObject({
      name: z.string().refine((name) => name === '*' || EVENT_KINDS.includes(name)),
    }),
  )
  .min(1)
  .max(500);
const created = z.strictObject({ url: webhookUrl, event_types: eventTypes });
const patch = z
  .array(
    z.discriminatedUnion('path', [
      z.strictObject({ op: z.literal('replace'), path: z.literal('/url'), value: webhookUrl }),
      z.strictObject({
        op: z.literal('replace'),
        path: z.literal('/event_types'),
        value: eventTypes,
      }),
    ]),
  )
  .min(1);
const simulated = z.strictObject({
  event_type: text(100),
  resource_version: text(10).optional(),
  webhook_id: text(50).optional(),
});
const verification = z.strictObject({
  auth_algo: text(100),
  cert_url: text(500),
  transmission_id: text(50),
  transmission_sig: text(500),
  transmission_time: text(50),
  webhook_event: z.record(z.string(), z.unknown()),
  webhook_id: text(50),
});
