import type { RenewalStatus } from '../domain/renewal.js';
import { type Charge } from '../prisma/charge.js';
import { markSurplus } from '../prisma/charge-outcome.js';
import type { Tx } from '../prisma/client.js';
import { type Renewal, payRenewal, raiseAttention, recordRenewalEvent } from '../prisma/renewal.js';

/** Money is booked, never refused: it pays what is owed, and what is not owed is a surplus for a person to decide. */
export async function takeMoney(
  tx: Tx,
  renewal: Renewal,
  charge: Charge,
  now: Date,
): Promise<void> {
  if (owed(renewal)) return payRenewal(tx, renewal, now);
  await markSurplus(tx, charge.id);
  const why = `Money arrived for a renewal that is ${renewal.status} (charge ${charge.id})`;
  const next = 'Nothing: decide whether to refund it';
  await raiseAttention(tx, renewal.id, { why, next }, now, 'always');
  await recordRenewalEvent(tx, renewal, 'renewal.surplus_payment', now);
}

export function owed({ status }: Renewal): boolean {
  return PAYABLE.includes(status);
}

export const PAYABLE: readonly string[] = [
  'collecting',
  'past_due',
  'unpaid',
] satisfies RenewalStatus[];
