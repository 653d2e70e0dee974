/** Evaluating the rules: where a payment would go now, without a trace of having asked. */
import type { z } from 'zod';

import { DomainError } from '../domain/errors.js';
import { accountsOf, ruleFor } from '../domain/routing-rule.js';
import { listCandidates } from '../prisma/candidate.js';
import { findCustomer } from '../prisma/customer.js';
import { requireRenewal } from '../prisma/renewal-view.js';
import { type RuleView, listAllRules } from '../prisma/routing-rule.js';
import { requireSubscription } from '../prisma/subscription-view.js';
import { invalidFields } from './problem.js';
import { renderRoutedAccount, renderRuledAccount } from './render/routing-rule.js';
import type { Answer, ApiRequest } from './route.js';
import type { evaluation, newEvaluation } from './schemas/routing-evaluation.js';

type EvaluationRequest = ApiRequest<unknown, unknown, z.output<typeof newEvaluation>>;
type Evaluation = z.infer<typeof evaluation>;
type Routed = Extract<Evaluation, { candidates: unknown }>;
type Ruled = Extract<Evaluation, { rule: unknown }>;

export async function evaluateRouting(request: EvaluationRequest): Promise<Answer> {
  const { renewal, subscription } = request.body;
  const isReal = renewal !== undefined || subscription !== undefined;
  return { status: 200, body: isReal ? await candidatesOf(request) : await ruleOf(request) };
}

async function candidatesOf({ api, merchantId, body }: EvaluationRequest): Promise<Routed> {
  const { candidates, excluded } = await listCandidates(api.db, await readOwed());
  return {
    candidates: candidates.map((one) => ({
      ...renderMethod(one),
      fallback: one.isFallback,
      why: one.why,
    })),
    excluded: excluded.map(({ method, why }) => ({ ...renderMethod(method), why })),
  };

  /** What is owed, or would be owed next. */
  async function readOwed() {
    if (body.renewal !== undefined)
      return orUnknown('renewal', requireRenewal(api.db, merchantId, body.renewal));
    const row = requireSubscription(api.db, merchantId, body.subscription!);
    const { id: subscriptionId, ...terms } = await orUnknown('subscription', row);
    return { ...terms, subscriptionId };
  }
}

type Method = Awaited<ReturnType<typeof listCandidates>>['excluded'][number]['method'];

function renderMethod({ id, kind, accountId, accountName, accountState }: Method) {
  const account = { id: accountId, name: accountName, state: accountState };
  return { payment_method: id, kind, gateway_account: renderRoutedAccount(account) };
}

/** What a body names and nobody knows is a mistake in the body, not in the address. */
async function orUnknown<T>(field: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'not_found') throw unknown(field);
    throw error;
  }
}

async function ruleOf({ api, merchantId, caller, body }: EvaluationRequest): Promise<Ruled> {
  const named = body.customer;
  const customer = named === undefined ? null : await findCustomer(api.db, merchantId, named);
  if (named !== undefined && !customer) throw unknown('customer');
  const subject = {
    customerId: customer?.id ?? '',
    country: body.country ?? customer?.country ?? null,
    currency: body.currency!,
    amountMinor: body.amount_minor!,
    customerMetadata:
      body.customer_metadata ?? (customer?.metadata as Record<string, string>) ?? {},
    subscriptionMetadata: body.subscription_metadata ?? {},
  };
  const rules = await listAllRules(api.db, merchantId);
  const method = { kind: body.method_kind!, mode: body.mode ?? caller.mode };
  const rule = ruleFor(rules, subject, method);
  if (!rule)
    return {
      rule: null,
      accounts: [],
      why: `No rule for ${method.mode} accounts fits: each method is charged through its own account`,
    };
  const { id, name } = rule;
  const ordered = inOrder(rule, customer?.id).map(renderRuledAccount);
  return { rule: { id, name }, accounts: ordered, why: whyOf(rule, customer !== null) };
}

/** As charges would try them: what is not open comes last. Weights draw for a customer only. */
function inOrder(rule: RuleView, customerId: string | undefined): RuleView['accounts'] {
  const ids = customerId === undefined ? undefined : accountsOf(rule, customerId);
  const ordered = ids?.map((id) => rule.accounts.find((one) => one.id === id)!) ?? rule.accounts;
  const isOpen = ({ state }: { state: string }) => state === 'open';
  return [...ordered.filter(isOpen), ...ordered.filter((one) => !isOpen(one))];
}

function whyOf({ name, accounts }: RuleView, drawn: boolean): string {
  const fits = `rule "${name}" is the first that fits`;
  if (!accounts.some(({ weight = 0 }) => weight > 0)) return fits;
  return drawn
    ? `${fits}; its weights have drawn the first account for this customer`
    : `${fits}; its weights draw the first account by customer, and none was named`;
}

function unknown(field: string) {
  return invalidFields('invalid_request', [{ field, message: `There is no such ${field}` }]);
}
