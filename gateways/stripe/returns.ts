/**
 * Returns: a bank debit that had succeeded, and that the payer's bank took back.
 *
 * Stripe tells of it as a dispute. For a debit it is final: nobody is asked for evidence. A card's dispute is
 * another matter, which may be won, and no return.
 */
import type Stripe from 'stripe';

import type { Decline, DeclineClass } from '../../domain/decline.js';
import type { Account, Answer } from '../gateway.js';
import { stripeFor } from './client.js';
import { debitOf } from './debits.js';

type Succeeded = Extract<Answer, { kind: 'succeeded' }>;

/** What a success still is worth. Needs a PaymentIntent read with its latest charge. */
export async function unlessReturned(
  account: Account,
  { latest_charge: charge }: Stripe.PaymentIntent,
  succeeded: Succeeded,
): Promise<Answer> {
  if (typeof charge !== 'object' || !charge?.disputed) return succeeded;
  if (!debitOf(charge.payment_method_details?.type)) return succeeded;
  const { data: disputes } = await stripeFor(account).disputes.list({
    charge: charge.id,
    limit: 100,
  });
  const { reference, chargeReference } = succeeded;
  if (disputes.length === 0)
    return { kind: 'unknown', why: `The dispute of ${charge.id} does not show yet`, reference };
  const taken = disputes.find(({ status }) => !MONEY_STAYS.has(status));
  if (!taken) return succeeded;
  return { kind: 'returned', reference, chargeReference, decline: declineOfReturn(taken) };
}

/** Won or prevented, or only asked about. */
const MONEY_STAYS: ReadonlySet<string> = new Set([
  'won',
  'prevented',
  'warning_needs_response',
  'warning_under_review',
  'warning_closed',
]);

export function declineOfReturn({ reason }: Pick<Stripe.Dispute, 'reason'>): Decline {
  const declineClass = CLASS_OF.get(reason);
  return {
    class: declineClass ?? 'issuer_soft',
    code: reason.slice(0, 100),
    message: `The bank took the money back: ${reason}.`.slice(0, 500),
    // A debit that came back is answered with care, not with another gateway.
    elsewhere: false,
    ...(declineClass === undefined && { unmapped: true }),
  };
}

/** A payer who took the money back has withdrawn the permission, whatever the complaint. */
const CLASS_OF: ReadonlyMap<string, DeclineClass> = new Map<string, DeclineClass>([
  ['insufficient_funds', 'insufficient_funds'],
  ['bank_cannot_process', 'technical'],
  ['incorrect_account_details', 'new_method'],
  ['debit_not_authorized', 'consent_revoked'],
  ['customer_initiated', 'consent_revoked'],
  ['subscription_canceled', 'consent_revoked'],
  ['unrecognized', 'consent_revoked'],
  ['credit_not_processed', 'consent_revoked'],
  ['product_not_received', 'consent_revoked'],
  ['product_unacceptable', 'consent_revoked'],
  ['noncompliant', 'consent_revoked'],
  ['fraudulent', 'fraud'],
  ['duplicate', 'duplicate_check'],
  ['check_returned', 'issuer_soft'],
  ['general', 'issuer_soft'],
]);
