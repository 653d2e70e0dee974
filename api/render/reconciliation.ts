import type { z } from 'zod';

import type { Side } from '../../domain/difference.js';
import type { Difference, KeptResolution } from '../../prisma/difference.js';
import type { ReconciliationView } from '../../prisma/reconciliation.js';
import type { difference, reconciliation } from '../schemas/reconciliation.js';

type ShownDifference = z.infer<typeof difference>;

export function renderReconciliation(row: ReconciliationView): z.infer<typeof reconciliation> {
  const { account, found } = row;
  const { open = 0, needs_person = 0, healed = 0, resolved = 0 } = found;
  return {
    id: row.id,
    gateway_account: { id: account.id, name: account.name },
    status: row.status as 'running' | 'done' | 'failed',
    why: row.why,
    from: row.windowStart.toISOString(),
    to: row.windowEnd.toISOString(),
    movements: row.movements,
    found: { open, needs_person, healed, resolved },
    started_at: row.startedAt.toISOString(),
    finished_at: row.finishedAt?.toISOString() ?? null,
  };
}

export function renderDifference(row: Difference): ShownDifference {
  return {
    id: row.id,
    reconciliation: row.reconciliationId,
    gateway_account: row.gatewayAccountId,
    type: row.type as ShownDifference['type'],
    object: row.object as ShownDifference['object'],
    reference: row.reference,
    charge: row.chargeId,
    refund: row.refundId,
    dispute: row.disputeId,
    renewal: row.renewalId,
    ours: renderSide(row.ours as Side | null),
    theirs: renderSide(row.theirs as Side | null),
    status: row.status as ShownDifference['status'],
    why: row.why,
    resolution: renderResolution(row.resolution as KeptResolution | null),
    found_at: row.foundAt.toISOString(),
    closed_at: row.closedAt?.toISOString() ?? null,
  };
}

function renderSide(side: Side | null): ShownDifference['ours'] {
  if (!side) return null;
  const { amountMinor, currency } = side.amount;
  const at = side.at === undefined ? null : new Date(side.at).toISOString();
  return { status: side.status, amount_minor: amountMinor, currency, at };
}

function renderResolution(kept: KeptResolution | null): ShownDifference['resolution'] {
  if (!kept) return null;
  const { action, reason, actor, chargeId, refundId } = kept;
  return { action, reason, actor, charge: chargeId ?? null, refund: refundId ?? null };
}
