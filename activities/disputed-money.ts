/** What a dispute does to money: withdrawn, reinstated, or lost for good; each of them booked once. */
import { DISPUTE_LOST, type DisputeStatus } from '../domain/dispute.js';
import { type Money, describeMoney, money } from '../domain/money.js';
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
import { leftOfCharge } from '../prisma/left-of-charge.js';
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
  const isAway = seen.withdrawn || seen.wasWithdrawn;
  const row =
    isAway && !dispute.withdrawnAt ? await withdraw(tx, dispute, charge, seen, now) : dispute;
  switch (status) {
    case 'needs_response':
    case 'under_review':
      return row;
    case 'won':
    case 'closed':
      return row.withdrawnAt ? reinstate(tx, row, charge, now) : decide(tx, row, now);
    case 'lost':
      return lose(tx, row, charge, seen, now);
    default:
      return status satisfies never;
  }
}

/** Books what is away, and no more than is left of the charge. What cannot be booked is told when it is lost. */
async function withdraw(
  tx: Tx,
  row: Dispute,
  charge: Charge,
  seen: SeenDispute,
  now: Date,
): Promise<Dispute> {
  const { currency, amountMinor } = takenIn(seen);
  if (currency !== charge.currency) return row;
  const booked = Math.min(amountMinor, await leftOfCharge(tx, charge, row.id));
  if (booked === 0) return row;
  const facts = { withdrawnAt: now, amountMinor: booked, currency };
  const withdrawn = await updateDispute(tx, row.id, facts);
  const { customerId } = await lockRenewal(tx, row.renewalId);
  await postDisputeWithdrawn(tx, withdrawn, charge, customerId, now);
  await recordDisputeEvent(tx, withdrawn, 'dispute.funds_withdrawn', now);
  return withdrawn;
}

function takenIn({ taken, amount }: SeenDispute): Money {
  return taken ?? amount;
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
async function lose(
  tx: Tx,
  row: Dispute,
  charge: Charge,
  seen: SeenDispute,
  now: Date,
): Promise<Dispute> {
  const lost = await decide(tx, row, now);
  const unbooked = whatIsNotBooked(lost, charge, seen);
  const callAPerson = (why: string, next: string) =>
    raiseDisputeAttention(tx, lost, { why, next: `Nothing: ${next}` }, now);
  if (lost.withdrawnAt) {
    // As the merchant's settings for disputes may have left it.
    const renewal = await lockRenewal(tx, lost.renewalId);
    await postDisputeLost(tx, lost, charge, renewal.customerId, now);
    const isPart = lost.amountMinor < charge.amountMinor;
    if (isPart && !unbooked && !charge.reversedAt)
      return callAPerson(
        'Part of the charge was lost',
        'decide whether the customer still owes it',
      );
    const reversed = isPart ? undefined : await reverse(tx, renewal, charge.id, now);
    if (reversed) await reopen(tx, renewal, reversed, DISPUTE_LOST, now);
    else if (!isPart && charge.reversedAt) await explainReturn(tx, lost, charge.reversedAt);
  }
  return unbooked ? callAPerson(unbooked, 'what the gateway took must be booked by hand') : lost;
}

/** What the gateway took and we did not book, or the other way round, for the person who has to. */
function whatIsNotBooked(row: Dispute, charge: Charge, seen: SeenDispute): string | undefined {
  if (!seen.withdrawn) return undefined;
  const taken = takenIn(seen);
  const said = describeMoney(taken);
  if (taken.currency !== charge.currency)
    return `It was lost over ${said}, and the charge is in ${charge.currency}`;
  const booked = money(row.withdrawnAt ? Number(row.amountMinor) : 0, charge.currency);
  if (booked.amountMinor === 0)
    return `It was lost over ${said}, and nothing of the charge was left`;
  // Without the gateway's own word on it, what was booked while it was open stands.
  if (booked.amountMinor > taken.amountMinor && !seen.taken) return undefined;
  return booked.amountMinor === taken.amountMinor
    ? undefined
    : `It was lost over ${said}, and ${describeMoney(booked)} of the charge are booked`;
}

/** The gateway's word on the charge came first: its case is the one that this dispute opens. */
async function explainReturn(tx: Tx, { renewalId }: Dispute, reversedAt: Date): Promise<void> {
  await tx.dunningCase.updateMany({
    where: { renewalId, status: 'open', openedAt: reversedAt, lastDeclineAt: reversedAt },
    data: { lastDecline: { ...DISPUTE_LOST } },
  });
}
