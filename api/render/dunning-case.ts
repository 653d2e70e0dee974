import type { z } from 'zod';

import type { RenewalId } from '../../domain/ids.js';
import { dunningWorkflowId } from '../../domain/workflow-ids.js';
import type { CaseView } from '../../prisma/case-view.js';
import type { ApiDeps } from '../deps.js';
import type { dunningCase } from '../schemas/dunning-case.js';
import { renderDecline } from './charge.js';
import { renderNextStep, renderWorkflow } from './renewal.js';

type Shown = z.infer<typeof dunningCase>;

export async function renderCase(
  { case: row, policy }: CaseView,
  api: Pick<ApiDeps, 'readNextStep' | 'temporalLink'>,
): Promise<Shown> {
  const entered = (row.stagesEntered as Shown['stages_entered']).map(({ name, at }) => ({
    name,
    at,
  }));
  return {
    id: row.id,
    renewal: row.renewalId,
    subscription: row.subscriptionId,
    number: row.number,
    status: row.status as Shown['status'],
    policy: { name: policy.name, version: policy.version },
    stage: entered.at(-1)?.name ?? null,
    stages_entered: entered,
    opened_at: row.openedAt.toISOString(),
    closed_at: row.closedAt?.toISOString() ?? null,
    hold_until: row.holdUntil?.toISOString() ?? null,
    last_decline: renderDecline(row.lastDecline),
    next_step: row.status === 'open' ? renderNextStep(await api.readNextStep(row.renewalId)) : null,
    workflow: renderWorkflow(dunningWorkflowId(row.renewalId as RenewalId), api),
  };
}
