/** Renewals: billing one period, once, however often it is asked. */
import { z } from 'zod';

import { listRenewals, requireRenewal, requireRenewalView } from '../prisma/renewal-view.js';
import { giveCommand } from './commands.js';
import { pageFor } from './page.js';
import { renderCharge } from './render/charge.js';
import { ownerOf, renderRenewal } from './render/renewal.js';
import { route } from './route.js';
import { charge } from './schemas/charge.js';
import { command } from './schemas/command.js';
import { byId, idOf, listOf, pageOf } from './schemas/common.js';
import { RENEWAL_STATUSES, newRenewal, newRetry, renewal } from './schemas/renewal.js';
import { billPeriod } from './bill-period.js';
import { requireOpenRenewal } from './commands.js';

const tag = 'renewals';
const params = byId('rnw');

export const renewalRoutes = [
  route({
    method: 'post',
    path: '/v1/subscriptions/{id}/renewals',
    scope: 'write',
    tag,
    summary: 'Bill a period now',
    description:
      'Bills the oldest period that is due and unbilled, else answers with the current one. A period has one ' +
      'renewal, whatever the Idempotency-Key; a replay shows it as it stands then. Another amount for a billed ' +
      'period is a 409 with code `amount_differs`.',
    params: byId('sub'),
    body: newRenewal,
    waits: true,
    answers: {
      200: {
        description: 'The period was billed before: its renewal as it stands',
        schema: renewal,
      },
      201: { description: 'A new renewal, settled while you waited', schema: renewal },
      202: { description: 'A new renewal, being collected', schema: renewal },
    },
    run: (request) => billPeriod(request),
  }),
  route({
    method: 'get',
    path: '/v1/renewals',
    scope: 'read',
    tag,
    summary: 'List renewals, newest first',
    query: z.strictObject({
      ...pageOf('rnw'),
      subscription: idOf('sub').optional(),
      status: z.enum(RENEWAL_STATUSES).optional(),
      needs_attention: z
        .literal('true')
        .optional()
        .meta({ description: 'Only what a person must see' }),
    }),
    answers: { 200: { description: 'Renewals', schema: listOf(renewal) } },
    run: async ({ api, merchantId, query }) => {
      const { subscription: subscriptionId, status, needs_attention, limit } = query;
      const needsAttention = needs_attention !== undefined;
      const page = { ...pageFor(merchantId, query), subscriptionId, status, needsAttention };
      const views = await listRenewals(api.db, page);
      const shown = views.slice(0, limit).map((view) => renderRenewal(view, api));
      return {
        status: 200,
        body: { data: await Promise.all(shown), has_more: views.length > limit },
      };
    },
  }),
  route({
    method: 'get',
    path: '/v1/renewals/{id}',
    scope: 'read',
    tag,
    summary: 'Read a renewal',
    params,
    answers: { 200: { description: 'The renewal', schema: renewal } },
    run: async ({ api, merchantId, params: { id } }) => {
      const view = await requireRenewalView(api.db, merchantId, id);
      return { status: 200, body: await renderRenewal(view, api) };
    },
  }),
  route({
    method: 'get',
    path: '/v1/renewals/{id}/charges',
    scope: 'read',
    tag,
    summary: "List a renewal's charges, in order",
    params,
    answers: { 200: { description: 'All its charges', schema: listOf(charge) } },
    run: async ({ api, merchantId, params: { id } }) => {
      const { charges } = await requireRenewalView(api.db, merchantId, id);
      return {
        status: 200,
        body: { data: charges.map((row) => renderCharge(row, api)), has_more: false },
      };
    },
  }),
  route({
    method: 'post',
    path: '/v1/renewals/{id}/retries',
    scope: 'operate',
    tag,
    summary: 'Try a renewal again now',
    description: 'For one that is parked and needs attention, or waits for a gateway.',
    params,
    body: newRetry,
    answers: { 202: { description: 'The command was taken', schema: command } },
    run: (request) =>
      giveCommand(request, { kind: 'retry', ...request.body }, async (api) => {
        const row = await requireRenewal(api.db, request.merchantId, request.params.id);
        requireOpenRenewal(row);
        const location = `/v1/renewals/${row.id}`;
        return { renewalId: row.id, workflowId: ownerOf(row), object: row.id, location };
      }),
  }),
];
