/**
 * Disputes: a buyer wants his money back. An inquiry only asks; the money leaves the merchant when a claim is lost or
 * accepted, and not before.
 */
import type { Account } from './account.js';
import { type Amount, smallestUnits } from './amounts.js';
import { type ReversedAs, captureOf } from './captures.js';
import { renderDispute } from './dispute-view.js';
import { noSuch, refused } from './errors.js';
import { newId } from './ids.js';
import { type Loss, takeBack } from './reversals.js';

type Outcome = 'won' | 'lost';

export const STAGES = ['INQUIRY', 'CHARGEBACK'] as const;

export interface Dispute {
  readonly id: string;
  readonly capture: string;
  readonly reason: string;
  readonly stage: (typeof STAGES)[number];
  readonly status: 'WAITING_FOR_SELLER_RESPONSE' | 'UNDER_REVIEW' | 'RESOLVED';
  readonly outcome: Outcome | undefined;
  readonly units: number;
  readonly evidences: readonly HandedIn[];
  /** The transaction that took the money, once the case was lost. */
  readonly loss: Loss | undefined;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly updated: number;
  /** Until when the seller may answer. */
  readonly due: number;
}

interface HandedIn extends Evidence {
  readonly at: number;
}

export interface Evidence {
  readonly evidence_type: string;
  readonly notes?: string | undefined;
  readonly documents?: readonly { readonly name: string }[] | undefined;
}

interface Complaint {
  readonly reason: string;
  readonly stage?: Dispute['stage'] | undefined;
  /** What is left of the capture, unless the buyer wants less. */
  readonly amount?: Amount | undefined;
}

export function openDispute(account: Account, captureId: string, complaint: Complaint): Dispute {
  const { reason, stage = 'CHARGEBACK', amount } = complaint;
  const capture = captureOf(account, captureId);
  if (capture.status !== 'COMPLETED' || capture.dispute) throw refused('TRANSACTION_DISPUTED');
  const left = capture.units - capture.refunded;
  const units = amount ? smallestUnits(amount, '/amount') : left;
  const isOther = amount && amount.currency_code !== capture.amount.currency_code;
  if (isOther || units > left) throw refused('INVALID_PARAMETER_VALUE', { field: '/amount' });
  const now = account.clock.now();
  const dispute: Dispute = {
    id: `PP-D-${newId(6)}`,
    capture: capture.id,
    reason,
    stage,
    status: 'WAITING_FOR_SELLER_RESPONSE',
    outcome: undefined,
    units,
    evidences: [],
    loss: undefined,
    created: now,
    updated: now,
    due: now + (stage === 'INQUIRY' ? 20 : 10) * DAY_MS,
  };
  account.captures.put(capture.id, { ...capture, dispute: 'open' });
  account.disputes.put(dispute.id, dispute);
  account.emit('CUSTOMER.DISPUTE.CREATED', renderDispute(account, dispute), 'A new dispute opened');
  return dispute;
}

/** An inquiry becomes a claim: there is money at stake now, and evidence is asked for. */
export function escalateDispute(account: Account, id: string): Dispute {
  const old = disputeOf(account, id);
  if (old.status === 'RESOLVED' || old.stage !== 'INQUIRY') throw refused('INVALID_DISPUTE_STATUS');
  return change(account, {
    ...old,
    stage: 'CHARGEBACK',
    status: 'WAITING_FOR_SELLER_RESPONSE',
    due: account.clock.now() + 10 * DAY_MS,
  });
}

export function closeDispute(
  account: Account,
  id: string,
  outcome: Outcome,
  reversedAs: ReversedAs = 'COMPLETED',
): Dispute {
  const old = disputeOf(account, id);
  if (old.status === 'RESOLVED') throw refused('INVALID_DISPUTE_STATUS');
  // An inquiry only asks: however it ends, nothing moves.
  const isTaken = outcome === 'lost' && old.stage !== 'INQUIRY';
  const { capture, units } = old;
  const loss = isTaken ? takeBack(account, capture, { units, by: id, as: reversedAs }) : undefined;
  if (!loss) account.captures.put(capture, { ...captureOf(account, capture), dispute: undefined });
  const updated = account.clock.now();
  const closed: Dispute = { ...old, status: 'RESOLVED', outcome, updated, loss };
  account.disputes.put(id, closed);
  const rendered = renderDispute(account, closed);
  account.emit('CUSTOMER.DISPUTE.RESOLVED', rendered, 'A dispute was resolved');
  return closed;
}

/** Only of a claim, and only in time. */
export function takeEvidence(
  account: Account,
  id: string,
  evidences: readonly Evidence[],
): Dispute {
  const dispute = disputeOf(account, id);
  const now = account.clock.now();
  const isAsked = dispute.status === 'WAITING_FOR_SELLER_RESPONSE' && now <= dispute.due;
  if (!isAsked || dispute.stage === 'INQUIRY') throw refused('INVALID_DISPUTE_STATUS');
  const handedIn = evidences.map((evidence) => ({ ...evidence, at: now }));
  return change(account, {
    ...dispute,
    status: 'UNDER_REVIEW',
    evidences: [...dispute.evidences, ...handedIn],
  });
}

export function disputeOf(account: Account, id: string): Dispute {
  const dispute = account.disputes.get(id);
  if (!dispute) throw noSuch('dispute_id');
  return dispute;
}

const DAY_MS = 86_400_000;

function change(account: Account, dispute: Dispute): Dispute {
  const changed = { ...dispute, updated: account.clock.now() };
  account.disputes.put(changed.id, changed);
  const rendered = renderDispute(account, changed);
  account.emit('CUSTOMER.DISPUTE.UPDATED', rendered, 'A dispute was updated');
  return changed;
}
