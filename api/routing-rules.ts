/** Routing rules: which gateway accounts a merchant prefers for which payments. */
import { z } from 'zod';

import type { RoutingRule } from '../domain/routing-rule.js';
import { findGatewayAccounts } from '../prisma/gateway-account.js';
import type { Tx } from '../prisma/client.js';
import {
  changeRule,
  createRule,
  deleteRule,
  listRules,
  requireRule,
} from '../prisma/routing-rule.js';
import { lockRow } from '../prisma/lock-row.js';
import { requireMode } from './authenticate.js';
import { evaluateRouting } from './evaluate-routing.js';
import { pageAnswer, pageFor } from './page.js';
import { type FieldError, invalidFields } from './problem.js';
import { readConditions, renderRoutingRule } from './render/routing-rule.js';
import { type ApiRequest, route } from './route.js';
import { byId, listOf, pageOf } from './schemas/common.js';
import { newEvaluation, evaluation } from './schemas/routing-evaluation.js';
import { changedRoutingRule, newRoutingRule, routingRule } from './schemas/routing-rule.js';
import { write } from './write.js';

const tag = 'routing-rules';
const params = byId('rul');
const one = { 200: { description: 'The routing rule', schema: routingRule } };

export const routingRuleRoutes = [
  route({
    method: 'post',
    path: '/v1/routing-rules',
    scope: 'admin',
    tag,
    summary: 'Add a routing rule',
    description:
      'For each payment method the first rule that fits decides: its accounts are tried in their order, and others ' +
      'not at all. Where none fits, the chosen method comes first. Charges that are planned already stay as they are.',
    body: newRoutingRule,
    answers: { 201: { description: 'The new rule', schema: routingRule } },
    run: (request) =>
      write(request, async (tx, now) => {
        const { merchantId, body } = request;
        const conditions = readConditions(body.conditions);
        const accounts = await readAccounts(tx, request, body.accounts);
        const asked = { name: body.name, position: body.position, conditions, accounts };
        const rule = await createRule(tx, merchantId, asked, now);
        const location = `/v1/routing-rules/${rule.id}`;
        return { status: 201, body: renderRoutingRule(rule), location };
      }),
  }),
  route({
    method: 'get',
    path: '/v1/routing-rules',
    scope: 'read',
    tag,
    summary: 'List routing rules, in the order in which they are asked',
    query: z.strictObject(pageOf('rul')),
    answers: { 200: { description: 'Routing rules', schema: listOf(routingRule) } },
    run: async ({ api, merchantId, query }) => {
      const rules = await listRules(api.db, pageFor(merchantId, query));
      return pageAnswer(rules, query.limit, renderRoutingRule);
    },
  }),
  route({
    method: 'post',
    path: '/v1/routing-rules/evaluations',
    scope: 'read',
    tag,
    summary: 'See where a payment would go, and why',
    description:
      'Either of something real (`renewal` or `subscription`): the payment methods that would be charged, in order. ' +
      'Or of something imagined: the rule that fits, and its accounts in order. It writes nothing and sends nothing; ' +
      'an Idempotency-Key is taken and means nothing, because each answer is a new look.',
    body: newEvaluation,
    answers: { 200: { description: 'What the rules say now', schema: evaluation } },
    run: (request) => evaluateRouting(request),
  }),
  route({
    method: 'get',
    path: '/v1/routing-rules/{id}',
    scope: 'read',
    tag,
    summary: 'Read a routing rule',
    params,
    answers: one,
    run: async ({ api, merchantId, params: { id } }) => {
      const rule = await requireRule(api.db, merchantId, id);
      return { status: 200, body: renderRoutingRule(rule) };
    },
  }),
  route({
    method: 'patch',
    path: '/v1/routing-rules/{id}',
    scope: 'admin',
    tag,
    summary: 'Change a routing rule',
    params,
    body: changedRoutingRule,
    answers: one,
    run: (request) =>
      write(request, async (tx) => {
        const { merchantId, caller, body } = request;
        await lockRow(tx, 'routing_rule', request.params.id);
        const before = await requireRule(tx, merchantId, request.params.id);
        requireMode(caller, before.mode, 'accounts');
        const conditions = body.conditions && readConditions(body.conditions);
        const accounts = body.accounts && (await readAccounts(tx, request, body.accounts));
        const { name, position } = body;
        const rule = await changeRule(tx, before.id, { name, position, conditions, accounts });
        const after = renderRoutingRule(rule);
        const audited = { object: rule.id, before: renderRoutingRule(before), after };
        return { status: 200, body: after, audited };
      }),
  }),
  route({
    method: 'delete',
    path: '/v1/routing-rules/{id}',
    scope: 'admin',
    tag,
    summary: 'Remove a routing rule',
    params,
    answers: { 204: { description: 'It is gone' } },
    run: async (request) => {
      const { caller, merchantId, params: asked } = request;
      await write(request, async (tx) => {
        await lockRow(tx, 'routing_rule', asked.id);
        const rule = await requireRule(tx, merchantId, asked.id);
        requireMode(caller, rule.mode, 'accounts');
        await deleteRule(tx, merchantId, rule.id);
        const audited = { object: rule.id, before: renderRoutingRule(rule) };
        return { status: 204, body: {}, audited };
      });
      return { status: 204 };
    },
  }),
];

type Asked = z.output<typeof newRoutingRule>['accounts'];

/** The merchant's accounts behind what was named, each once and all of one mode. */
async function readAccounts(
  tx: Tx,
  { merchantId, caller }: Pick<ApiRequest, 'merchantId' | 'caller'>,
  asked: Asked,
): Promise<RoutingRule['accounts']> {
  const names = asked.map(({ gateway_account }) => gateway_account);
  const known = await findGatewayAccounts(tx, merchantId, names);
  const rows = names.map((named) => known.find(({ id, name }) => id === named || name === named));
  const errors = rows.flatMap((row, index): FieldError[] => {
    const field = `accounts.${index}.gateway_account`;
    if (!row) return [{ field, message: 'is no gateway account' }];
    if (rows.indexOf(row) < index) return [{ field, message: 'is named twice' }];
    const { mode } = rows.find((other) => other !== undefined)!;
    return row.mode === mode
      ? []
      : [{ field, message: `is a ${row.mode} account, unlike the first: a rule has one mode` }];
  });
  if (errors.length > 0) throw invalidFields('invalid_request', errors);
  rows.forEach((row, index) => requireMode(caller, row!.mode, `accounts.${index}.gateway_account`));
  return rows.map((row, index) => ({ id: row!.id, weight: asked[index]!.weight }));
}
