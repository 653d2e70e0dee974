/** Charges: planned, claimed by one sender, settled once. See charging.md's numbered rules in docs/charging.md. */
import type { ChargeTicket } from '../domain/charge.js';
import type { ChargeId } from '../domain/ids.js';
import type { Candidate } from './candidate.js';
import { type Tx, fieldNames, violatesUnique } from './client.js';
import type { Charge, GatewayAccount, Prisma } from './generated/client.js';
import { derivedId } from './new-id.js';
import { OPEN, OPEN_SQL } from './open-status.js';
import type { Renewal } from './renewal.js';

export type { Charge, GatewayAccount };
export type ChargeWithAccount = Charge & { readonly account: GatewayAccount };

export function listCharges(tx: Tx, renewalId: string): Promise<Charge[]> {
  return tx.charge.findMany({ where: { renewalId }, orderBy: { ordinal: 'asc' } });
}

/** The one that a gateway may still decide. */
export function findOpenCharge(tx: Tx, renewalId: string): Promise<Charge | null> {
  return tx.charge.findFirst({ where: { renewalId, status: { in: OPEN } } });
}

export interface NewCharge {
  readonly id: string;
  readonly renewal: Renewal;
  readonly candidate: Candidate;
  readonly round: string;
  readonly ordinal: number;
  readonly request: object;
  /** The gateway's object that this charge continues. */
  readonly continues?: string | undefined;
  /** Set when the customer completes it on a page. */
  readonly page?: PageLink | undefined;
  readonly now: Date;
}

interface PageLink {
  readonly secretHash: string;
  readonly expiresAt: Date;
  readonly addresses: PageAddresses;
}

export interface PageAddresses {
  readonly returnUrl: string;
  readonly cancelUrl: string;
}

export async function insertPlanned(tx: Tx, planned: NewCharge): Promise<Charge> {
  const { id, renewal, candidate, round, ordinal, request, continues, page, now } = planned;
  return tx.charge.create({
    data: {
      id,
      merchantId: renewal.merchantId,
      renewalId: renewal.id,
      paymentMethodId: candidate.id,
      gatewayAccountId: candidate.accountId,
      why: candidate.why,
      fallback: candidate.isFallback,
      ordinal,
      round,
      candidate: candidate.key,
      amountMinor: renewal.amountMinor,
      currency: renewal.currency,
      request: request as Prisma.InputJsonObject,
      status: 'planned',
      plannedAt: now,
      gatewayReference: continues ?? null,
      ...(page && {
        pageSecretHash: page.secretHash,
        pageExpiresAt: page.expiresAt,
        pageAddresses: { ...page.addresses },
      }),
    },
  });
}

/** The id of a renewal's next charge, and the key under which a gateway will know it. */
export function chargeIdOf({ id, periodStart }: Renewal, ordinal: number): ChargeId {
  return derivedId('chg', periodStart.getTime(), id, String(ordinal));
}

export function ticketFor(
  charge: Charge,
  account: Pick<GatewayAccount, 'lane' | 'name'>,
  timeoutMs: number,
): ChargeTicket {
  const title = `charge ${charge.ordinal} on ${account.name}`;
  return { id: charge.id as ChargeId, lane: account.lane, title, timeoutMs };
}

interface Claim {
  /** From when on its key lives. */
  readonly now: Date;
  /** The machine's own clock, by which gateways are spared. */
  readonly machineNow: Date;
  readonly keyLives: Readonly<Record<string, number>>;
  readonly turn: Turn;
}

/**
 * Whether it is this charge's turn on an account whose sends are spaced: it was not asked, it has come, or it does not
 * matter because the charge will be held back.
 */
export type Turn = 'unasked' | 'in_turn' | 'held_back';

/**
 * Makes the caller the one first sender of a planned charge. Undefined: somebody else was, or it was canceled, or its
 * turn has not come, or another charge of the renewal is under way, which the database refuses.
 */
export async function claimCharge(
  tx: Tx,
  chargeId: string,
  { now, machineNow, keyLives, turn }: Claim,
): Promise<ChargeWithAccount | undefined> {
  const lives = JSON.stringify(keyLives);
  try {
    const rows = await tx.$queryRaw<Record<string, unknown>[]>`
      update charge c set status = 'submitted', first_sent_at = ${now}, key_valid_until =
        ${now}::timestamptz + (${lives}::jsonb ->> a.gateway)::bigint * interval '1 millisecond'
      from gateway_account a
      where c.id = ${chargeId} and c.status = 'planned' and c.page_secret_hash is null
        and a.id = c.gateway_account_id
        and (${turn}::text = 'held_back' or (
          (a.quiet_until is null or a.quiet_until <= ${machineNow}::timestamptz)
          and (a.sends_per_second is null or ${turn}::text = 'in_turn')))
      returning c.*, to_jsonb(a) as account`;
    return rows[0] && withAccount(rows[0]);
  } catch (error) {
    if (violatesUnique(error, 'one_live_charge')) return undefined;
    throw error;
  }
}

export async function readCharge(tx: Tx, chargeId: string): Promise<ChargeWithAccount> {
  const charge = await findCharge(tx, chargeId);
  if (!charge) throw new Error(`There is no charge ${chargeId}`);
  return charge;
}

/** Undefined: a restored database has lost it. */
export async function findCharge(tx: Tx, chargeId: string): Promise<ChargeWithAccount | undefined> {
  const rows = await tx.$queryRaw<Record<string, unknown>[]>`
    select c.*, to_jsonb(a) as account from charge c
    join gateway_account a on a.id = c.gateway_account_id where c.id = ${chargeId}`;
  return rows[0] && withAccount(rows[0]);
}

/** PostgreSQL's JSON gives the account's instants as text. */
function withAccount(row: Record<string, unknown>): ChargeWithAccount {
  const charge = fieldNames<ChargeWithAccount>(row);
  const account = fieldNames<GatewayAccount>(row['account'] as object);
  const { createdAt, nextSendAt, nextByteAt, quietUntil, reconciledTo } = account;
  return {
    ...charge,
    account: {
      ...account,
      createdAt: new Date(createdAt),
      nextSendAt: nextSendAt && new Date(nextSendAt),
      nextByteAt: nextByteAt && new Date(nextByteAt),
      quietUntil: quietUntil && new Date(quietUntil),
      reconciledTo: reconciledTo && new Date(reconciledTo),
    },
  };
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
    where id = ${chargeId} and status in ${OPEN_SQL} returning baseline`;
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
