import type { z } from 'zod';

import { disputeWorkflowId } from '../../domain/workflow-ids.js';
import type { DisputeView } from '../../prisma/dispute-view.js';
import type { ApiDeps } from '../deps.js';
import type { dispute } from '../schemas/dispute.js';
import { renderAttention } from './attention.js';
import { renderWorkflow } from './renewal.js';

type Shown = z.infer<typeof dispute>;

export function renderDispute(row: DisputeView, api: Pick<ApiDeps, 'temporalLink'>): Shown {
  return {
    id: row.id,
    charge: row.chargeId,
    renewal: row.renewalId,
    subscription: row.subscriptionId,
    gateway_account: { id: row.account.id, name: row.account.name },
    gateway_reference: row.gatewayReference,
    status: row.status as Shown['status'],
    inquiry: row.inquiry,
    reason: row.reason,
    amount_minor: Number(row.amountMinor),
    currency: row.currency,
    respond_by: row.respondBy?.toISOString() ?? null,
    withdrawn_at: row.withdrawnAt?.toISOString() ?? null,
    reinstated_at: row.reinstatedAt?.toISOString() ?? null,
    evidence: renderEvidence(row),
    needs_attention: renderAttention(row.needsAttention),
    opened_at: row.openedAt.toISOString(),
    closed_at: row.closedAt?.toISOString() ?? null,
    workflow: renderWorkflow(disputeWorkflowId(row.gatewayAccountId, row.gatewayReference), api),
  };
}

function renderEvidence({ evidence, evidenceSentAt }: DisputeView): Shown['evidence'] {
  if (!evidence) return null;
  return {
    text_length: evidence.textLength,
    files: evidence.files.map(({ name, contentType, size }) => ({
      name,
      content_type: contentType,
      size,
    })),
    put_at: evidence.putAt,
    put_by: evidence.putBy,
    sent_at: evidenceSentAt?.toISOString() ?? null,
    refused: evidence.refused ?? null,
  };
}
