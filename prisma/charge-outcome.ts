/** What became of a charge: written once, and never changed but by money that went back. */
import type { ChargeOutcome, ChargeStatus } from '../domain/charge.js';
import { isOpen } from '../domain/charge.js';
import type { Decline } from '../domain/decline.js';
import type { Money } from '../domain/money.js';
import type { Charge } from './charge.js';
import type { Tx } from './client.js';
import type { Prisma } from './generated/client.js';
import { newId } from './new-id.js';
import { OPEN } from './open-status.js';

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

/** The charge of this renewal and account that got the money under the gateway's name of it. */
export function findPaid(
  tx: Tx,
  { renewalId, gatewayAccountId, gatewayReference }: Charge,
  chargeReference: string | undefined,
): Promise<Charge | null> {
  const named = chargeReference
    ? { gatewayChargeReference: chargeReference }
    : { gatewayReference };
  return tx.charge.findFirst({
    where: { renewalId, gatewayAccountId, status: 'succeeded', ...named },
  });
}

/** The money of a succeeded charge went back. Undefined: that was known, or it never succeeded. */
export async function markReversed(tx: Tx, id: string, now: Date): Promise<Charge | undefined> {
  const rows = await tx.charge.updateManyAndReturn({
    where: { id, status: 'succeeded', reversedAt: null },
    data: { reversedAt: now },
  });
  return rows[0];
}

/** Money that arrived for a charge already decided: a row of its own, for the first row never changes. */
export async function insertFound(
  tx: Tx,
  from: Charge,
  found: {
    /** The gateway's books need not name the object that a payment was made on. */
    readonly reference: string | undefined;
    readonly chargeReference: string;
    readonly ordinal: number;
    readonly surplus: boolean;
    /** Where it is another than was asked for. */
    readonly amount?: Money;
  },
  now: Date,
): Promise<Charge> {
  return tx.charge.create({
    data: {
      id: newId('chg'),
      merchantId: from.merchantId,
      renewalId: from.renewalId,
      paymentMethodId: from.paymentMethodId,
      gatewayAccountId: from.gatewayAccountId,
      amountMinor: found.amount?.amountMinor ?? from.amountMinor,
      currency: found.amount?.currency ?? from.currency,
      ordinal: found.ordinal,
      round: `found ${found.chargeReference}`,
      candidate: from.candidate,
      request: from.request as Prisma.InputJsonValue,
      ...(from.baseline !== null && { baseline: from.baseline as Prisma.InputJsonValue }),
      firstSentAt: from.firstSentAt,
      status: 'succeeded',
      plannedAt: now,
      settledAt: now,
      gatewayReference: found.reference ?? null,
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
