/** Charges: planned, claimed by one sender, settled once. See charging.md's numbered rules in docs/charging.md. */
import type { ChargeOutcome, ChargeStatus, ChargeTicket } from '../domain/charge.js';
import { OPEN_CHARGE, isOpen } from '../domain/charge.js';
import type { Decline } from '../domain/decline.js';
import type { ChargeId } from '../domain/ids.js';
import type { Candidate } from './candidate.js';
import { type Tx, fieldNames, violatesUnique } from './client.js';
import type { Charge, GatewayAccount, Prisma } from './generated/client.js';
import { newId } from './new-id.js';
import type { Renewal } from './renewal.js';

export type { Charge, GatewayAccount };
export type ChargeWithAccount = Charge & { readonly account: GatewayAccount };

const OPEN = [...OPEN_CHARGE];

export function listCharges(tx: Tx, renewalId: string): Promise<Charge[]> {
  return tx.charge.findMany({ where: { renewalId }, orderBy: { ordinal: 'asc' } });
}

export interface NewCharge {
  readonly renewal: Renewal;
  readonly candidate: Candidate;
  readonly round: string;
  readonly ordinal: number;
  readonly request: Prisma.InputJsonObject;
  /** The gateway's object that this charge continues. */
  readonly continues: string | undefined;
  readonly now: Date;
}

export async function insertPlanned(tx: Tx, planned: NewCharge): Promise<Charge> {
  const { renewal, candidate, round, ordinal, request, continues, now } = planned;
  return tx.charge.create({
    data: {
      id: newId('chg'),
      merchantId: renewal.merchantId,
      renewalId: renewal.id,
      paymentMethodId: candidate.paymentMethodId,
      gatewayAccountId: candidate.gatewayAccountId,
      ordinal,
      round,
      candidate: candidate.key,
      amountMinor: renewal.amountMinor,
      currency: renewal.currency,
      request,
      status: 'planned',
      plannedAt: now,
      gatewayReference: continues ?? null,
    },
  });
}

export function ticketFor(
  charge: Charge,
  account: Pick<GatewayAccount, 'lane' | 'name'>,
  timeoutMs: number,
): ChargeTicket {
  const title = `charge ${charge.ordinal} on ${account.name}`;
  return { id: charge.id as ChargeId, lane: account.lane, title, timeoutMs };
}

/**
 * Makes the caller the one first sender of a planned charge. Undefined: somebody else was, or it was canceled, or
 * another charge of the renewal is under way, which the database refuses.
 */
export async function claimCharge(
  tx: Tx,
  chargeId: string,
  { now, keyLives }: { readonly now: Date; readonly keyLives: Readonly<Record<string, number>> },
): Promise<ChargeWithAccount | undefined> {
  const lives = JSON.stringify(keyLives);
  try {
    const rows = await tx.$queryRaw<Record<string, unknown>[]>`
      update charge c set status = 'submitted', first_sent_at = ${now}, key_valid_until =
        ${now}::timestamptz + (${lives}::jsonb ->> a.gateway)::bigint * interval '1 millisecond'
      from gateway_account a
      where c.id = ${chargeId} and c.status = 'planned' and a.id = c.gateway_account_id
      returning c.*, to_jsonb(a) as account`;
    return rows[0] && withAccount(rows[0]);
  } catch (error) {
    if (violatesUnique(error, 'one_live_charge')) return undefined;
    throw error;
  }
}

export async function readCharge(tx: Tx, chargeId: string): Promise<ChargeWithAccount> {
  const rows = await tx.$queryRaw<Record<string, unknown>[]>`
    select c.*, to_jsonb(a) as account from charge c
    join gateway_account a on a.id = c.gateway_account_id where c.id = ${chargeId}`;
  if (!rows[0]) throw new Error(`There is no charge ${chargeId}`);
  return withAccount(rows[0]);
}

function withAccount(row: Record<string, unknown>): ChargeWithAccount {
  const charge = fieldNames<ChargeWithAccount>(row);
  return { ...charge, account: fieldNames<GatewayAccount>(row['account'] as object) };
}

/**
 * Commits how the gateway's object stood before the first send; the first one to say so is believed. Answers what
 * holds, or undefined when the charge is no longer open.
 */
