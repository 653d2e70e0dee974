/** Dunning cases as they are shown: with the policy version they follow. */
import { DomainError } from '../domain/errors.js';
import type { Tx } from './client.js';
import type { DunningCase } from './generated/client.js';
import { type Page, newestFirst } from './page.js';

export interface CaseView {
  readonly case: DunningCase;
  readonly policy: { readonly name: string; readonly version: number };
}

export interface CasePage extends Page {
  readonly subscriptionId?: string | undefined;
  readonly renewalId?: string | undefined;
  readonly status?: string | undefined;
}

export async function requireCaseView(db: Tx, merchantId: string, id: string): Promise<CaseView> {
  const row = await db.dunningCase.findFirst({ where: { id, merchantId } });
  if (!row) throw new DomainError('not_found', 'not_found', `There is no dunning case ${id}`);
  return (await withPolicies(db, [row]))[0]!;
}

export async function listCases(db: Tx, page: CasePage): Promise<CaseView[]> {
  const { where, ...order } = newestFirst(page);
  const rows = await db.dunningCase.findMany({
    where: {
      ...where,
      ...(page.subscriptionId !== undefined && { subscriptionId: page.subscriptionId }),
      ...(page.renewalId !== undefined && { renewalId: page.renewalId }),
      ...(page.status !== undefined && { status: page.status }),
    },
    ...order,
  });
  return withPolicies(db, rows);
}

async function withPolicies(db: Tx, cases: readonly DunningCase[]): Promise<CaseView[]> {
  const ids = [...new Set(cases.map(({ dunningPolicyId }) => dunningPolicyId))];
  const policies = await db.dunningPolicy.findMany({
    where: { id: { in: ids } },
    select: { id: true, name: true, version: true },
  });
  const byId = new Map(policies.map((policy) => [policy.id, policy]));
  return cases.map((row) => ({ case: row, policy: byId.get(row.dunningPolicyId)! }));
}
