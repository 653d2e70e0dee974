/** What a look at a dispute means for our books: one transaction, in which each fact is booked once. */
import { type DisputeStatus, isOpenDispute, remindersDue, statusAfter } from '../domain/dispute.js';
import type { SeenDispute } from '../gateways/gateway.js';
import type { Charge } from '../prisma/charge.js';
import type { Tx } from '../prisma/client.js';
import type { Dispatch } from '../prisma/dispatch.js';
import {
  type Dispute,
  clearDisputeAttention,
  findDispute,
  insertDispute,
  oweCaseWakes,
  raiseDisputeAttention,
  recordDisputeEvent,
  updateDispute,
} from '../prisma/dispute.js';
import { evidenceStateOf } from '../prisma/evidence.js';
import { type Renewal, lockRenewal } from '../prisma/renewal.js';
import { readSettings } from '../prisma/settings.js';
import { cancelSubscription } from '../prisma/subscription-cancel.js';
import { type Changed, pauseSubscription } from '../prisma/subscription-change.js';
import { lockSubscription } from '../prisma/subscription.js';
import type { Deps } from './deps.js';
import { sendDispatch } from './dispatch.js';
import { bookDisputedMoney } from './disputed-money.js';

export async function bookDispute(
  deps: Deps,
  { id: chargeId, renewalId }: Charge,
  seen: SeenDispute,
): Promise<Dispute> {
  const now = deps.clock.business();
  const { subscriptionId } = await deps.db.renewal.findUniqueOrThrow({ where: { id: renewalId } });
  const booked = await deps.db.$transaction(async (tx) => {
    // The subscription's lock comes before the renewal's, as when a period is opened.
    const subscription = await lockSubscription(tx, subscriptionId);
    const renewal = await lockRenewal(tx, renewalId);
    const charge = await tx.charge.findUniqueOrThrow({ where: { id: chargeId } });
    const { gatewayAccountId } = charge;
    const before = await findDispute(tx, { gatewayAccountId, reference: seen.reference });
    if (before && !isOpenDispute(before.status as DisputeStatus))
      return { dispute: await compareDecided(tx, before, seen, now), dispatches: [] };

    const dispute = await recordSeen(tx, before, charge, renewal, seen, now);
    const becameChargeback = !dispute.inquiry && (before?.inquiry ?? true);
    const changed = becameChargeback && subscription && (await applyPolicy(tx, subscription, now));
    const settled = await bookDisputedMoney(tx, dispute, charge, seen, now);
    const shown = await callForEvidence(tx, settled, now);
    const decided = !isOpenDispute(shown.status as DisputeStatus);
    const stirs = becameChargeback || (decided && !shown.inquiry);
    const wakes = stirs ? await oweCaseWakes(tx, shown, now) : [];
    const dispatches: Dispatch[] = [...(changed ? changed.dispatches : []), ...wakes];
    return { dispute: shown, dispatches, sleeper: changed ? changed.sleeper : undefined };
  });
  for (const dispatch of booked.dispatches) await sendDispatch(deps, dispatch);
  if (booked.sleeper) await deps.launch.terminateSleeper(booked.sleeper, CANCELED);
  return booked.dispute;
}

const CANCELED = 'The subscription was canceled because a payment is disputed';

/** What is decided stays as it was booked; a gateway that says otherwise later needs a person. */
function compareDecided(
  tx: Tx,
  before: Dispute,
  seen: SeenDispute,
  now: Date,
): Promise<Dispute> | Dispute {
  if (seen.status === before.status || isOpenDispute(seen.status)) return before;
  const why = `It was booked as ${before.status}, and the gateway says now that it is ${seen.status}`;
  const next = 'Nothing: what the gateway did with the money must be booked by hand';
  return raiseDisputeAttention(tx, before, { why, next }, now);
}

/** The row as it stands after this look. What an older look says of an open dispute is put right by the next one. */
async function recordSeen(
  tx: Tx,
  before: Dispute | null,
  charge: Charge,
  renewal: Renewal,
  seen: SeenDispute,
  now: Date,
): Promise<Dispute> {
  const status = statusAfter(before?.status as DisputeStatus | undefined, seen.status);
  const moved = seen.withdrawn || seen.wasWithdrawn;
  const inquiry = (before?.inquiry ?? true) && seen.inquiry && !moved;
  // What was withdrawn stays the amount: it is booked.
  const amount = before?.withdrawnAt
    ? {}
    : { amountMinor: seen.amount.amountMinor, currency: seen.amount.currency };
  const respondBy = seen.respondBy === undefined ? null : new Date(seen.respondBy);
  const facts = { status, inquiry, reason: seen.reason.slice(0, 200), respondBy };
  if (before) return updateDispute(tx, before.id, { ...facts, ...amount });
  const opened = await insertDispute(tx, {
    ...facts,
    ...seen.amount,
    charge,
    renewal,
    reference: seen.reference,
    openedAt: new Date(seen.openedAt),
  });
  await recordDisputeEvent(tx, opened, 'dispute.opened', now);
  return opened;
}

/** Once per dispute, when it is more than a question: even if it is heard of only after it was decided. */
async function applyPolicy(
  tx: Tx,
  subscription: NonNullable<Awaited<ReturnType<typeof lockSubscription>>>,
  now: Date,
): Promise<Changed | undefined> {
  const { onDispute } = await readSettings(tx, subscription.merchantId);
  const { status } = subscription;
  if (onDispute === 'pause' && status === 'active') return pauseSubscription(tx, subscription, now);
  if (onDispute === 'cancel' && (status === 'active' || status === 'paused'))
    return cancelSubscription(tx, subscription, { at: 'now', keepDebt: false }, now);
  return undefined;
}

/**
 * While the bank waits for our side of it somebody must write it, and is reminded as its time runs out. What was put is
 * handed in next: whoever does that reminds, should it fail.
 */
async function callForEvidence(tx: Tx, row: Dispute, now: Date): Promise<Dispute> {
  if (!isOpenDispute(row.status as DisputeStatus)) return row;
  const evidence = await evidenceStateOf(tx, row);
  const wanted = row.status === 'needs_response' && evidence !== 'sent';
  if (!wanted) return row.needsAttention ? clearDisputeAttention(tx, row) : row;
  if (evidence === 'given') return row;
  // Why other evidence was refused stays; what else was wrong with it before is over.
  const isAsked = evidence === 'refused' && row.needsAttention;
  return remindOfEvidence(tx, isAsked ? row : await askForEvidence(tx, row, now), now);
}

/** At each of its moments once. */
export async function remindOfEvidence(tx: Tx, row: Dispute, now: Date): Promise<Dispute> {
  const due = row.respondBy ? remindersDue(row.respondBy.getTime(), now.getTime()) : 0;
  if (due <= row.reminded) return row;
  const reminded = await updateDispute(tx, row.id, { reminded: due });
  await recordDisputeEvent(tx, reminded, 'dispute.evidence_due', now);
  return reminded;
}

function askForEvidence(tx: Tx, row: Dispute, now: Date): Promise<Dispute> {
  const until = row.respondBy?.toISOString();
  const next = until
    ? `It is lost by itself unless evidence is put before ${until}`
    : 'The gateway takes no evidence: it is looked at every day';
  const what = row.inquiry ? 'asks about the charge' : 'wants the money back';
  return raiseDisputeAttention(
    tx,
    row,
    { why: `The payer's bank ${what} (${row.reason})`, next },
    now,
  );
}
