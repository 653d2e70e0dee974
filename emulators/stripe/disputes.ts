/**
 * Disputes: money taken back through the customer's bank. An inquiry is only a question: no money moves. A bank debit
 * that comes back is one too, lost from the beginning: nobody is asked for evidence.
 */
import type Stripe from 'stripe';
import { z } from 'zod';

import { newId } from '../common/ids.js';
import { type Account, type Cause, NOBODY } from './account.js';
import { recordMovement } from './balance-transactions.js';
import type { Call } from './call.js';
import { chargeOf } from './charges.js';
import { isDebit } from './debit-fates.js';
import { invalidRequest, noSuch, refused } from './errors.js';
import type { JournalEntry } from './journal.js';
import { deniesMandate, withdrawMandate } from './mandates.js';
import { page, paging } from './pages.js';
import { expand, isWithin, range, read, text } from './params.js';

/** `asked` for is less than the whole where the customer wants only a part back. */
export function openDispute(
  account: Account,
  chargeId: string,
  {
    reason: said,
    amount: asked,
  }: { readonly reason: string; readonly amount?: number | undefined },
): Stripe.Dispute {
  const charge = chargeOf(account, chargeId);
  if (charge.disputed) throw refused(`Charge ${charge.id} is disputed already.`);
  if (charge.status !== 'succeeded') throw refused(`Charge ${charge.id} is ${charge.status}.`);
  const reason = isDebitCharge(charge) ? returnReason(said) : said;
  const inquiry = reason === 'inquiry';
  const left = charge.amount - charge.amount_refunded;
  const amount = asked ?? left;
  if (amount < 1 || amount > left)
    throw invalidRequest(`Between 1 and ${left} can be disputed.`, undefined, 'amount_minor');
  const dispute = newDispute(account, charge, reason, amount);
  if (inquiry) {
    account.disputes.put(dispute.id, dispute);
    account.emit('charge.dispute.created', dispute, NOBODY);
    return dispute;
  }
  setDisputed(account, charge, true);
  const withdrawn = move(account, dispute, 'dispute');
  account.emit('charge.dispute.created', withdrawn, NOBODY);
  account.emit('charge.dispute.funds_withdrawn', withdrawn, NOBODY);
  if (isDebitCharge(charge) && deniesMandate(reason))
    withdrawMandate(account, charge.payment_method!);
  return withdrawn;
}

function isDebitCharge({ payment_method_details: details }: Stripe.Charge): boolean {
  return isDebit(details?.type);
}

/** What a card's holder calls fraud, or asks about, is a debit without permission to its bank. */
function returnReason(reason: string): string {
  return reason === 'fraudulent' || reason === 'inquiry' ? 'debit_not_authorized' : reason;
}

export function closeDispute(
  account: Account,
  id: string,
  outcome: 'won' | 'lost',
  cause: Cause = NOBODY,
): Stripe.Dispute {
  const old = disputeOf(account, id);
  if (CLOSED.includes(old.status)) throw refused(`This dispute is ${old.status} already.`);
  const inquiry = old.status.startsWith('warning_');
  const closed: Stripe.Dispute = { ...old, status: inquiry ? 'warning_closed' : outcome };
  account.disputes.put(id, closed);
  if (!inquiry && outcome === 'won') {
    account.emit(
      'charge.dispute.funds_reinstated',
      move(account, closed, 'dispute_reversal'),
      cause,
    );
    setDisputed(account, chargeOf(account, old.charge as string), false);
  }
  account.emit('charge.dispute.closed', disputeOf(account, id), cause);
  return disputeOf(account, id);
}

export function retrieveDispute({ account, ids, params }: Call): Stripe.Dispute {
  read(z.strictObject({ expand }), params);
  return disputeOf(account, ids['id']!);
}

export function listDisputes({ account, params, path }: Call): Stripe.ApiList<Stripe.Dispute> {
  const asked = read(listed, params);
  const found = account.disputes
    .all()
    .filter(
      (dispute) =>
        (asked.charge === undefined || dispute.charge === asked.charge) &&
        (asked.payment_intent === undefined || dispute.payment_intent === asked.payment_intent) &&
        isWithin(asked.created, dispute.created),
    )
    .map((dispute) => asOfNow(account, dispute));
  return page(found, path, asked);
}

