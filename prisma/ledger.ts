/**
 * The ledger: what each fact about money does to the accounts. A fact is booked in the transaction that writes it, under
 * the lock of its renewal, and at that moment: not when the gateway says that it happened.
 */
import type { Tx } from './client.js';
import {
  type Charge,
  type Dispute,
  type GatewayMovement,
  Prisma,
  type Refund,
  type Renewal,
} from './generated/client.js';
import { type Fact, type LedgerAccount, type LedgerKind, book } from './ledger-transaction.js';

type BookedCharge = Pick<
  Charge,
  'id' | 'merchantId' | 'renewalId' | 'gatewayAccountId' | 'amountMinor' | 'currency' | 'surplus'
>;

/** What the gateway gave back of a charge, or may have to. */
type Given = Pick<Refund | Dispute, 'id' | 'amountMinor' | 'currency'>;

/** A renewal was opened: its customer owes it. */
export async function postRenewalDue(tx: Tx, renewal: Renewal, now: Date): Promise<void> {
  const { amountMinor } = renewal;
  await book(tx, ofRenewal('renewal_due', renewal), ['receivable', 'revenue'], amountMinor, now);
}

/** A renewal was canceled: what is still owed of it was never earned. */
export async function postDebtDropped(tx: Tx, renewal: Renewal, now: Date): Promise<void> {
  const owed = stillOwed(renewal);
  await book(tx, ofRenewal('debt_dropped', renewal), ['revenue', 'receivable'], owed, now);
}

/** A renewal was written off: what is still owed of it was earned, and is lost. */
export async function postWriteOff(tx: Tx, renewal: Renewal, now: Date): Promise<void> {
  const owed = stillOwed(renewal);
  await book(tx, ofRenewal('write_off', renewal), ['bad_debt', 'receivable'], owed, now);
}

/** A charge succeeded. `charge.surplus` must say already whether its money was owed. */
export async function postCharge(
  tx: Tx,
  charge: BookedCharge,
  customerId: string,
  now: Date,
): Promise<void> {
  const fact = ofCharge(charge.surplus ? 'surplus' : 'charge', charge.id, charge, customerId);
  await book(tx, fact, ['gateway', owedOrSurplus(charge)], charge.amountMinor, now);
}

/** Money that nobody had owed pays what is owed again. `charge.surplus` must say already that it is none any more. */
export async function postSurplusApplied(
  tx: Tx,
  charge: BookedCharge,
  customerId: string,
  now: Date,
): Promise<void> {
  const fact = ofCharge('surplus_applied', charge.id, charge, customerId);
  await book(tx, fact, ['surplus', 'receivable'], charge.amountMinor, now);
}

/** The payer's bank took a charge back: what refunds and disputes have left of it. */
export async function postReturn(
  tx: Tx,
  charge: BookedCharge,
  customerId: string,
  now: Date,
): Promise<void> {
  const fact = ofCharge('return', charge.id, charge, customerId);
  await book(tx, fact, [owedOrSurplus(charge), 'gateway'], leftOf(charge), now);
}

/** A refund succeeded. */
export async function postRefund(
  tx: Tx,
  refund: Given,
  charge: BookedCharge,
  customerId: string,
  now: Date,
): Promise<void> {
  const fact = ofGiven('refund', refund, charge, customerId);
  await book(tx, fact, [refundsOrSurplus(charge), 'gateway'], refund.amountMinor, now);
}

/** A refund that had succeeded came back. One that never succeeded moved nothing, and nothing is booked. */
export async function postRefundFailure(
  tx: Tx,
  refund: Given,
  charge: BookedCharge,
  customerId: string,
  now: Date,
): Promise<void> {
  const fact = ofGiven('refund_failed', refund, charge, customerId);
  const back = bookedAs('refund', refund.id);
  await book(tx, fact, ['gateway', refundsOrSurplus(charge)], back, now);
}

/**
 * The gateway took the disputed money away until the bank has decided. Where a return has taken it before, that was no
 * debt of the customer yet.
 */
export async function postDisputeWithdrawn(
  tx: Tx,
  dispute: Given,
  charge: BookedCharge,
  customerId: string,
  now: Date,
): Promise<void> {
  const fact = ofGiven('dispute_withdrawn', dispute, charge, customerId);
  const returned = bookedAs('return', charge.id);
  const loser = Prisma.sql`case when ${returned} > 0 then ${owedOrSurplus(charge)} else 'gateway' end`;
  const amount = Prisma.sql`least(${dispute.amountMinor}::bigint, nullif(${returned}, 0))`;
  await book(tx, fact, ['disputed', loser], amount, now);
}

