/** Releases: what is known of gateway objects that must not be paid any more. */
import type { Tx } from './client.js';
import type { Charge } from './generated/client.js';

/** The gateway's object that these charges share is dead: the next charge makes a new one. */
export async function markReleased(
  tx: Tx,
  { renewalId, gatewayAccountId, gatewayReference }: Charge,
  now: Date,
): Promise<void> {
  await tx.charge.updateMany({
    where: { renewalId, gatewayAccountId, gatewayReference, releasedAt: null },
    data: { releasedAt: now },
  });
}

/** Counts a release before it is tried, so that no two tries share a key. */
export async function countRelease(tx: Tx, id: string): Promise<number> {
  const { releases } = await tx.charge.update({
    where: { id },
    data: { releases: { increment: 1 } },
    select: { releases: true },
  });
  return releases;
}

/** Final charges whose object at a gateway might still be paid, other than the one this charge continues. */
export function listUnreleased(
  tx: Tx,
  { id, renewalId, gatewayReference }: Charge,
): Promise<Charge[]> {
  return tx.charge.findMany({
    where: {
      renewalId,
      id: { not: id },
      status: { in: ['declined', 'not_sent'] },
      releasedAt: null,
      AND: [
        { gatewayReference: { not: null } },
        ...(gatewayReference ? [{ gatewayReference: { not: gatewayReference } }] : []),
      ],
    },
  });
}
