/** Dunning cases: recoveries under way, and what an operator may ask of them. */
import { z } from 'zod';

import { DomainError } from '../domain/errors.js';
import type { RenewalId } from '../domain/ids.js';
import { dunningWorkflowId } from '../domain/workflow-ids.js';
import { listCases, requireCaseView } from '../prisma/case-view.js';
import { giveCommand } from './commands.js';
import { pageFor } from './page.js';
import { renderCase } from './render/dunning-case.js';
import { type ApiRequest, route } from './route.js';
import { byId, idOf, listOf, pageOf } from './schemas/common.js';
import {
  CASE_STATUSES,
  dunningCase,
  newCaseRetry,
  newHold,
  newWriteOff,
} from './schemas/dunning-case.js';
import { command } from './schemas/command.js';

const tag = 'dunning-cases';
const params = byId('dnc');
const taken = { 202: { description: 'The command was taken', schema: command } };

export const dunningCaseRoutes = [
  route({
    method: 'get',
    path: '/v1/dunning-cases',
    scope: 'read',
    tag,
    summary: 'List dunning cases, newest first',
    query: z.strictObject({
      ...pageOf('dnc'),
      subscription: idOf('sub').optional(),
      renewal: idOf('rnw').optional(),
      status: z.enum(CASE_STATUSES).optional(),
    }),
    answers: { 200: { description: 'Dunning cases', schema: listOf(dunningCase) } },
    run: async ({ api, merchantId, query }) => {
      const { subscription: subscriptionId, renewal: renewalId, status, limit } = query;
      const page = { ...pageFor(merchantId, query), subscriptionId, renewalId, status };
      const views = await listCases(api.db, page);
      const shown = views.slice(0, limit).map((view) => renderCase(view, api));
      return {
        status: 200,
        body: { data: await Promise.all(shown), has_more: views.length > limit },
      };
    },
  }),
  route({
    method: 'get',
    path: '/v1/dunning-cases/{id}',
    scope: 'read',
    tag,
    summary: 'Read a dunning case',
    params,
    answers: { 200: { description: 'The dunning case', schema: dunningCase } },
    run: async ({ api, merchantId, params: { id } }) => {
      const view = await requireCaseView(api.db, merchantId, id);
      return { status: 200, body: await renderCase(view, api) };
    },
  }),
  route({
    method: 'post',
    path: '/v1/dunning-cases/{id}/retries',
    scope: 'operate',
    tag,
    summary: 'Charge now',
    description: 'Spends none of the scheduled retries.',
    params,
    body: newCaseRetry,
    answers: taken,
    run: (request) => giveCommand(request, { kind: 'retry', ...request.body }, runOf(request)),
  }),
  route({
    method: 'post',
    path: '/v1/dunning-cases/{id}/hold',
    scope: 'operate',
    tag,
    summary: 'Try nothing before a time',
    description: 'Such as a promise to pay.',
    params,
    body: newHold,
    answers: taken,
    run: (request) => {
      const { reason } = request.body;
      const until = new Date(request.body.until).toISOString();
      return giveCommand(request, { kind: 'hold', reason, until }, runOf(request));
    },
  }),
  route({
    method: 'post',
    path: '/v1/dunning-cases/{id}/write-off',
    scope: 'operate',
    tag,
    summary: 'Write the debt off',
    params,
    body: newWriteOff,
    answers: taken,
    run: (request) => giveCommand(request, { kind: 'write_off', ...request.body }, runOf(request)),
  }),
];

/** The run of an open case. A closed one takes no commands. */
function runOf({ api, merchantId, params: { id } }: ApiRequest<{ id: string }>) {
  return async () => {
    const { case: row } = await requireCaseView(api.db, merchantId, id);
    if (row.status !== 'open')
      throw new DomainError('conflict', 'case_closed', `The dunning case is ${row.status}`);
    const workflowId = dunningWorkflowId(row.renewalId as RenewalId);
    const location = `/v1/dunning-cases/${row.id}`;
    return { renewalId: row.renewalId, workflowId, object: row.id, location };
  };
}
