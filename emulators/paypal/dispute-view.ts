/** A dispute as the API shows it. */
import { type Account, isoTime } from './account.js';
import { amountOf } from './amounts.js';
import { link } from './call.js';
import { captureOf } from './captures.js';
import type { Dispute } from './disputes.js';

export function renderDispute(account: Account, dispute: Dispute): object {
  const { id, status, outcome, stage, reason, units, created, updated, due } = dispute;
  const capture = captureOf(account, dispute.capture);
  const { currency_code: currency } = capture.amount;
  const code = outcome === 'lost' ? 'RESOLVED_BUYER_FAVOUR' : 'RESOLVED_SELLER_FAVOUR';
  return {
    dispute_id: id,
    create_time: isoTime(created),
    update_time: isoTime(updated),
    disputed_transactions: [
      {
        seller_transaction_id: capture.id,
        create_time: isoTime(capture.history[0]!.at),
        transaction_status: 'COMPLETED',
        gross_amount: capture.amount,
        ...(capture.invoice_id && { invoice_number: capture.invoice_id }),
        ...(capture.custom_id && { custom: capture.custom_id }),
        seller: { merchant_id: account.id },
      },
    ],
    reason,
    status,
    dispute_state: stateOf(dispute),
    dispute_amount: amountOf(units, currency),
    ...(outcome && {
      dispute_outcome: {
        outcome_code: code,
        amount_refunded: amountOf(dispute.loss?.units ?? 0, currency),
      },
    }),
    ...(dispute.loss && {
      money_movements: [
        {
          affected_party: 'SELLER',
          amount: amountOf(dispute.loss.units, currency),
          initiated_time: isoTime(dispute.loss.at),
          type: 'DEBIT',
          reason: 'DISPUTE_SETTLEMENT',
        },
      ],
    }),
    ...(dispute.evidences.length > 0 && {
      evidences: dispute.evidences.map(({ at, ...handedIn }) => ({
        ...handedIn,
        source: 'SUBMITTED_BY_SELLER',
        date: isoTime(at),
      })),
    }),
    dispute_life_cycle_stage: stage,
    dispute_channel: 'INTERNAL',
    seller_response_due_date: isoTime(due),
    links: toldOf(account, dispute).links,
  };
}

export function toldOf(account: Account, { id, status, stage }: Dispute) {
  const self = `/v1/customer/disputes/${id}`;
  const accept = link(account, 'accept_claim', `${self}/accept-claim`, 'POST');
  const provide = link(account, 'provide_evidence', `${self}/provide-evidence`, 'POST');
  // A question is answered on PayPal's page.
  const isClaim = status === 'WAITING_FOR_SELLER_RESPONSE' && stage === 'CHARGEBACK';
  return { links: [link(account, 'self', self), ...(isClaim ? [accept, provide] : [])] };
}

export function stateOf({ status, stage }: Dispute): string {
  if (status === 'RESOLVED') return 'RESOLVED';
  if (status === 'UNDER_REVIEW') return 'UNDER_PAYPAL_REVIEW';
  return stage === 'INQUIRY' ? 'OPEN_INQUIRIES' : 'REQUIRED_ACTION';
}
