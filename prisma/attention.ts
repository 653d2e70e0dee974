/** Needs attention: everything of a merchant that waits for a person, in one list. */
import { DomainError } from '../domain/errors.js';
import type { NeedsAttention } from '../domain/renewal.js';
import type { Tx } from './client.js';
import { Prisma } from './generated/client.js';
import { newId } from './new-id.js';
import type { Page } from './page.js';

export interface Attention extends NeedsAttention {
  readonly object: 'renewal' | 'refund' | 'dispute' | 'webhook_endpoint';
  readonly id: string;
  /** Null for what is not about one renewal. */
  readonly renewalId: string | null;
  readonly status: string;
}

/** Whoever has waited longest comes first. */
export function listAttention(db: Tx, { merchantId, after, limit }: Page): Promise<Attention[]> {
  return db.$queryRaw<Attention[]>`
    with waiting as (${waitingOf(merchantId)})
    select object, id, renewal_id as "renewalId", status,
      needs->>'since' as since, needs->>'why' as why, needs->>'next' as next
    from waiting
    where ${after ?? null}::text is null
      or (needs->>'since', id) > (select w.needs->>'since', w.id from waiting w where w.id = ${after ?? ''})
    order by needs->>'since', id limit ${limit}`;
}

function waitingOf(merchantId: string): Prisma.Sql {
  return Prisma.sql`
    select 'renewal' as object, id, id as renewal_id, status, needs_attention as needs from renewal
      where merchant_id = ${merchantId} and needs_attention is not null
    union all select 'refund', id, renewal_id, status, needs_attention from refund
      where merchant_id = ${merchantId} and needs_attention is not null
    union all select 'dispute', id, renewal_id, status, needs_attention from dispute
      where merchant_id = ${merchantId} and needs_attention is not null
    union all select 'webhook_endpoint', id, null, status, needs_attention from webhook_endpoint
      where merchant_id = ${merchantId} and needs_attention is not null`;
}

export interface Acknowledgement {
  readonly merchantId: string;
  readonly id: string;
  readonly actor: string;
  readonly reason: string;
}

/** A person has seen to it. What is not decided yet speaks up again by itself if it has to. */
export async function acknowledge(
  tx: Tx,
  { merchantId, id, actor, reason }: Acknowledgement,
  now: Date,
): Promise<void> {
  const [found] = await tx.$queryRaw<Pick<Attention, 'object' | 'renewalId' | 'status'>[]>`
    select object, status, renewal_id as "renewalId" from (${waitingOf(merchantId)}) waiting where id = ${id}`;
  if (!found)
    throw new DomainError('not_found', 'not_found', `Nothing named ${id} waits for anybody`);
  if (found.status === 'awaiting_approval')
    throw new DomainError('conflict', 'awaiting_approval', 'Approve or reject the refund');
  const cleared = { where: { id }, data: { needsAttention: Prisma.DbNull } };
  if (found.object === 'renewal') await tx.renewal.update(cleared);
  else if (found.object === 'refund') await tx.refund.update(cleared);
  else if (found.object === 'dispute') await tx.dispute.update(cleared);
  else await tx.webhookEndpoint.update(cleared);
  if (!found.renewalId) return;
  await tx.command.create({
    data: {
      id: newId('cmd'),
      merchantId,
      renewalId: found.renewalId,
      kind: 'acknowledge',
      actor: actor.slice(0, 200),
      reason,
      arguments: { object: found.object, id },
      recordedAt: now,
      spentAt: now,
    },
  });
}
