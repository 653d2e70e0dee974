/** Needs attention: what waits for a person, of all customers, and the word that somebody has seen to it. */
import { acknowledge, listAttention } from '../prisma/attention.js';
import { pageAnswer, pageFor } from './page.js';
import { route } from './route.js';
import {
  attention,
  attentionParams,
  attentionQuery,
  newAcknowledgement,
} from './schemas/attention.js';
import { listOf } from './schemas/common.js';
import { write } from './write.js';

const tag = 'attention';

export const attentionRoutes = [
  route({
    method: 'get',
    path: '/v1/attention',
    scope: 'read',
    tag,
    summary: 'List what waits for a person, longest first',
    description:
      'Renewals, refunds, disputes, and webhook endpoints to which nothing is sent any more. Differences in the books are listed under reconciliations.',
    query: attentionQuery,
    answers: { 200: { description: 'What waits', schema: listOf(attention) } },
    run: async ({ api, merchantId, query }) => {
      const rows = await listAttention(api.db, pageFor(merchantId, query));
      return pageAnswer(rows, query.limit, ({ renewalId, ...row }) => ({
        ...row,
        renewal: renewalId,
      }));
    },
  }),
  route({
    method: 'post',
    path: '/v1/attention/{id}/acknowledgements',
    scope: 'operate',
    tag,
    summary: 'Take something off the list: somebody has seen to it',
    description:
      'It is only taken off the list: what is parked stays parked (POST /v1/renewals/{id}/retries), and what still ' +
      'cannot be decided comes back. A refund that waits for approval stays until it is approved or rejected.',
    params: attentionParams,
    body: newAcknowledgement,
    answers: { 204: { description: 'It is off the list' } },
    run: async (request) => {
      const { merchantId, caller, params, body } = request;
      const by = { actor: caller.keyName, reason: body.reason };
      const written = await write(request, async (tx, now) => {
        await acknowledge(tx, { merchantId, id: params.id, ...by }, now);
        return { status: 204, body: {}, audited: { object: params.id } };
      });
      return { status: 204, headers: written.headers ?? {} };
    },
  }),
];
