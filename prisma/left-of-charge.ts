/** What of a charge's money is still there, as our rows have it. */
import type { Tx } from './client.js';
import type { Charge } from './generated/client.js';

/**
 * Minor units that are neither given back nor away with another dispute. Read under the renewal's lock. `besides`: the
 * dispute that asks.
 */
export async function leftOfCharge(
  tx: Tx,
  { id, amountMinor, currency }: Pick<Charge, 'id' | 'amountMinor' | 'currency'>,
  besides: string,
): Promise<number> {
  const [row] = await tx.$queryRaw<{ gone: bigint }[]>`
    select ((select coalesce(sum(amount_minor), 0) from refund
        where charge_id = ${id} and status = 'succeeded' and currency = ${currency})
      + (select coalesce(sum(amount_minor), 0) from dispute
        where charge_id = ${id} and id <> ${besides} and withdrawn_at is not null and reinstated_at is null
          and currency = ${currency}))::bigint as gone`;
  return Math.max(0, Number(amountMinor) - Number(row!.gone));
}
