/** Events: what happened, in order. */
import { z } from 'zod';

import { DomainError } from '../domain/errors.js';
import { findEvent, listEvents } from '../prisma/event.js';
import { pageAnswer, pageFor } from './page.js';
import { renderEvent } from './render/event.js';
import { route } from './route.js';
import { byId, idOf, listOf, pageOf, text } from './schemas/common.js';
import { event } from './schemas/event.js';

const tag = 'events';

export const eventRoutes = [
  route({
    method: 'get',
    path: '/v1/events',
    scope: 'read',
    tag,
    summary: 'List events, oldest first',
    description: 'Pass the last id you saw as starting_after to hear what came after it.',
    query: z.strictObject({
      ...pageOf('evt'),
      subscription: idOf('sub').optional(),
      type: text(100).optional().meta({ example: 'renewal.paid' }),
    }),
    answers: { 200: { description: 'Events', schema: listOf(event) } },
    run: async ({ api, merchantId, query }) => {
      const { subscription: subscriptionId, type } = query;
      const page = { ...pageFor(merchantId, query), subscriptionId, type };
      return pageAnswer(await listEvents(api.db, page), query.limit, renderEvent);
    },
  }),
  route({
    method: 'get',
    path: '/v1/events/{id}',
    scope: 'read',
    tag,
    summary: 'Read an event',
    params: byId('evt'),
    answers: { 200: { description: 'The event', schema: event } },
    run: async ({ api, merchantId, params: { id } }) => {
      const row = await findEvent(api.db, merchantId, id);
      if (!row) throw new DomainError('not_found', 'not_found', `There is no event ${id}`);
      return { status: 200, body: renderEvent(row) };
    },
  }),
];
