/**
 * Healing: what two books disagree about is put right by asking the gateway again, in the ways in which every webhook
 * is followed. A line of its books is believed only about money that arrived and that nothing else can tell of.
 */
import { type ChargeStatus, isOpen } from '../domain/charge.js';
import { type Difference, type Side, isHealable } from '../domain/difference.js';
import { disputeWorkflowId } from '../domain/workflow-ids.js';
import type { ReconcileTicket } from '../domain/reconciliation.js';
import { sameMoney, money } from '../domain/money.js';
import { type Charge, listCharges, readCharge, ticketFor } from '../prisma/charge.js';
import {
  type Difference as Row,
  asFound,
  handToPerson,
  listStanding,
} from '../prisma/difference.js';
import type { GatewayAccount } from '../prisma/gateway-account.js';
import type { RunAddress } from '../temporal/launch.js';
import { ownerOf } from '../temporal/owner.js';
import { adoptRefunds } from './adopt-refunds.js';
import { bookFound } from './book-found.js';
import { resolveCharge } from './charge.js';
import type { Deps } from './deps.js';
import { sendOwedTo } from './dispatch.js';
import { followDispute } from './follow-dispute.js';
import { followRefund } from './refund.js';

const PAGE = 100;
/** A refund or a dispute can be booked only once its charge is. */
const ORDER = ['charge', 'refund', 'dispute'] as const;

export interface Healing {
  readonly ticket: ReconcileTicket;
  readonly at?: HealingPlace | undefined;
}

interface HealingPlace {
  readonly object: (typeof ORDER)[number];
  readonly after: string;
}

export interface Healed {
  /** Where to go on; absent at the end. */
  readonly next?: HealingPlace | undefined;
}

/** Tries to put right what stands. Whether that has worked, the next comparison says. */
export async function healDifferences(deps: Deps, { ticket, at }: Healing): Promise<Healed> {
  const { db } = deps;
  const { gatewayAccountId } = ticket;
  const account = await db.gatewayAccount.findUniqueOrThrow({ where: { id: gatewayAccountId } });
  const place = at ?? { object: ORDER[0], after: '' };
  const page = await listStanding(db, gatewayAccountId, place.after, PAGE);
  for (const row of page) {
    deps.alive();
    const difference = asFound(row);
    if (difference.object !== place.object || !isHealable(difference)) continue;
    const note = await tryOne(deps, account, difference);
    if (note !== undefined) await handToPerson(db, row.id, `${row.why}. ${note}`);
  }
  return { next: nextPlace(place, page) };
}

function nextPlace({ object }: HealingPlace, page: readonly Row[]): HealingPlace | undefined {
  if (page.length === PAGE) return { object, after: page.at(-1)!.id };
  const following = ORDER[ORDER.indexOf(object) + 1];
  return following && { object: following, after: '' };
}

/** Undefined: it was tried. Else why not, for the person who has to. One that fails keeps no other back. */
async function tryOne(
  deps: Deps,
  account: GatewayAccount,
  difference: Difference,
): Promise<string | undefined> {
  try {
    switch (difference.object) {
      case 'charge':
        return await healCharge(deps, account, difference);
      case 'refund':
        return await healRefund(deps, account, difference);
      case 'dispute':
        return await healDispute(deps, account, difference);
      default:
        return difference.object satisfies never;
    }
  } catch (error) {
    return `It could not be healed: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function healCharge(
  deps: Deps,
  account: GatewayAccount,
  { type, chargeId, renewalId, reference, theirs }: Difference,
): Promise<string | undefined> {
  const charge =
    type === 'status' && chargeId
      ? await readCharge(deps.db, chargeId)
      : await newestHere(deps, account, renewalId!);
  if (!charge) return `No charge of ${renewalId} is of ${account.name}`;
  const owner = ownerOf(await readRenewal(deps, charge.renewalId));
  // What was never sent must not be sent now: its money is there.
  if (charge.firstSentAt) await resolveCharge(deps, charge.id);
  if (!(await isBooked(deps, account, reference)) && theirs)
    if (!(await bookSeen(deps, charge, reference, theirs)))
      return 'The payment is of another amount than the charge it would belong to';
  await tellOwner(deps, owner, charge.id);
  return undefined;
}

/** The last that was sent; after a restore of the database perhaps none was, as far as it knows. */
async function newestHere({ db }: Deps, { id }: GatewayAccount, renewalId: string) {
  const charges = await listCharges(db, renewalId);
  const here = charges.filter(({ gatewayAccountId }) => gatewayAccountId === id);
  return here.findLast(({ firstSentAt }) => firstSentAt) ?? here.at(-1);
}

async function isBooked({ db }: Deps, { id }: GatewayAccount, reference: string): Promise<boolean> {
  const booked = { gatewayAccountId: id, gatewayChargeReference: reference, status: 'succeeded' };
  return (await db.charge.count({ where: booked })) > 0;
}

/** Asked by its own name the charge knows nothing of this payment: the gateway's books have it, and it is settled there. */
async function bookSeen(
  deps: Deps,
  charge: Charge,
  chargeReference: string,
  { amount, objectReference: reference }: Side,
): Promise<boolean> {
  const fresh = await readCharge(deps.db, charge.id);
  if (isOpen(fresh.status as ChargeStatus)) return true;
  if (!sameMoney(amount, money(Number(charge.amountMinor), charge.currency))) return false;
  await bookFound(deps, fresh, { reference, chargeReference });
  return true;
}

/** The run that was at work on the renewal looks again, and finds it paid; the periods that waited for it are woken. */
async function tellOwner(deps: Deps, owner: RunAddress, chargeId: string): Promise<void> {
  const { db, launch, tempo } = deps;
  const charge = await readCharge(db, chargeId);
  const { subscriptionId } = await readRenewal(deps, charge.renewalId);
  await sendOwedTo(deps, subscriptionId);
  if (!(await launch.isRunning(owner.workflowId))) return;
  await launch.reportCharge(owner, ticketFor(charge, charge.account, tempo.chargeTimeoutMs));
}

function readRenewal({ db }: Deps, id: string) {
  return db.renewal.findUniqueOrThrow({ where: { id } });
}

async function healRefund(
  deps: Deps,
  { id: gatewayAccountId }: GatewayAccount,
  { refundId, chargeId, theirs }: Difference,
): Promise<string | undefined> {
  if (refundId) {
    await followRefund(deps, refundId);
    return undefined;
  }
  const gatewayChargeReference = theirs?.chargeReference ?? '';
  const booked = await deps.db.charge.findFirst({
    where: { gatewayAccountId, gatewayChargeReference, status: 'succeeded' },
  });
  const refunded = booked?.id ?? chargeId;
  if (!refunded) return 'The payment that was refunded is not in our books';
  await adoptRefunds(deps, refunded);
  return undefined;
}

/** Its own run follows it from then on. A line that does not name it tells at least which charge to ask about. */
async function healDispute(
  deps: Deps,
  { id: gatewayAccountId, merchantId }: GatewayAccount,
  { reference, chargeId }: Difference,
): Promise<string | undefined> {
  const name = { gatewayAccountId, reference };
  const look = await followDispute(deps, name).catch((error: unknown) => error as Error);
  if (look instanceof Error || look.kind !== 'open') {
    if (chargeId) await resolveCharge(deps, chargeId);
    return look instanceof Error ? `It could not be read: ${look.message}` : undefined;
  }
  await deps.launch.start({
    merchantId,
    workflowType: 'dispute',
    workflowId: disputeWorkflowId(gatewayAccountId, reference),
    input: name,
  });
  return undefined;
}
