/** Surplus: money of a renewal that nobody owed when it arrived. */
import type { Charge } from './charge.js';
import { type Tx, fieldNames } from './client.js';
import { OPEN_DISPUTE_SQL } from './open-status.js';
import type { Renewal } from './renewal.js';

/** How the call for a person begins; by it the call is known when nothing is left to decide. */
export const SURPLUS_CALL = 'Money arrived for a renewal';

/** A charge whose money is the very sum of the renewal, undisputed, and not given back or promised to be. */
export async function findHeldSurplus(tx: Tx, renewal: Renewal): Promise<Charge | undefined> {
  const rows = await tx.$queryRaw<Record<string, unknown>[]>`
    select c.* from charge c
    where c.renewal_id = ${renewal.id} and c.surplus and c.status = 'succeeded' and c.reversed_at is null
      and c.amount_minor = ${renewal.amountMinor} and c.currency = ${renewal.currency}
      and not exists (select 1 from refund r where r.charge_id = c.id and r.status not in ('failed', 'canceled'))
      and not exists (select 1 from dispute d where d.charge_id = c.id and (d.status = 'lost' or
        d.status in ${OPEN_DISPUTE_SQL}))
    order by c.ordinal limit 1`;
  return rows[0] && fieldNames<Charge>(rows[0]);
}

export function unmarkSurplus(tx: Tx, id: string): Promise<Charge> {
  return tx.charge.update({ where: { id }, data: { surplus: false } });
}

/** Nothing of the kind is left for a person to decide, unless more of it is held. */
export async function clearSurplusAttention(tx: Tx, renewalId: string): Promise<void> {
  await tx.$executeRaw`
    update renewal r set needs_attention = null
    where r.id = ${renewalId} and r.needs_attention->>'why' like ${`${SURPLUS_CALL}%`}
      and not exists (select 1 from charge c where c.renewal_id = r.id and c.surplus and c.reversed_at is null
        and c.amount_minor > (select coalesce(sum(f.amount_minor), 0) from refund f
          where f.charge_id = c.id and f.status = 'succeeded'))`;
}
