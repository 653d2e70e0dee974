/** Reconciliations: a gateway's books beside ours, and what a person decides about what they do not agree on. */
import type { z } from 'zod';

import { DomainError } from '../domain/errors.js';
import { reconcileWorkflowId } from '../domain/workflow-ids.js';
import { bookByHand } from '../prisma/book-by-hand.js';
import type { Tx } from '../prisma/client.js';
import {
  type Difference,
  listDifferences,
  lockDifference,
  resolveDifference,
} from '../prisma/difference.js';
import type { Dispatch } from '../prisma/dispatch.js';
import { findGatewayAccount, requireGatewayAccount } from '../prisma/gateway-account.js';
import { listReconciliations, requireReconciliation } from '../prisma/reconciliation.js';
import { requireMode } from './authenticate.js';
import { refundIdOf } from './idempotency.js';
import { pageAnswer, pageFor } from './page.js';
import { renderDifference, renderReconciliation } from './render/reconciliation.js';
import { renderWorkflow } from './render/renewal.js';
import { type ApiRequest, route } from './route.js';
import { byId, listOf } from './schemas/common.js';
import {
  difference,
  differenceQuery,
  newDifferenceResolution,
  reconciliation,
  reconciliationQuery,
  started,
} from './schemas/reconciliation.js';
import { findEarlier, write } from './write.js';

const tag = 'reconciliations';
const params = byId('rcn');

export const reconciliationRoutes = [
  route({
    method: 'post',
    path: '/v1/gateway-accounts/{id}/reconciliations',
    scope: 'operate',
    tag,
    summary: "Compare a gateway account's books with ours now",
    description:
      'It also happens by itself, every hour. One that is under way already is the one that counts.',
    params: byId('gwa'),
    answers: { 202: { description: 'It is under way', schema: started } },
    run: async (request) => {
      const earlier = await findEarlier(request);
      if (earlier) return earlier;
      const { api, merchantId, caller } = request;
      const account = await requireGatewayAccount(api.db, merchantId, request.params.id);
      requireMode(caller, account.mode, 'id');
      if (!api.gateways(account.gateway).books)
        throw new DomainError('conflict', 'no_books', `${account.gateway} shows no books`);
      await api.launch.reconcile(account);
      const workflow = renderWorkflow(reconcileWorkflowId(account.id), api);
      const body = { gateway_account: account.id, workflow };
      const location = `/v1/reconciliations?gateway_account=${account.id}`;
      const audited = { object: account.id };
      return write(request, () => Promise.resolve({ status: 202, body, location, audited }));
    },
  }),
  route({
    method: 'get',
    path: '/v1/reconciliations',
    scope: 'read',
    tag,
    summary: 'List reconciliations, newest first',
    query: reconciliationQuery,
    answers: { 200: { description: 'Reconciliations', schema: listOf(reconciliation) } },
    run: async ({ api, merchantId, query }) => {
      const { gateway_account: named, limit } = query;
      const account = named && (await findGatewayAccount(api.db, merchantId, named));
      const accountId = named && (account ? account.id : 'none of this merchant');
      const rows = await listReconciliations(api.db, pageFor(merchantId, query), accountId);
      return pageAnswer(rows, limit, renderReconciliation);
    },
  }),
  route({
    method: 'get',
    path: '/v1/reconciliations/{id}',
    scope: 'read',
    tag,
    summary: 'Read a reconciliation',
    params,
    answers: { 200: { description: 'The reconciliation', schema: reconciliation } },
    run: async ({ api, merchantId, params: { id } }) => {
      const row = await requireReconciliation(api.db, merchantId, id);
      return { status: 200, body: renderReconciliation(row) };
    },
  }),
  route({
    method: 'get',
    path: '/v1/reconciliations/{id}/differences',
    scope: 'read',
    tag,
    summary: 'List the differences that it was the first to find, newest first',
    params,
    query: differenceQuery,
    answers: { 200: { description: 'Differences', schema: listOf(difference) } },
    run: async ({ api, merchantId, params: { id }, query }) => {
      await requireReconciliation(api.db, merchantId, id);
      const { type, status } = query;
      const filter = { reconciliationId: id, type, status };
      const rows = await listDifferences(api.db, pageFor(merchantId, query), filter);
      return pageAnswer(rows, query.limit, renderDifference);
    },
  }),
  route({
    method: 'post',
    path: '/v1/differences/{id}/resolutions',
    scope: 'operate',
    tag,
    summary: 'Decide a difference',
    description:
      'It is then not reported again unless it changes. Only a payment that our books do not have, and whose renewal ' +
      'is known, can be booked or refunded: any other is a 409 with code `difference_not_bookable`, and one that is ' +
      'decided or gone a 409 `difference_closed`.',
    params: byId('dif'),
    body: newDifferenceResolution,
    answers: { 201: { description: 'The difference, decided', schema: difference } },
    run: (request) =>
      write(request, async (tx, now) => {
        const { merchantId, caller, params: asked, body } = request;
        const row = await lockDifference(tx, merchantId, asked.id);
        const account = await requireGatewayAccount(tx, merchantId, row.gatewayAccountId);
        requireMode(caller, account.mode, 'id');
        requireStanding(row);
        const { dispatches, ...made } = await makeGood(request, tx, row, now);
        const decided = { ...body, actor: caller.keyName };
        const resolved = await resolveDifference(tx, row, decided, made, now);
        const after = renderDifference(resolved);
        const audited = { object: row.id, before: renderDifference(row), after };
        return { status: 201, body: after, dispatches, audited };
      }),
  }),
];

function requireStanding({ status }: Difference): void {
  if (status === 'open' || status === 'needs_person') return;
  const message = `The difference is ${status}: nothing is left to decide`;
  throw new DomainError('conflict', 'difference_closed', message);
}

type Asked = ApiRequest<unknown, unknown, z.output<typeof newDifferenceResolution>>;

interface MadeGood {
  readonly chargeId?: string;
  readonly refundId?: string;
  readonly dispatches: readonly Dispatch[];
}

async function makeGood(
  { api, caller, keyed, body: { action, reason } }: Asked,
  tx: Tx,
  row: Difference,
  now: Date,
): Promise<MadeGood> {
  if (action === 'accept') return { dispatches: [] };
  const { id: chargeId, plannedAt } = await bookByHand(tx, row, now);
  if (action === 'book') return { chargeId, dispatches: [] };
  const id = refundIdOf(keyed, plannedAt);
  const wish = { id, chargeId, kind: 'duplicate', reason, origin: 'app' } as const;
  const planned = await api.planRefund(tx, { ...wish, requestedBy: caller.keyId }, now);
  return { chargeId, refundId: planned.refund.id, dispatches: planned.dispatches };
}
