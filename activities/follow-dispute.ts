/**
 * Following a dispute: each look asks the gateway how it stands, and makes facts of what is new.
 *
 * A look carries no verdict of its own and can be repeated at any time: whatever it finds is booked once.
 */
import {
  type DisputeLook,
  type DisputeName,
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
  lastReportedAt,
  mayStillSucceed,
  raiseDisputeAttention,
} from '../prisma/dispute.js';
import { evidenceStateOf } from '../prisma/evidence.js';
import { ownerOf } from '../temporal/owner.js';
import { bookDispute } from './book-dispute.js';
import type { Deps } from './deps.js';
import { sendEvidence } from './send-evidence.js';

export async function readDisputeTicket(
  { db, tempo }: Deps,
  { gatewayAccountId: id, reference }: DisputeName,
): Promise<DisputeTicket> {
  const { lane, name } = await db.gatewayAccount.findUniqueOrThrow({ where: { id } });
  return { lane, title: titleOf(reference, name), timeoutMs: tempo.chargeTimeoutMs };
}

function titleOf(reference: string, account: string): string {
  return `dispute ${reference} on ${account}`;
}

export async function followDispute(deps: Deps, name: DisputeName): Promise<DisputeLook> {
  const { db } = deps;
  const row = await db.gatewayAccount.findUniqueOrThrow({ where: { id: name.gatewayAccountId } });
  const { disputing } = deps.gateways(row.gateway);
  if (!disputing) throw new Error(`${row.gateway} tells nothing about disputes`);
  const account = deps.accountFor(row);
  const look = await lookAt(deps, disputing, account, name);
  if (look.kind !== 'booked') return look;
  // What was handed in changes what the gateway says: one more look, and no more than one.
  if (!(await sendEvidence(deps, disputing, account, look.dispute))) return heard(deps, look);
  const after = await lookAt(deps, disputing, account, name);
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
  name: DisputeName,
): Promise<Booked | DisputeLook> {
  const read = await disputing.readDispute(account, name.reference);
  switch (read.kind) {
    case 'dispute':
      return bookSeen(deps, name, read.dispute);
    case 'return':
      await tellOwner(deps, name);
      return { kind: 'over', outcome: 'return' };
    case 'absent':
      return absent(deps, name, read.why);
    case 'unavailable':
      if (read.attention) await callAPerson(deps, name, read.why, 'It is read again by itself');
      // Temporal looks again, for as long as it takes.
      throw new Error(`The ${titleOf(name.reference, account.name)} cannot be read: ${read.why}`);
    default:
      return read satisfies never;
  }
}

async function bookSeen(
  deps: Deps,
  { gatewayAccountId }: DisputeName,
  seen: SeenDispute,
): Promise<Booked | DisputeLook> {
  const charge = await findDisputed(deps.db, gatewayAccountId, seen.chargeReference);
  if (charge) return { kind: 'booked', dispute: await bookDispute(deps, charge, seen) };
  // The gateway's clock may be ahead of ours, or say no more than the second.
  const sentBefore = new Date(seen.openedAt + CLOCKS_DIFFER_MS);
  if (await mayStillSucceed(deps.db, gatewayAccountId, sentBefore))
    return tooEarly(deps, 'Its charge may still be under way here');
  return { kind: 'over', outcome: 'unknown_charge' };
}

/** A name that just came by webhook may be known to a part of the gateway only. One that is in our books was known. */
async function absent(deps: Deps, name: DisputeName, why: string): Promise<DisputeLook> {
  const next = 'It is looked for once a day: see whether these are the credentials of its account';
  const dispute = await callAPerson(deps, name, `The gateway does not know it: ${why}`, next);
  if (dispute) return heard(deps, { kind: 'booked', dispute });
  const reported = await lastReportedAt(deps.db, name);
  if (reported && deps.clock.business().getTime() < reported.getTime() + DAY_MS)
    return tooEarly(deps, 'The gateway does not know it, and told of it within the last day');
  return { kind: 'over', outcome: 'not_found' };
}

function tooEarly({ clock }: Deps, why: string): DisputeLook {
  return { kind: 'too_early', why, lookAgainAt: clock.business().getTime() + HOUR_MS };
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const CLOCKS_DIFFER_MS = 60_000;

/** The run that owns the charge asks about it, as after any webhook. */
async function tellOwner({ db, launch, tempo }: Deps, name: DisputeName): Promise<void> {
  const chargeId = await findChargeReported(db, name);
  if (!chargeId) return;
  const charge = await readCharge(db, chargeId);
  const renewal = await db.renewal.findUniqueOrThrow({ where: { id: charge.renewalId } });
  const told = ticketFor(charge, charge.account, tempo.chargeTimeoutMs);
  await launch.reportCharge(ownerOf(renewal), told);
}

/** Undefined: it is not in our books, and its run shows why. */
async function callAPerson(
  { db, clock }: Deps,
  name: DisputeName,
  why: string,
  next: string,
): Promise<Dispute | undefined> {
  const dispute = await findDispute(db, name);
  if (!dispute || !isOpenDispute(dispute.status as DisputeStatus)) return dispute ?? undefined;
  return raiseDisputeAttention(db, dispute, { why, next }, clock.business());
}

async function heard({ db, clock }: Deps, { dispute }: Booked): Promise<DisputeLook> {
  const status = dispute.status as DisputeStatus;
  if (!isOpenDispute(status)) return { kind: 'over', outcome: status as 'won' | 'lost' | 'closed' };
  const card = cardOf(dispute, await evidenceStateOf(db, dispute));
  return { kind: 'open', card, lookAgainAt: lookAgainAt(card, clock.business().getTime()) };
}
