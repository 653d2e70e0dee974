/**
 * Workflow ids: names of business facts, built only here. Temporal runs at most one workflow of a
 * name at a time, so a second renewal of the same period cannot even start.
 */
import { DomainError } from './errors.js';
import type { RenewalId, SubscriptionId } from './ids.js';

/**
 * "renewal/sub_…/2026-12-01T00:00Z". `periodStartMs` is the epoch instant at which the period
 * begins.
 */
export function renewalWorkflowId(subscriptionId: SubscriptionId, periodStartMs: number): string {
  return `renewal/${subscriptionId}/${periodStartText(periodStartMs)}`;
}

/** "dunning/rnw_…". */
export function dunningWorkflowId(renewalId: RenewalId): string {
  return `dunning/${renewalId}`;
}

/** "refund/rfd_…". */
export function refundWorkflowId(refundId: string): string {
  return `refund/${refundId}`;
}

/** "refund/of/chg_…": the run that books what somebody has refunded of a charge at the gateway itself. */
export function adoptionWorkflowId(chargeId: string): string {
  return `refund/of/${chargeId}`;
}

/** "dispute/gwa_…/dp_1": the account that is asked about it, and the gateway's name of it. */
export function disputeWorkflowId(gatewayAccountId: string, reference: string): string {
  return `dispute/${gatewayAccountId}/${reference}`;
}

/** "reconcile/gwa_…": the comparison of one account's books. A Temporal Schedule adds the time to it. */
export function reconcileWorkflowId(gatewayAccountId: string): string {
  return `reconcile/${gatewayAccountId}`;
}

/** "delivery/evt_…/whe_…": an event that an endpoint did not take at the first try. */
export function deliveryWorkflowId(eventId: string, endpointId: string): string {
  return `delivery/${eventId}/${endpointId}`;
}

/**
 * The UTC instant to the minute, "2026-12-01T00:00Z". Seconds appear only when they are not zero,
 * and milliseconds likewise, so that every instant has exactly one text.
 */
export function periodStartText(ms: number): string {
  if (!Number.isSafeInteger(ms) || Math.abs(ms) > LAST_INSTANT)
    throw new DomainError('invalid', 'bad_instant', `${ms} is not an instant.`);
  return new Date(ms).toISOString().replace('.000Z', 'Z').replace(/:00Z$/, 'Z');
}

/** The inverse of `periodStartText`. Any other spelling of the same instant is refused. */
export function parsePeriodStart(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms) || periodStartText(ms) !== text)
    throw new DomainError('invalid', 'bad_period_start', `"${text}" is not a period's start.`);
  return ms;
}

const LAST_INSTANT = 8.64e15;
