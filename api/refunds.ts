/** Refunds: money of a charge that goes back to the customer, wholly or in part. */
import { DomainError } from '../domain/errors.js';
import { requireChargeView } from '../prisma/charge-view.js';
import { decideRefund, listRefunds, requireRefundView } from '../prisma/refund-view.js';
import { refundIdOf } from './idempotency.js';
import { requireMode } from './authenticate.js';
import { pageAnswer, pageFor } from './page.js';
import { renderRefund } from './render/refund.js';
import { type Answer, type ApiRequest, route } from './route.js';
import { byId, listOf } from './schemas/common.js';
import { newApproval, newRefund, refund, refundQuery } from './schemas/refund.js';
import { waitFor } from './wait.js';
import { write } from './write.js';

const tag = 'refunds';
const params = byId('rfd');

export const refundRoutes = [
  route({
    method: 'post',
    path: '/v1/charges/{id}/refunds',
    scope: 'operate',
    tag,
    summary: 'Refund a charge, wholly or in part',
    description:
      'A charge may be refunded several times, up to what it took. 409 `already_refunded`, `refund_exceeds_charge`, ' +
      '`charge_not_refundable`, `charge_disputed` say why one is refused. Above the limit of the setting ' +
      '`refund_approval_above` it waits for another key. With `Prefer: wait=20` the answer tells what the gateway said.',
    params: byId('chg'),
    body: newRefund,
    waits: true,
    answers: { 201: { description: 'The refund', schema: refund } },
    run: async (request) => {
      const { api, merchantId, caller, params: asked, body } = request;
      const written = await write(request, async (tx, now) => {
        const { account, ...charge } = await requireChargeView(tx, merchantId, asked.id);
        requireMode(caller, account.mode, 'id');
        const { id: chargeId, plannedAt } = charge;
        const { amount_minor: amountMinor, kind, reason } = body;
        const wish = { chargeId, amountMinor, kind, reason } as const;
        const by = { origin: 'app', requestedBy: caller.keyId } as const;
        const id = refundIdOf(request.keyed, plannedAt);
        const { refund: row, dispatches } = await api.planRefund(tx, { id, ...wish, ...by }, now);
        const location = `/v1/refunds/${row.id}`;
        const after = renderRefund({ ...row, account }, api);
        const audited = { object: row.id, after };
        return { status: 201, body: { id: row.id }, location, dispatches, audited };
      });
      return shownOnceHeard(request, written);
    },
  }),
  route({
    method: 'get',
    path: '/v1/refunds',
    scope: 'read',
    tag,
    summary: 'List refunds, newest first',
    query: refundQuery,
    answers: { 200: { description: 'Refunds', schema: listOf(refund) } },
    run: async ({ api, merchantId, query }) => {
      const { charge: chargeId, renewal: renewalId, status } = query;
      const page = { ...pageFor(merchantId, query), chargeId, renewalId, status };
      const rows = await listRefunds(api.db, page);
      return pageAnswer(rows, query.limit, (row) => renderRefund(row, api));
    },
  }),
  route({
    method: 'get',
    path: '/v1/refunds/{id}',
    scope: 'read',
    tag,
    summary: 'Read a refund',
    params,
    answers: { 200: { description: 'The refund', schema: refund } },
    run: async ({ api, merchantId, params: { id } }) => {
      return {
        status: 200,
        body: renderRefund(await requireRefundView(api.db, merchantId, id), api),
      };
    },
  }),
  route({
    method: 'post',
    path: '/v1/refunds/{id}/approvals',
    scope: 'operate',
    tag,
    summary: 'Approve or reject a refund that waits for it',
    description:
      'By another API key than the one that asked for the refund: 403 `same_key` otherwise. A refund that waits for no ' +
      'approval is a 409 `not_awaiting_approval`. A charge that cannot be refunded any more refuses the approval as it ' +
      'would refuse the refund.',
    params,
    body: newApproval,
    waits: true,
    answers: { 200: { description: 'The refund', schema: refund } },
    run: async (request) => {
      const { api, merchantId, caller, params: asked, body } = request;
      const written = await write(request, async (tx, now) => {
        const before = await requireRefundView(tx, merchantId, asked.id);
        requireMode(caller, before.account.mode, 'id');
        if (before.requestedBy === caller.keyId)
          throw new DomainError('forbidden', 'same_key', 'Another API key must decide about it');
        const approved = body.decision === 'approve';
        const decision = { decidedBy: caller.keyId, approved, why: body.reason };
        const dispatches = await decideRefund(tx, before, decision, now);
        const after = await requireRefundView(tx, merchantId, before.id);
        const audited = {
          object: before.id,
          before: renderRefund(before, api),
          after: renderRefund(after, api),
        };
        return { status: 200, body: { id: before.id }, dispatches, audited };
      });
      return shownOnceHeard(request, written);
    },
  }),
];

/** What is kept under an Idempotency-Key is which refund it was; the answer shows how that one stands. */
async function shownOnceHeard(
  request: Pick<ApiRequest, 'api' | 'closed' | 'merchantId' | 'preferredWait'>,
  written: Answer,
): Promise<Answer> {
  const { api, merchantId, preferredWait } = request;
  const { id } = written.body as { id: string };
  const read = () => requireRefundView(api.db, merchantId, id);
  const heard = async () => !UNHEARD.has((await read()).status);
  if (preferredWait !== undefined) await waitFor(request, preferredWait, heard);
  const headers = {
    ...written.headers,
    ...(preferredWait !== undefined && { 'Preference-Applied': `wait=${preferredWait}` }),
  };
  return { ...written, headers, body: renderRefund(await read(), api) };
}

/** The gateway has not answered yet. */
const UNHEARD: ReadonlySet<string> = new Set(['planned', 'submitted']);
