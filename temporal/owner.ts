/** Which run owns a renewal now, read from its row: the addressee of every message about it. */
import type { RenewalId, SubscriptionId } from '../domain/ids.js';
import { dunningWorkflowId, periodStartText, renewalWorkflowId } from '../domain/workflow-ids.js';
import type { RunAddress } from './launch.js';

export interface OwnedRenewal {
  readonly id: string;
  readonly merchantId: string;
  readonly subscriptionId: string;
  readonly periodStart: Date;
  readonly status: string;
}

/** A case's run while past due; the renewal's own before, and after everything is decided. */
export function ownerOf(renewal: OwnedRenewal): RunAddress {
  const { merchantId, subscriptionId, status } = renewal;
  if (status === 'past_due')
    return {
      merchantId,
      workflowType: 'dunning',
      workflowId: dunningWorkflowId(renewal.id as RenewalId),
      input: { renewalId: renewal.id },
      subscriptionId,
    };
  const start = renewal.periodStart.getTime();
  return {
    merchantId,
    workflowType: 'renewal',
    workflowId: renewalWorkflowId(subscriptionId as SubscriptionId, start),
    input: { subscriptionId, periodStart: periodStartText(start) },
  };
}
