/** Events: what happened, in order. */
import { z } from 'zod';

import { listEvents, placeEvents, requireEvent } from '../prisma/event.js';
import { pageAnswer, pageFor } from './page.js';
import { renderEvent } from './render/event.js';
import { route } from './route.js';
import { byId, idOf, listOf, pageOf } from './schemas/common.js';
import { EVENT_TYPES } from './schemas/event-types.js';
import { event } from './schemas/event.js';

const tag = 'events';

export const eventRoutes = [
  route({
    method: 'get',
    path: '/v1/events',
    scope: 'read',
    tag,
    summary: 'List events, oldest first',
    description:
      'Pass the last id you saw as starting_after to hear what came after it: nothing is ever put in before it.',
    query: z.strictObject({
      ...pageOf('evt'),
      subscription: idOf('sub').optional(),
      type: z
        .enum(Object.keys(EVENT_TYPES), { error: 'is no type of event' })
        .optional()
        .meta({ example: 'renewal.paid' }),
      acknowledged: z
        .enum(['true', 'false'])
        .transform((value) => value === 'true')
        .optional()
        .meta({
          description:
            'Only events that an app has been sent to act on: those it has, or has not, acknowledged',
        }),
    }),
    answers: { 200: { description: 'Events', schema: listOf(event) } },
    run: async ({ api, merchantId, query }) => {
      const { subscription: subscriptionId, type, acknowledged } = query;
      // What is committed shows at once, even while no worker runs.
      await placeEvents(api.db, merchantId);
      const page = { ...pageFor(merchantId, query), subscriptionId, type, acknowledged };
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
      return { status: 200, body: renderEvent(await requireEvent(api.db, merchantId, id)) };
    },
  }),
];
