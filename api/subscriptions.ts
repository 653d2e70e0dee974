/** Subscriptions: the standing agreements. What is owed under them is billed by their renewals. */
import { z } from 'zod';

import {
  amendSubscription,
  pauseSubscription,
  resumeSubscription,
} from '../prisma/subscription-change.js';
import { cancelSubscription } from '../prisma/subscription-cancel.js';
import { listSubscriptions, requireSubscription } from '../prisma/subscription-view.js';
import { pageAnswer, pageFor } from './page.js';
import { renderSubscription } from './render/subscription.js';
import { route } from './route.js';
import { byId, idOf, listOf, pageOf } from './schemas/common.js';
import {
  IMMUTABLE_TERMS,
  SUBSCRIPTION_STATUSES,
  changedSubscription,
  newCancellation,
  newSubscription,
  subscription,
} from './schemas/subscription.js';
import { amendments, subscribe } from './subscribe.js';
import { changeSubscription } from './subscription-write.js';
import { write } from './write.js';

const tag = 'subscriptions';
const params = byId('sub');
const one = { 200: { description: 'The subscription', schema: subscription } };

export const subscriptionRoutes = [
  route({
    method: 'post',
    path: '/v1/subscriptions',
    scope: 'write',
    tag,
    summary: 'Create a subscription',
    description: 'Its first period is billed at starts_at, like every other.',
    body: newSubscription,
    answers: { 201: { description: 'The new subscription', schema: subscription } },
    run: (request) =>
      write(request, async (tx, now) => {
        const changed = await subscribe(tx, request, now);
        const body = renderSubscription({ ...changed.subscription, hasOpenCase: false });
        return { status: 201, body, location: `/v1/subscriptions/${body.id}`, ...changed };
      }),
  }),
  route({
    method: 'get',
    path: '/v1/subscriptions',
    scope: 'read',
    tag,
    summary: 'List subscriptions, newest first',
    query: z.strictObject({
      ...pageOf('sub'),
      customer: idOf('cus').optional(),
      status: z.enum(SUBSCRIPTION_STATUSES).optional(),
    }),
    answers: { 200: { description: 'Subscriptions', schema: listOf(subscription) } },
    run: async ({ api, merchantId, query }) => {
      const { customer: customerId, status } = query;
      const page = { ...pageFor(merchantId, query), customerId, status };
      return pageAnswer(await listSubscriptions(api.db, page), query.limit, renderSubscription);
    },
  }),
  route({
    method: 'get',
    path: '/v1/subscriptions/{id}',
    scope: 'read',
    tag,
    summary: 'Read a subscription',
    description: '`past_due` means active with a renewal in recovery.',
    params,
    answers: one,
    run: async ({ api, merchantId, params: { id } }) => {
      const row = await requireSubscription(api.db, merchantId, id);
      return { status: 200, body: renderSubscription(row) };
    },
  }),
  route({
    method: 'patch',
    path: '/v1/subscriptions/{id}',
    scope: 'write',
    tag,
    summary: 'Change a subscription',
    description:
      'Applies from the next opening on. Interval, currency, start and zone never change: cancel and create anew.',
    params,
    body: changedSubscription,
    immutable: IMMUTABLE_TERMS,
    answers: one,
    run: (request) =>
      changeSubscription(request, async (tx, locked, now) =>
        amendSubscription(tx, locked, await amendments(tx, locked, request.body), now),
      ),
  }),
  route({
    method: 'post',
    path: '/v1/subscriptions/{id}/cancellation',
    scope: 'write',
    tag,
    summary: 'Cancel a subscription',
    description:
      "At the period's end open renewals go on. Now: what is owed is dropped, unless keep_debt.",
    params,
    body: newCancellation,
    answers: one,
    run: (request) => {
      const { at, keep_debt: keepDebt = at === 'period_end' } = request.body;
      return changeSubscription(request, (tx, locked, now) =>
        cancelSubscription(tx, locked, { at, keepDebt }, now),
      );
    },
  }),
  route({
    method: 'post',
    path: '/v1/subscriptions/{id}/pause',
    scope: 'write',
    tag,
    summary: 'Pause a subscription',
    description: 'Periods that begin during the pause are skipped. An open renewal goes on.',
    params,
    answers: one,
    run: (request) => changeSubscription(request, pauseSubscription),
  }),
  route({
    method: 'delete',
    path: '/v1/subscriptions/{id}/pause',
    scope: 'write',
    tag,
    summary: 'Resume a subscription',
    description: 'Billing goes on with the first period that begins from now on.',
    params,
    answers: one,
    run: (request) => changeSubscription(request, resumeSubscription),
  }),
];
