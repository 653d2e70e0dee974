/**
 * Disputes at Stripe, as they stand. A bank debit that came back is a dispute there too, but one that nobody can
 * answer: for us it is a return.
 */
import Stripe from 'stripe';

import type { Account, DisputeRead, DisputeStatus, SeenDispute } from '../gateway.js';
import { fromStripeAmount } from './amount.js';
import { stripeFor } from './client.js';
import { debitOf } from './debits.js';
import { unavailable } from './unavailable.js';

export async function readDispute(account: Account, reference: string): Promise<DisputeRead> {
  try {
    const expand = { expand: ['charge'] };
    const dispute = await stripeFor(account).disputes.retrieve(reference, expand);
    return read(dispute);
  } catch (error) {
    const { why, attention } = unavailable(error);
    if (isMissing(error)) return { kind: 'absent', why };
    return { kind: 'unavailable', why, ...(attention && { attention }) };
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeError && error.code === 'resource_missing';
}

function read(dispute: Stripe.Dispute): DisputeRead {
  const { charge } = dispute;
  const kind = typeof charge === 'string' ? undefined : charge.payment_method_details?.type;
  if (debitOf(kind)) return { kind: 'return' };
  const status = statusOf(dispute);
  if (status) return { kind: 'dispute', dispute: seen(dispute, status) };
  const why = `The dispute ${dispute.id} is ${dispute.status}, a word of Stripe’s that Dunlin does not know`;
  return { kind: 'unavailable', why, attention: true };
}

function seen(dispute: Stripe.Dispute, status: DisputeStatus): SeenDispute {
  const { id: reference, charge, amount, currency, created } = dispute;
  const withdrawn = status === 'lost' || balanceOf(dispute) < 0;
  return {
    reference,
    chargeReference: typeof charge === 'string' ? charge : charge.id,
    amount: fromStripeAmount(amount, currency),
    reason: dispute.reason,
    inquiry: dispute.status.startsWith('warning_'),
    status,
    withdrawn,
    ...(!withdrawn && dispute.balance_transactions.length > 0 && { wasWithdrawn: true }),
    respondBy: status === 'needs_response' ? respondBy(dispute) : undefined,
    openedAt: created * 1000,
  };
}

function respondBy({ evidence_details: details }: Stripe.Dispute): number | undefined {
  return details.due_by && !details.past_due ? details.due_by * 1000 : undefined;
}

function statusOf(dispute: Stripe.Dispute): DisputeStatus | undefined {
  return dispute.status === 'prevented' ? prevented(dispute) : STATUSES.get(dispute.status);
}

/** An appeal is a dispute that was lost, and is fought once more: its money is away meanwhile. */
const STATUSES: ReadonlyMap<string, DisputeStatus> = new Map<string, DisputeStatus>([
  ['warning_needs_response', 'needs_response'],
  ['warning_under_review', 'under_review'],
  ['warning_closed', 'closed'],
  ['needs_response', 'needs_response'],
  ['under_review', 'under_review'],
  ['appeal_needs_response', 'needs_response'],
  ['appeal_under_review', 'under_review'],
  ['won', 'won'],
  ['lost', 'lost'],
]);

/** It never became a chargeback: it was held off, or the payer was given the money back at once. */
function prevented(dispute: Stripe.Dispute): DisputeStatus {
  if (balanceOf(dispute) < 0) return 'lost';
  return dispute.balance_transactions.length > 0 ? 'won' : 'closed';
}

/** What its legs come to: negative while the money is away. */
function balanceOf({ balance_transactions: legs }: Stripe.Dispute): number {
  return legs.reduce((sum, { amount }) => sum + amount, 0);
}
