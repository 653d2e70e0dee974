import { DomainError } from '../domain/errors.js';
import type { RenewalStatus } from '../domain/renewal.js';
import { type Charge } from '../prisma/charge.js';
import { markSurplus } from '../prisma/charge-outcome.js';
import type { Tx } from '../prisma/client.js';
import { postCharge } from '../prisma/ledger.js';
import { derivedId } from '../prisma/new-id.js';
import { type Renewal, payRenewal, raiseAttention, recordRenewalEvent } from '../prisma/renewal.js';
import { readSettings } from '../prisma/settings.js';
import { SURPLUS_CALL } from '../prisma/surplus.js';
import type { Deps } from './deps.js';
import { planRefund } from './plan-refund.js';

/** Money is booked, never refused: it pays what is owed, and what is not owed is a surplus for a person to decide. */
export async function takeMoney(
  deps: Pick<Deps, 'gateways'>,
  tx: Tx,
  renewal: Renewal,
  charge: Charge,
  now: Date,
): Promise<void> {
  const surplus = !owed(renewal);
  await postCharge(tx, { ...charge, surplus }, renewal.customerId, now);
  if (!surplus) return payRenewal(tx, renewal, now);
  await markSurplus(tx, charge.id);
  const why = `${SURPLUS_CALL} that is ${renewal.status} (charge ${charge.id})`;
  const refundId = await refundByPolicy(deps, tx, charge, now);
  const next = refundId
    ? `It is refunded by itself (${refundId})`
    : 'Nothing: decide whether to refund it';
  await raiseAttention(tx, renewal.id, { why, next }, now, 'always');
  await recordRenewalEvent(tx, renewal, 'renewal.surplus_payment', now);
}

/** What cannot be refunded through the gateway's API is held for a person, whatever the policy. */
async function refundByPolicy(
  deps: Pick<Deps, 'gateways'>,
  tx: Tx,
  { id: chargeId, merchantId, plannedAt }: Charge,
  now: Date,
): Promise<string | undefined> {
  if ((await readSettings(tx, merchantId)).surplus === 'hold') return undefined;
  const why = { kind: 'duplicate', reason: 'Nobody owed this money when it arrived' } as const;
  const id = derivedId('rfd', plannedAt.getTime(), chargeId, 'surplus');
  try {
    const wish = { id, chargeId, origin: 'policy', ...why } as const;
    return (await planRefund(deps, tx, wish, now)).refund.id;
  } catch (error) {
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}

export function owed({ status }: Renewal): boolean {
  return PAYABLE.includes(status);
}

export const PAYABLE: readonly string[] = [
  'collecting',
  'past_due',
  'unpaid',
] satisfies RenewalStatus[];
