/** What a dispute does to money: withdrawn, reinstated, or lost for good; each of them booked once. */
import { DISPUTE_LOST, type DisputeStatus } from '../domain/dispute.js';
import type { SeenDispute } from '../gateways/gateway.js';
import type { Charge } from '../prisma/charge.js';
import type { Tx } from '../prisma/client.js';
import {
  type Dispute,
  decideDispute,
  raiseDisputeAttention,
  recordDisputeEvent,
  updateDispute,
} from '../prisma/dispute.js';
import { postDisputeLost, postDisputeReinstated, postDisputeWithdrawn } from '../prisma/ledger.js';
import { lockRenewal } from '../prisma/renewal.js';
import { reopen, reverse } from './book-return.js';

/** Called under the renewal's lock, for a dispute that was open until this look. */
export async function bookDisputedMoney(
  tx: Tx,
  dispute: Dispute,
  charge: Charge,
  seen: SeenDispute,
  now: Date,
): Promise<Dispute> {
  const status = dispute.status as DisputeStatus;
  // Some gateways take the money only when they have decided.
  const away = seen.withdrawn || seen.wasWithdrawn || status === 'lost';
  const row = away && !dispute.withdrawnAt ? await withdraw(tx, dispute, charge, now) : dispute;
  switch (status) {
    case 'needs_response':
    case 'under_review':
      return row;
    case 'won':
    case 'closed':
      return row.withdrawnAt ? reinstate(tx, row, charge, now) : decide(tx, row, now);
    case 'lost':
      return lose(tx, row, charge, now);
    default:
      return status satisfies never;
  }
}

async function withdraw(tx: Tx, row: Dispute, charge: Charge, now: Date): Promise<Dispute> {
  const withdrawn = await updateDispute(tx, row.id, { withdrawnAt: now });
  const { customerId } = await lockRenewal(tx, row.renewalId);
  await postDisputeWithdrawn(tx, withdrawn, charge, customerId, now);
  await recordDisputeEvent(tx, withdrawn, 'dispute.funds_withdrawn', now);
  return withdrawn;
}

/** Only when it is decided: an older look at an open dispute may not know yet that the money was taken. */
async function reinstate(tx: Tx, row: Dispute, charge: Charge, now: Date): Promise<Dispute> {
  const back = await updateDispute(tx, row.id, { reinstatedAt: now });
  const { customerId } = await lockRenewal(tx, row.renewalId);
  await postDisputeReinstated(tx, back, charge, customerId, now);
  await recordDisputeEvent(tx, back, 'dispute.funds_reinstated', now);
  const decided = await decide(tx, back, now);
  if (!charge.reversedAt) return decided;
  const why = 'It was won after its money had been booked as gone for good';
  const next = 'Nothing: decide whether the renewal is still owed';
  return raiseDisputeAttention(tx, decided, { why, next }, now);
}

async function decide(tx: Tx, row: Dispute, now: Date): Promise<Dispute> {
  const decided = await decideDispute(tx, row.id, now);
  const type = decided.status as 'won' | 'lost' | 'closed';
  await recordDisputeEvent(tx, decided, `dispute.${type}`, now);
  return decided;
}

/** The whole of a charge is owed again, in a case that nothing is charged in by itself. A part is only booked. */
async function lose(tx: Tx, row: Dispute, charge: Charge, now: Date): Promise<Dispute> {
  const lost = await decide(tx, row, now);
  // As the merchant's settings for disputes may have left it.
  const renewal = await lockRenewal(tx, lost.renewalId);
  await postDisputeLost(tx, lost, charge, renewal.customerId, now);
  if (lost.amountMinor < charge.amountMinor) {
    const why = 'Part of the charge was lost';
    const next = 'Nothing: decide whether the customer still owes it';
    return raiseDisputeAttention(tx, lost, { why, next }, now);
  }
  const reversed = await reverse(tx, renewal, charge.id, now);
  if (reversed) await reopen(tx, renewal, reversed, DISPUTE_LOST, now);
  else if (charge.reversedAt) await explainReturn(tx, lost, charge.reversedAt);
  return lost;
}

/** The gateway's word on the charge came first: its case is the one that this dispute opens. */
async function explainReturn(tx: Tx, { renewalId }: Dispute, reversedAt: Date): Promise<void> {
  await tx.dunningCase.updateMany({
    where: { renewalId, status: 'open', openedAt: reversedAt, lastDeclineAt: reversedAt },
    data: { lastDecline: { ...DISPUTE_LOST } },
  });
}
