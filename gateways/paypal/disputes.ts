/** Disputes at PayPal: read as they stand, and translated. */
import { z } from 'zod';

import { type Money, money } from '../../domain/money.js';
import type { Account, DisputeRead, DisputeStatus, SeenDispute } from '../gateway.js';
import { readMoved } from './amount.js';
import { callPaypal } from './call.js';
import { type Deadline, deadlineIn } from './deadline.js';
import { isObjectId } from './objects.js';
import { timeIn } from './reporting.js';
import { type Unavailable, notAnswered, unavailable } from './unavailable.js';

const amount = z.object({ currency_code: z.string(), value: z.string() });

const schema = z.object({
  dispute_id: z.string().min(1),
  create_time: z.string(),
  disputed_transactions: z
    .array(z.object({ seller_transaction_id: z.string().optional() }))
    .default([]),
  reason: z.string().default('OTHER'),
  status: z.string(),
  dispute_amount: amount,
  dispute_outcome: z
    .object({ outcome_code: z.string().optional(), amount_refunded: amount.optional() })
    .optional(),
  dispute_life_cycle_stage: z.string(),
  seller_response_due_date: z.string().optional(),
  money_movements: z
    .array(
      z.object({
        affected_party: z.string().optional(),
        amount: amount.optional(),
        type: z.string().optional(),
        reason: z.string().optional(),
      }),
    )
    .default([]),
  evidences: z
    .array(z.object({ source: z.string().optional(), notes: z.string().optional() }))
    .default([]),
});

/** A dispute in PayPal's own words. */
export type PaypalDispute = z.infer<typeof schema>;

export async function readDispute(account: Account, reference: string): Promise<DisputeRead> {
  const read = await fetchDispute(account, reference, deadlineIn(account.deadlineMs));
  if (read.kind === 'unavailable') {
    const { missing, ...said } = read;
    return missing ? { kind: 'absent', why: said.why } : said;
  }
  const dispute = translate(read.dispute);
  if (dispute) return { kind: 'dispute', dispute };
  const { status, dispute_life_cycle_stage: stage, dispute_outcome: outcome } = read.dispute;
  const words = [stage, status, outcome?.outcome_code].filter(Boolean).join(', ');
  return unavailable(`${reference} is in a form that we do not know (${words})`, {
    attention: true,
  });
}

type DisputeFetched =
  | { readonly kind: 'fetched'; readonly dispute: PaypalDispute }
  | (Unavailable & {
      /** PayPal answered that there is none. */
      readonly missing: boolean;
    });

export async function fetchDispute(
  account: Account,
  id: string,
  deadline: Deadline,
): Promise<DisputeFetched> {
  if (!isObjectId(id))
    return { ...unavailable(`${id} names no dispute`, { attention: true }), missing: true };
  const path = `/v1/customer/disputes/${id}`;
  const said = await callPaypal(account, { method: 'GET', path }, deadline);
  const read = schema.safeParse(said.kind === 'answered' && said.status === 200 ? said.body : 0);
  if (read.data?.dispute_id === id) return { kind: 'fetched', dispute: read.data };
  return { ...notAnswered(said), missing: said.kind === 'answered' && said.status === 404 };
}

/** Undefined for a word that we do not know: what it means for the money is for a person to say. */
function translate(said: PaypalDispute): SeenDispute | undefined {
  const chargeReference = said.disputed_transactions[0]?.seller_transaction_id;
  const stage = STAGES.get(said.dispute_life_cycle_stage);
  const wanted = readMoved(said.dispute_amount);
  const openedAt = timeIn(said.create_time);
  if (chargeReference === undefined || !stage || !wanted || Number.isNaN(openedAt))
    return undefined;
  const inquiry = stage === 'inquiry';
  const outcome = statusOf(said);
  if (!outcome) return undefined;
  const taken = takenBy(said);
  const withdrawn = taken ? taken.amountMinor > 0 : outcome === 'lost' && !inquiry;
  const nothingMoved = !withdrawn && (outcome === 'lost' || (inquiry && outcome === 'won'));
  const due = timeIn(said.seller_response_due_date ?? '');
  return {
    reference: said.dispute_id,
    chargeReference,
    amount: wanted.amount,
    reason: said.reason,
    inquiry,
    status: nothingMoved ? 'closed' : outcome,
    withdrawn,
    ...(withdrawn && taken && { taken }),
    respondBy: outcome === 'needs_response' && !Number.isNaN(due) ? due : undefined,
    openedAt,
  };
}

const STAGES: ReadonlyMap<string, 'inquiry' | 'chargeback'> = new Map([
  ['INQUIRY', 'inquiry'],
  ['CHARGEBACK', 'chargeback'],
  ['PRE_ARBITRATION', 'chargeback'],
  ['ARBITRATION', 'chargeback'],
]);

/** Undefined for a word that we do not know. */
export function statusOf({
  status,
  dispute_outcome: outcome,
}: PaypalDispute): DisputeStatus | undefined {
  return status === 'RESOLVED' ? OUTCOMES.get(outcome?.outcome_code ?? '') : STATUSES.get(status);
}

const STATUSES: ReadonlyMap<string, DisputeStatus> = new Map([
  ['OPEN', 'needs_response'],
  ['WAITING_FOR_SELLER_RESPONSE', 'needs_response'],
  ['WAITING_FOR_BUYER_RESPONSE', 'under_review'],
  ['UNDER_REVIEW', 'under_review'],
]);

const OUTCOMES: ReadonlyMap<string, DisputeStatus> = new Map([
  ['RESOLVED_BUYER_FAVOUR', 'lost'],
  ['ACCEPTED', 'lost'],
  ['RESOLVED_SELLER_FAVOUR', 'won'],
  ['DENIED', 'won'],
  ['CANCELED_BY_BUYER', 'won'],
  // PayPal has paid the buyer out of its own pocket.
  ['RESOLVED_WITH_PAYOUT', 'won'],
]);

/**
 * What is away from the merchant: by PayPal's own list of what moved, its fees apart; else, of a case that is over, by
 * what it says was refunded in it. Undefined when neither says it.
 */
export function takenBy({
  status,
  money_movements: movements,
  dispute_outcome: outcome,
}: PaypalDispute): Money | undefined {
  const settlements = movements.filter(
    ({ affected_party: party, reason }) => party === 'SELLER' && reason === 'DISPUTE_SETTLEMENT',
  );
  return settlements.length > 0
    ? sumOf(settlements)
    : status === 'RESOLVED' && OUTCOMES.get(outcome?.outcome_code ?? '') === 'lost'
      ? outcome?.amount_refunded && readMoved(outcome.amount_refunded)?.amount
      : undefined;
}

/** Undefined for what cannot be added up. Never less than nothing. */
function sumOf(settlements: PaypalDispute['money_movements']): Money | undefined {
  let away: Money | undefined;
  for (const { type, amount: said } of settlements) {
    const moved = said && readMoved(said)?.amount;
    if (!moved || (away && away.currency !== moved.currency)) return undefined;
    const signed = type === 'CREDIT' ? -moved.amountMinor : moved.amountMinor;
    away = { ...moved, amountMinor: (away?.amountMinor ?? 0) + signed };
  }
  return away && money(Math.max(0, away.amountMinor), away.currency);
}
