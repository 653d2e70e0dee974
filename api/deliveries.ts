/** Deliveries: what became of an event at each endpoint. */
import { z } from 'zod';

import { DomainError } from '../domain/errors.js';
import type { Tx } from '../prisma/client.js';
import { acknowledgeDeliveries, listDeliveries, sendAgain } from '../prisma/delivery.js';
import { requireEvent } from '../prisma/event.js';
import { type WebhookEndpoint, requireEndpoint } from '../prisma/webhook-endpoint.js';
import { requireMode } from './authenticate.js';
import { pageAnswer } from './page.js';
import { renderDelivery } from './render/webhook-endpoint.js';
import { type ApiRequest, route } from './route.js';
import { byId, idOf, listOf } from './schemas/common.js';
import { delivery } from './schemas/webhook-endpoint.js';
import { write } from './write.js';

const tag = 'events';
const params = byId('evt');
const all = listOf(delivery);

export const deliveryRoutes = [
  route({
    method: 'get',
    path: '/v1/events/{id}/deliveries',
    scope: 'read',
    tag,
    summary: "Read an event's deliveries, one for each endpoint",
    params,
    answers: { 200: { description: 'Deliveries', schema: all } },
    run: async ({ api, merchantId, params: { id } }) => {
      const event = await requireEvent(api.db, merchantId, id);
      const rows = await listDeliveries(api.db, event.id);
      return pageAnswer(rows, rows.length, renderDelivery);
    },
  }),
  route({
    method: 'post',
    path: '/v1/events/{id}/redeliveries',
    scope: 'operate',
    tag,
    summary: 'Send an event to an endpoint again, under the same id',
    params,
    body: z.strictObject({ endpoint: idOf('whe') }),
    answers: { 202: { description: 'It is on its way', schema: delivery } },
    run: (request) =>
      write(request, async (tx) => {
        const { merchantId, body: asked } = request;
        const event = await requireEvent(tx, merchantId, request.params.id);
        const endpoint = await requireNamed(tx, request, asked.endpoint);
        if (endpoint.status !== 'active')
          throw new DomainError('conflict', 'endpoint_stopped', 'Set the endpoint active first');
        const { delivery: row, changed } = await sendAgain(tx, event, endpoint.id);
        const body = renderDelivery(row);
        return { status: 202, body, audited: changed ? { object: event.id, after: body } : null };
      }),
  }),
  route({
    method: 'post',
    path: '/v1/events/{id}/acknowledgements',
    scope: 'write',
    tag,
    summary: 'Say that the app has acted on an event',
    description:
      'For one endpoint, or for all of them; with a test key for those that are test. Saying it again changes nothing.',
    params,
    body: z.strictObject({ endpoint: idOf('whe').optional() }),
    answers: { 200: { description: 'Deliveries', schema: all } },
    run: (request) =>
      write(request, async (tx, now) => {
        const { caller, merchantId, body } = request;
        const event = await requireEvent(tx, merchantId, request.params.id);
        const named = body.endpoint && (await requireNamed(tx, request, body.endpoint));
        const whose = caller.mode === 'test' ? { mode: 'test' as const } : {};
        const of = named ? { id: named.id } : whose;
        const changed = await acknowledgeDeliveries(tx, event.id, of, now);
        const rows = await listDeliveries(tx, event.id);
        const shown = { data: rows.map(renderDelivery), has_more: false };
        const audited = changed ? { object: event.id, after: shown } : null;
        return { status: 200, body: shown, audited };
      }),
  }),
];

async function requireNamed(
  tx: Tx,
  { caller, merchantId }: Pick<ApiRequest, 'caller' | 'merchantId'>,
  id: string,
): Promise<WebhookEndpoint> {
  const endpoint = await requireEndpoint(tx, merchantId, id).catch(notNamed);
  requireMode(caller, endpoint.mode, 'endpoint');
  return endpoint;
}

function notNamed(): never {
  throw new DomainError('invalid', 'invalid_request', 'There is no such endpoint', 'endpoint');
}
