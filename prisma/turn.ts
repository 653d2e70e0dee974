/** Turns: the queue of an account's sends, kept in its row so that all workers stand in the same one. */
import { Prisma } from './generated/client.js';
import type { Tx } from './client.js';

/** From one send to the next, and a quarter more: between a turn and its first byte lie a claim, timers and the network. */
const GAP = Prisma.sql`interval '1.25 seconds' / a.sends_per_second`;

/** The charge's place in the queue, kept in its row: one gap after the last one given out. */
export async function reserveTurn(tx: Tx, chargeId: string, now: Date): Promise<Date | null> {
  const rows = await tx.$queryRaw<{ sendAt: Date }[]>`
    with turn as (
      update gateway_account a set next_send_at =
        greatest(a.next_send_at, ${now}::timestamptz) + ${GAP}
      from charge c
      where c.id = ${chargeId} and a.id = c.gateway_account_id and a.sends_per_second is not null
      returning a.next_send_at - ${GAP} as at)
    update charge set send_at = turn.at from turn
    where charge.id = ${chargeId} and charge.status = 'planned'
    returning charge.send_at as "sendAt"`;
  return rows[0]?.sendAt ?? null;
}

/** The moment at which the next byte may leave. Undefined: that would be too far off, and it is left to others. */
export async function reserveMoment(
  tx: Tx,
  accountId: string,
  now: Date,
  withinMs: number,
): Promise<Date | undefined> {
  const latest = new Date(now.getTime() + withinMs);
  const rows = await tx.$queryRaw<{ at: Date }[]>`
    update gateway_account a set next_byte_at = greatest(a.next_byte_at, ${now}::timestamptz) + ${GAP}
    where a.id = ${accountId} and coalesce(a.next_byte_at, ${now}::timestamptz) <= ${latest}::timestamptz
    returning a.next_byte_at - ${GAP} as at`;
  return rows[0]?.at;
}

export async function keepQuiet(tx: Tx, accountId: string, until: Date): Promise<void> {
  await tx.$executeRaw`
    update gateway_account set quiet_until = greatest(quiet_until, ${until}::timestamptz),
      next_send_at = greatest(next_send_at, ${until}::timestamptz)
    where id = ${accountId}`;
}
