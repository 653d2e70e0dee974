/** Turns: the queue of an account's sends, kept in its row so that all workers stand in the same one. */
import type { Tx } from './client.js';

/** A turn that was missed is lost: all those missed in a stall would otherwise be taken at once. */
export const TURN_LASTS_MS = 1_000;

/** The charge's place, kept in its row: one gap after the last one given out, and a little more for late comers. */
export async function reserveTurn(tx: Tx, chargeId: string, now: Date): Promise<Date | null> {
  const rows = await tx.$queryRaw<{ sendAt: Date }[]>`
    with turn as (
      update gateway_account a set next_send_at =
        greatest(a.next_send_at, ${now}::timestamptz) + interval '1.05 seconds' / a.sends_per_second
      from charge c
      where c.id = ${chargeId} and a.id = c.gateway_account_id and a.sends_per_second is not null
      returning a.next_send_at - interval '1.05 seconds' / a.sends_per_second as at)
    update charge set send_at = turn.at from turn
    where charge.id = ${chargeId} and charge.status = 'planned'
    returning charge.send_at as "sendAt"`;
  return rows[0]?.sendAt ?? null;
}

export async function keepQuiet(tx: Tx, accountId: string, until: Date): Promise<void> {
  await tx.$executeRaw`
    update gateway_account set quiet_until = greatest(quiet_until, ${until}::timestamptz),
      next_send_at = greatest(next_send_at, ${until}::timestamptz)
    where id = ${accountId}`;
}