const CLOSED: readonly string[] = ['won', 'lost', 'warning_closed', 'prevented'];

export function disputeOf(account: Account, id: string): Stripe.Dispute {
  const dispute = account.disputes.get(id);
  if (!dispute) throw noSuch('dispute', id);
  return asOfNow(account, dispute);
}

/** Time alone makes an answer come too late. */
function asOfNow(account: Account, dispute: Stripe.Dispute): Stripe.Dispute {
  const { evidence_details: details, status } = dispute;
  const due = details.due_by ?? Infinity;
  const late = status.endsWith('needs_response') && due < account.clock.seconds();
  return { ...dispute, evidence_details: { ...details, past_due: late } };
}

function setDisputed(account: Account, old: Stripe.Charge, disputed: boolean): void {
  const charge = { ...old, disputed };
  account.charges.put(charge.id, charge);
  account.emit('charge.updated', charge, NOBODY, { disputed: old.disputed });
}

function move(
  account: Account,
  dispute: Stripe.Dispute,
  kind: 'dispute' | 'dispute_reversal',
): Stripe.Dispute {
  const { id, currency } = dispute;
  const amount = kind === 'dispute' ? -dispute.amount : dispute.amount;
  const movement = { source: id, amount, currency, reportingCategory: kind };
  const transaction = recordMovement(account, 'adjustment', movement);
  const moved: Stripe.Dispute = {
    ...dispute,
    balance_transactions: [...dispute.balance_transactions, transaction],
  };
  account.disputes.put(id, moved);
  account.journal.append(entryOf(account, moved, kind));
  return moved;
}

function entryOf(
  account: Account,
  dispute: Stripe.Dispute,
  kind: JournalEntry['kind'],
): JournalEntry {
  const charge = chargeOf(account, dispute.charge as string);
  return {
    at: new Date(account.clock.now()).toISOString(),
    kind,
    id: dispute.id,
    payment_intent: charge.payment_intent as string | null,
    charge: charge.id,
    account: account.id,
    customer: charge.customer as string | null,
    payment_method: charge.payment_method,
    amount_minor: dispute.amount,
    currency: dispute.currency,
    metadata: charge.metadata,
    idempotency_key: null,
  };
}

function newDispute(
  account: Account,
  charge: Stripe.Charge,
  reason: string,
  amount: number,
): Stripe.Dispute {
  const now = account.clock.seconds();
  const inquiry = reason === 'inquiry';
  const final = isDebitCharge(charge);
  return {
    id: newId('du'),
    object: 'dispute',
    amount,
    balance_transactions: [],
    charge: charge.id,
    created: now,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    // The evidence has thirty fields: those that somebody has filled are there.
    evidence: {} as Stripe.Dispute.Evidence,
    evidence_details: {
      due_by: final ? null : now + 7 * 86_400,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'manual',
    },
    intended_submission_method: null,
    is_charge_refundable: inquiry,
    livemode: false,
    metadata: {},
    payment_intent: charge.payment_intent as string | null,
    ...detailsOf(charge, inquiry),
    reason: inquiry ? 'general' : reason,
    status: final ? 'lost' : inquiry ? 'warning_needs_response' : 'needs_response',
  } satisfies Stripe.Dispute;
}

/** Stripe says nothing of the kind about a bank debit. */
function detailsOf(
  { payment_method_details: details }: Stripe.Charge,
  inquiry: boolean,
): Pick<Stripe.Dispute, 'payment_method_details'> {
  const card = details?.card;
  if (!card) return {};
  const { brand, network } = card;
  const kind = inquiry ? 'inquiry' : 'chargeback';
  const said = { brand: brand!, case_type: kind, network: network!, network_reason_code: null };
  return { payment_method_details: { type: 'card', card: said as Card } };
}

type Card = Stripe.Dispute.PaymentMethodDetails.Card;

const listed = z.strictObject({
  ...paging,
  charge: text.optional(),
  payment_intent: text.optional(),
  created: range.optional(),
});