export async function recordBaseline(
  tx: Tx,
  chargeId: string,
  baseline: object,
): Promise<object | undefined> {
  const rows = await tx.$queryRaw<{ baseline: object }[]>`
    update charge set baseline = coalesce(baseline, ${JSON.stringify(baseline)}::jsonb)
    where id = ${chargeId} and status in ('submitted', 'pending', 'unknown') returning baseline`;
  return rows[0]?.baseline;
}

/** Commits that the charge is sent once more. False: it is decided, and must not be. */
export async function recordResend(tx: Tx, chargeId: string, now: Date): Promise<boolean> {
  const { count } = await tx.charge.updateMany({
    where: { id: chargeId, status: { in: OPEN } },
    data: { resentAt: now },
  });
  return count === 1;
}

export interface Settlement {
  readonly status: Exclude<ChargeStatus, 'planned' | 'submitted' | 'canceled'>;
  readonly reference?: string | undefined;
  readonly chargeReference?: string | undefined;
  readonly decline?: Decline | undefined;
  readonly reason?: string | undefined;
  readonly parks?: boolean | undefined;
  readonly serverError?: boolean | undefined;
  /** Only the claiming execution's own, only send may be settled this way. */
  readonly ifSentOnce?: boolean | undefined;
}

/** Writes what became of an open charge. Undefined: it was decided before, and that stands. */
export async function settleOpen(
  tx: Tx,
  chargeId: string,
  result: Settlement,
  now: Date,
): Promise<Charge | undefined> {
  const open = result.ifSentOnce
    ? { status: 'submitted', resentAt: null }
    : { status: { in: OPEN } };
  const settled = await tx.charge.updateManyAndReturn({
    where: { id: chargeId, ...open },
    data: {
      status: result.status,
      ...(result.reference && { gatewayReference: result.reference }),
      ...(result.chargeReference && { gatewayChargeReference: result.chargeReference }),
      ...(result.decline && { decline: result.decline as unknown as Prisma.InputJsonObject }),
      ...(result.reason && { reason: result.reason.slice(0, 500) }),
      ...(result.parks && { parks: true }),
      ...(result.serverError && { serverErrors: { increment: 1 } }),
      ...(!isOpen(result.status) && { settledAt: now }),
    },
  });
  return settled[0];
}

export async function markSurplus(tx: Tx, id: string): Promise<void> {
  await tx.charge.update({ where: { id }, data: { surplus: true } });
}

/** The gateway's objects of a renewal's other charges on the same account. */
export async function listOtherReferences(
  tx: Tx,
  { id, renewalId, gatewayAccountId }: Charge,
): Promise<string[]> {
  const others = await tx.charge.findMany({
    where: { renewalId, gatewayAccountId, id: { not: id }, gatewayReference: { not: null } },
    select: { gatewayReference: true },
  });
  return others.map(({ gatewayReference }) => gatewayReference!);
}

/** Money that arrived for a charge already decided: a row of its own, for the first row never changes. */
export async function insertFound(
  tx: Tx,
  from: Charge,
  found: { readonly chargeReference: string; readonly ordinal: number; readonly surplus: boolean },
  now: Date,
): Promise<Charge> {
  return tx.charge.create({
    data: {
      id: newId('chg'),
      merchantId: from.merchantId,
      renewalId: from.renewalId,
      paymentMethodId: from.paymentMethodId,
      gatewayAccountId: from.gatewayAccountId,
      amountMinor: from.amountMinor,
      currency: from.currency,
      ordinal: found.ordinal,
      round: `found ${found.chargeReference}`,
      candidate: from.candidate,
      request: {},
      status: 'succeeded',
      plannedAt: now,
      settledAt: now,
      gatewayReference: from.gatewayReference,
      gatewayChargeReference: found.chargeReference,
      surplus: found.surplus,
      foundFrom: from.id,
    },
  });
}

/** What a charge's row says, as a workflow hears it. */
export function outcomeOf(charge: Charge, askAgainMs: number): ChargeOutcome {
  const status = charge.status as ChargeStatus;
  switch (status) {
    case 'succeeded':
    case 'canceled':
      return { kind: status };
    case 'declined':
      return { kind: 'declined', decline: charge.decline as unknown as Decline };
    case 'not_sent':
      return { kind: 'not_sent', why: charge.reason ?? '', parks: charge.parks };
    case 'unknown':
      return { kind: 'unknown', why: charge.reason ?? 'No answer yet', askAgainMs };
    case 'planned':
    case 'submitted':
    case 'pending':
      return { kind: 'pending', askAgainMs };
    default:
      return status satisfies never;
  }
}
