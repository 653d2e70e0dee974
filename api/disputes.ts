/** Disputes: charges that a payer's bank questions, and our side of them. */
import { listDisputes, requireDisputeView } from '../prisma/dispute-view.js';
import { putEvidence } from './evidence.js';
import { pageAnswer, pageFor } from './page.js';
import { renderDispute } from './render/dispute.js';
import { route } from './route.js';
import { byId, listOf } from './schemas/common.js';
import { dispute, disputeQuery, newEvidence } from './schemas/dispute.js';

const tag = 'disputes';
const params = byId('dis');
const one = { 200: { description: 'The dispute', schema: dispute } };

export const disputeRoutes = [
  route({
    method: 'get',
    path: '/v1/disputes',
    scope: 'read',
    tag,
    summary: 'List disputes, newest first',
    query: disputeQuery,
    answers: { 200: { description: 'Disputes', schema: listOf(dispute) } },
    run: async ({ api, merchantId, query }) => {
      const { status, charge: chargeId, renewal: renewalId, subscription: subscriptionId } = query;
      const asked = { status, chargeId, renewalId, subscriptionId };
      const rows = await listDisputes(api.db, { ...pageFor(merchantId, query), ...asked });
      return pageAnswer(rows, query.limit, (row) => renderDispute(row, api));
    },
  }),
  route({
    method: 'get',
    path: '/v1/disputes/{id}',
    scope: 'read',
    tag,
    summary: 'Read a dispute',
    params,
    answers: one,
    run: async ({ api, merchantId, params: { id } }) => {
      const row = await requireDisputeView(api.db, merchantId, id);
      return { status: 200, body: renderDispute(row, api) };
    },
  }),
  route({
    method: 'put',
    path: '/v1/disputes/{id}/evidence',
    scope: 'operate',
    tag,
    summary: 'Hand in evidence',
    description:
      'Once: it is sent to the gateway at once, and the bank then decides. Up to 4 files, PDF, PNG or JPEG, of one ' +
      'megabyte each and two in total. 409 `no_evidence_wanted`, `too_late`, `evidence_given`, `evidence_sent` and ' +
      '`not_offered` say why none is taken; the same evidence again changes nothing. What the gateway refuses can be ' +
      'replaced.',
    params,
    body: newEvidence,
    answers: one,
    run: (request) => putEvidence(request),
  }),
];
