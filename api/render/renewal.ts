import type { z } from 'zod';

import type { RenewalId, SubscriptionId } from '../../domain/ids.js';
import { dunningWorkflowId, renewalWorkflowId } from '../../domain/workflow-ids.js';
import type { RenewalView } from '../../prisma/renewal-view.js';
import type { ApiDeps, NextStep } from '../deps.js';
import type { renewal } from '../schemas/renewal.js';
import { renderAttention } from './attention.js';
import { renderCharge } from './charge.js';

type Shown = z.infer<typeof renewal>;
type Links = Pick<ApiDeps, 'gateways' | 'readNextStep' | 'temporalLink'>;

export async function renderRenewal(
  { renewal: row, charges, caseId }: RenewalView,
  api: Links,
): Promise<Shown> {
  const open = row.status === 'collecting' || row.status === 'past_due';
  return {
    id: row.id,
    subscription: row.subscriptionId,
    customer: row.customerId,
    status: row.status as Shown['status'],
    amount_minor: Number(row.amountMinor),
    currency: row.currency,
    description: row.description,
    period_start: row.periodStart.toISOString(),
    period_end: row.periodEnd.toISOString(),
    due_at: row.dueAt.toISOString(),
    paid_at: row.paidAt?.toISOString() ?? null,
    needs_attention: renderAttention(row.needsAttention),
    charges: charges.map((row) => renderCharge(row, api)),
    dunning_case: caseId ?? null,
    next_step: open ? renderNextStep(await api.readNextStep(row.id)) : null,
    workflow: renderWorkflow(ownerOf(row), api),
  };
}

/** The run that works on a renewal now: its own, or the recovery's while it is past due. */
export function ownerOf(row: RenewalView['renewal']): string {
  if (row.status === 'past_due') return dunningWorkflowId(row.id as RenewalId);
  return renewalWorkflowId(row.subscriptionId as SubscriptionId, row.periodStart.getTime());
}

export function renderWorkflow(id: string, { temporalLink }: Pick<Links, 'temporalLink'>) {
  return { id, url: temporalLink(id) };
}

export function renderNextStep(step: NextStep | null): Shown['next_step'] {
  return step && { kind: step.kind, at: step.at?.toISOString() ?? null, why: step.why };
}
