import type { z } from 'zod';

import { refundWorkflowId } from '../../domain/workflow-ids.js';
import type { RefundView } from '../../prisma/refund-view.js';
import type { ApiDeps } from '../deps.js';
import type { refund } from '../schemas/refund.js';
import { renderAttention } from './attention.js';
import { renderWorkflow } from './renewal.js';

type Shown = z.infer<typeof refund>;

export function renderRefund(row: RefundView, api: Pick<ApiDeps, 'temporalLink'>): Shown {
  return {
    id: row.id,
    charge: row.chargeId,
    renewal: row.renewalId,
    status: row.status as Shown['status'],
    amount_minor: Number(row.amountMinor),
    currency: row.currency,
    origin: row.origin as Shown['origin'],
    kind: row.kind as Shown['kind'],
    reason: row.reason,
    failure: row.failure,
    why: row.why,
    needs_attention: renderAttention(row.needsAttention),
    gateway_account: { id: row.account.id, name: row.account.name },
    gateway_reference: row.gatewayReference,
    requested_by: row.requestedBy,
    decided_by: row.decidedBy,
    created_at: row.createdAt.toISOString(),
    settled_at: row.settledAt?.toISOString() ?? null,
    workflow: renderWorkflow(refundWorkflowId(row.id), api),
  };
}
