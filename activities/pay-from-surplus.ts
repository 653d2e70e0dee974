/** Money that nobody had owed, and that we still hold, pays the renewal it came for when that is owed again. */
import { clearSurplusAttention, findHeldSurplus, unmarkSurplus } from '../prisma/surplus.js';
import type { Tx } from '../prisma/client.js';
import { postSurplusApplied } from '../prisma/ledger.js';
import { type Renewal, recordRenewalEvent } from '../prisma/renewal.js';

/** False: none is held, or it is another sum. */
export async function payFromSurplus(tx: Tx, renewal: Renewal, now: Date): Promise<boolean> {
  const held = await findHeldSurplus(tx, renewal);
  if (!held) return false;
  const applied = await unmarkSurplus(tx, held.id);
  await postSurplusApplied(tx, applied, renewal.customerId, now);
  await clearSurplusAttention(tx, renewal.id);
  await recordRenewalEvent(tx, renewal, 'renewal.surplus_applied', now);
  return true;
}