/** Disputed money that had been withdrawn is back. */
export async function postDisputeReinstated(
  tx: Tx,
  dispute: Given,
  charge: BookedCharge,
  customerId: string,
  now: Date,
): Promise<void> {
  const fact = ofGiven('dispute_reinstated', dispute, charge, customerId);
  await book(tx, fact, ['gateway', 'disputed'], bookedAs('dispute_withdrawn', dispute.id), now);
}

/**
 * Disputed money that had been withdrawn stays away. Where that was the whole charge, or the rest has come back too, its
 * renewal is owed again; a part is lost. Its withdrawal must have been booked, in this transaction at the latest.
 */
export async function postDisputeLost(
  tx: Tx,
  dispute: Given,
  charge: BookedCharge & Pick<Charge, 'reversedAt'>,
  customerId: string,
  now: Date,
): Promise<void> {
  const fact = ofGiven('dispute_lost', dispute, charge, customerId);
  const { currency, amountMinor } = charge;
  const whole = dispute.currency === currency && dispute.amountMinor >= amountMinor;
  const isOwed = whole || charge.reversedAt !== null;
  const loser = charge.surplus || isOwed ? owedOrSurplus(charge) : 'bad_debt';
  await book(tx, fact, [loser, 'disputed'], bookedAs('dispute_withdrawn', dispute.id), now);
}

/** What the gateway kept for a movement in its books. A fee it gave back is negative there, and so it is here. */
export async function postFee(
  tx: Tx,
  movement: GatewayMovement,
  owner: {
    readonly customerId?: string | undefined;
    readonly renewalId?: string | undefined;
    readonly chargeId?: string | undefined;
  },
  now: Date,
): Promise<void> {
  const { id: source, merchantId, gatewayAccountId, currency, feeMinor } = movement;
  const fact = { kind: 'fee', source, merchantId, gatewayAccountId, currency, ...owner } as const;
  await book(tx, fact, ['fees', 'gateway'], feeMinor, now);
}

function ofRenewal(kind: LedgerKind, { id, merchantId, customerId, currency }: Renewal): Fact {
  return { kind, source: id, merchantId, customerId, renewalId: id, currency };
}

function ofCharge(
  kind: LedgerKind,
  source: string,
  { id: chargeId, merchantId, renewalId, gatewayAccountId, currency }: BookedCharge,
  customerId: string,
): Fact {
  return {
    kind,
    source,
    merchantId,
    customerId,
    renewalId,
    chargeId,
    gatewayAccountId,
    currency,
  };
}

function ofGiven(
  kind: LedgerKind,
  { id, currency }: Given,
  charge: BookedCharge,
  customerId: string,
): Fact {
  return { ...ofCharge(kind, id, charge, customerId), currency };
}

function owedOrSurplus({ surplus }: BookedCharge): LedgerAccount {
  return surplus ? 'surplus' : 'receivable';
}

function refundsOrSurplus({ surplus }: BookedCharge): LedgerAccount {
  return surplus ? 'surplus' : 'refunds';
}

function stillOwed({ id, currency }: Renewal): Prisma.Sql {
  return Prisma.sql`greatest(0, (
    select sum(e.amount_minor) from ledger_transaction t join ledger_entry e on e.transaction_id = t.id
    where t.renewal_id = ${id} and e.account = 'receivable' and e.currency = ${currency}))`;
}

/** What is at the gateway of a charge, before fees. */
function leftOf({ id, currency }: BookedCharge): Prisma.Sql {
  return Prisma.sql`greatest(0, (
    select sum(e.amount_minor) from ledger_transaction t join ledger_entry e on e.transaction_id = t.id
    where t.charge_id = ${id} and t.kind <> 'fee' and e.account = 'gateway' and e.currency = ${currency}))`;
}

/** How much of this was booked: 0 if it was not. */
function bookedAs(kind: LedgerKind, source: string): Prisma.Sql {
  return Prisma.sql`coalesce((
    select e.amount_minor from ledger_transaction t join ledger_entry e on e.transaction_id = t.id
    where t.kind = ${kind} and t.source = ${source} and e.amount_minor > 0), 0)`;
}
