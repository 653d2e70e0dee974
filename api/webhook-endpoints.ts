/** Webhook endpoints: where apps want to hear of events. */
import { z } from 'zod';

import { DomainError } from '../domain/errors.js';
import { placeAllEvents } from '../prisma/event.js';
import { lockRow } from '../prisma/lock-row.js';
import {
  activate,
  changeEndpoint,
  createEndpoint,
  deleteEndpoint,
  disable,
  listEndpoints,
  requireEndpoint,
  rotateSecret,
} from '../prisma/webhook-endpoint.js';
import { requireMode } from './authenticate.js';
import { defined } from './defined.js';
import type { ApiDeps } from './deps.js';
import { pageAnswer, pageFor } from './page.js';
import { renderEndpoint } from './render/webhook-endpoint.js';
import { type Answer, route } from './route.js';
import { byId, listOf, pageOf } from './schemas/common.js';
import {
  changedEndpoint,
  endpoint,
  endpointWithSecret,
  newEndpoint,
  newRotation,
} from './schemas/webhook-endpoint.js';
import { write } from './write.js';

const tag = 'webhook-endpoints';
const params = byId('whe');
const one = { 200: { description: 'The webhook endpoint', schema: endpoint } };

export const webhookEndpointRoutes = [
  route({
    method: 'post',
    path: '/v1/webhook-endpoints',
    scope: 'admin',
    tag,
    summary: 'Add a webhook endpoint',
    description:
      'It is sent what happens from now on. The secret verifies the signatures (Standard Webhooks) and is shown here only.',
    body: newEndpoint,
    answers: { 201: { description: 'The new endpoint', schema: endpointWithSecret } },
    run: (request) =>
      writeFromNowOn(request, async (tx, now) => {
        const { api, caller, merchantId, body } = request;
        requireUrl(api, body.url, caller.mode);
        const { url, event_types: eventTypes, acknowledged_types: acknowledgedTypes } = body;
        const description = body.description ?? undefined;
        const asked = { merchantId, mode: caller.mode, url, description };
        const row = await createEndpoint(tx, { ...asked, eventTypes, acknowledgedTypes }, now);
        return {
          status: 201,
          body: renderEndpoint(row),
          shownOnce: { secret: api.messenger.secretOf(row.id, row.secretVersion) },
          location: `/v1/webhook-endpoints/${row.id}`,
        };
      }),
  }),
  route({
    method: 'get',
    path: '/v1/webhook-endpoints',
    scope: 'admin',
    tag,
    summary: 'List webhook endpoints, newest first',
    query: z.strictObject(pageOf('whe')),
    answers: { 200: { description: 'Webhook endpoints', schema: listOf(endpoint) } },
    run: async ({ api, merchantId, query }) => {
      const rows = await listEndpoints(api.db, pageFor(merchantId, query));
      return pageAnswer(rows, query.limit, renderEndpoint);
    },
  }),
  route({
    method: 'get',
    path: '/v1/webhook-endpoints/{id}',
    scope: 'admin',
    tag,
    summary: 'Read a webhook endpoint',
    params,
    answers: one,
    run: async ({ api, merchantId, params: { id } }) => {
      return { status: 200, body: renderEndpoint(await requireEndpoint(api.db, merchantId, id)) };
    },
  }),
  route({
    method: 'patch',
    path: '/v1/webhook-endpoints/{id}',
    scope: 'admin',
    tag,
    summary: 'Change a webhook endpoint',
    description: 'Setting a `failing` one active sends what has waited, in its order.',
    params,
    body: changedEndpoint,
    immutable: ['mode'],
    answers: one,
    run: (request) =>
      writeFromNowOn(request, async (tx) => {
        const { api, caller, merchantId, body } = request;
        await lockRow(tx, 'webhook_endpoint', request.params.id);
        const before = await requireEndpoint(tx, merchantId, request.params.id);
        requireMode(caller, before.mode, 'mode');
        if (body.url) requireUrl(api, body.url, before.mode as 'test' | 'live');
        const { url, description, event_types, acknowledged_types } = body;
        let row = await changeEndpoint(
          tx,
          before.id,
          defined({
            url,
            description,
            eventTypes: event_types,
            acknowledgedTypes: acknowledged_types,
          }),
        );
        if (body.status === 'disabled') row = await disable(tx, before.id);
        if (body.status === 'active' && before.status !== 'active')
          row = await activate(tx, before.id);
        const after = renderEndpoint(row);
        const audited = { object: row.id, before: renderEndpoint(before), after };
        return { status: 200, body: after, audited };
      }),
  }),
  route({
    method: 'delete',
    path: '/v1/webhook-endpoints/{id}',
    scope: 'admin',
    tag,
    summary: 'Remove a webhook endpoint, with what waits for it',
    params,
    answers: { 204: { description: 'It is gone' } },
    run: async (request) => {
      const { caller, merchantId, params: asked } = request;
      const { headers = {} } = await write(request, async (tx) => {
        const row = await requireEndpoint(tx, merchantId, asked.id);
        requireMode(caller, row.mode, 'mode');
        await deleteEndpoint(tx, row.id);
        return { status: 204, body: {}, audited: { object: row.id, before: renderEndpoint(row) } };
      });
      return { status: 204, headers };
    },
  }),
  route({
    method: 'post',
    path: '/v1/webhook-endpoints/{id}/secret-rotations',
    scope: 'admin',
    tag,
    summary: 'Give a webhook endpoint a new secret',
    description: 'Until the old one expires both sign, so that the app can change over at leisure.',
    params,
    body: newRotation,
    answers: { 201: { description: 'The endpoint, and its secret', schema: endpointWithSecret } },
    run: (request) =>
      write(request, async (tx, now) => {
        const { api, caller, merchantId, body } = request;
        await lockRow(tx, 'webhook_endpoint', request.params.id);
        const before = await requireEndpoint(tx, merchantId, request.params.id);
        requireMode(caller, before.mode, 'mode');
        const until = new Date(now.getTime() + body.expires_in_hours * 3_600_000);
        const row = await rotateSecret(tx, before.id, until);
        const secret = api.messenger.secretOf(row.id, row.secretVersion);
        const after = renderEndpoint(row);
        const audited = { object: row.id, before: renderEndpoint(before), after };
        return { status: 201, body: after, shownOnce: { secret }, audited };
      }),
  }),
];

/** What happened before belongs to the endpoints as they were, even while no worker runs. */
async function writeFromNowOn(...[request, work]: Parameters<typeof write>): Promise<Answer> {
  await placeAllEvents(request.api.db, request.merchantId);
  return write(request, work);
}

function requireUrl({ messenger }: ApiDeps, url: string, mode: 'test' | 'live'): void {
  const fault = messenger.urlFault(url, mode);
  if (fault) throw new DomainError('invalid', 'invalid_request', fault, 'url');
}
