/**
 * Following a dispute: each look asks the gateway how it stands, and makes facts of what is new.
 *
 * A look carries no verdict of its own and can be repeated at any time: whatever it finds is booked once.
 */
import {
  type DisputeLook,
  type DisputeStatus,
  type DisputeTicket,
  isOpenDispute,
  lookAgainAt,
} from '../domain/dispute.js';
import type { Account, Disputing, SeenDispute } from '../gateways/gateway.js';
import { readCharge, ticketFor } from '../prisma/charge.js';
import {
  type Dispute,
  cardOf,
  findChargeReported,
  findDispute,
  findDisputed,
  mayStillSucceed,
  raiseDisputeAttention,
} from '../prisma/dispute.js';
import { evidenceStateOf } from '../prisma/evidence.js';
import { ownerOf } from '../temporal/owner.js';
import { bookDispute } from './book-dispute.js';
import type { Deps } from './deps.js';
import { sendEvidence } from './send-evidence.js';

export async function followDispute(deps: Deps, ticket: DisputeTicket): Promise<DisputeLook> {
  const { db } = deps;
  const row = await db.gatewayAccount.findUniqueOrThrow({
    where: { id: ticket.gatewayAccountId },
  });
  const { disputing } = deps.gateways(row.gateway);
  if (!disputing) throw new Error(`${row.gateway} tells nothing about disputes`);
  const account = deps.accountFor(row);
  const look = await lookAt(deps, disputing, account, ticket);
  if (look.kind !== 'booked') return look;
  // What was handed in changes what the gateway says: one more look, and no more than one.
  if (!(await sendEvidence(deps, disputing, account, look.dispute))) return heard(deps, look);
  const after = await lookAt(deps, disputing, account, ticket);
  return after.kind === 'booked' ? heard(deps, after) : after;
}

interface Booked {
  readonly kind: 'booked';
  readonly dispute: Dispute;
}

async function lookAt(
  deps: Deps,
  disputing: Disputing,
  account: Account,
  ticket: DisputeTicket,
): Promise<Booked | Exclude<DisputeLook, { kind: 'open' }>> {
  const read = await disputing.readDispute(account, ticket.reference);
  switch (read.kind) {
    case 'dispute':
      return bookSeen(deps, ticket, read.dispute);
    case 'return':
      await tellOwner(deps, ticket);
      return { kind: 'over', outcome: 'return' };
    case 'unavailable':
      if (read.attention) await callAPerson(deps, ticket, read.why);
      // Temporal looks again, for as long as it takes.
      throw new Error(`${ticket.title} cannot be read: ${read.why}`);
    default:
      return read satisfies never;
  }
}

async function bookSeen(
  deps: Deps,
  { gatewayAccountId }: DisputeTicket,
  seen: SeenDispute,
): Promise<Booked | Exclude<DisputeLook, { kind: 'open' }>> {
  const charge = await findDisputed(deps.db, gatewayAccountId, seen.chargeReference);
  if (charge) return { kind: 'booked', dispute: await bookDispute(deps, charge, seen) };
  // The gateway's clock may be ahead of ours, or say no more than the second.
  const sentBefore = new Date(seen.openedAt + CLOCKS_DIFFER_MS);
  if (await mayStillSucceed(deps.db, gatewayAccountId, sentBefore))
    return { kind: 'too_early', lookAgainAt: deps.clock.business().getTime() + HOUR_MS };
  return { kind: 'over', outcome: 'unknown_charge' };
}

const HOUR_MS = 3_600_000;
const CLOCKS_DIFFER_MS = 60_000;

/** The run that owns the charge asks about it, as after any webhook. */
async function tellOwner({ db, launch, tempo }: Deps, ticket: DisputeTicket): Promise<void> {
  const chargeId = await findChargeReported(db, ticket);
  if (!chargeId) return;
  const charge = await readCharge(db, chargeId);
  const renewal = await db.renewal.findUniqueOrThrow({ where: { id: charge.renewalId } });
  const told = ticketFor(charge, charge.account, tempo.chargeTimeoutMs);
  await launch.reportCharge(ownerOf(renewal), told);
}

async function callAPerson(
  { db, clock }: Deps,
  { gatewayAccountId, reference }: DisputeTicket,
  why: string,
): Promise<void> {
  const dispute = await findDispute(db, { gatewayAccountId, reference });
  if (!dispute) return;
  const next = 'It is read again every few minutes';
  await raiseDisputeAttention(db, dispute, { why, next }, clock.business());
}

async function heard({ db, clock }: Deps, { dispute }: Booked): Promise<DisputeLook> {
  const status = dispute.status as DisputeStatus;
  if (!isOpenDispute(status)) return { kind: 'over', outcome: status as 'won' | 'lost' | 'closed' };
  const card = cardOf(dispute, await evidenceStateOf(db, dispute));
  return { kind: 'open', card, lookAgainAt: lookAgainAt(card, clock.business().getTime()) };
}
