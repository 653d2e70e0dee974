/** Charges that the customer completes on a page: found by the page's secret, claimed at its first use. */
import { createHash, randomBytes } from 'node:crypto';

import { type ChargeWithAccount, type PageAddresses, readCharge } from './charge.js';
import { type Tx, violatesUnique } from './client.js';
import { OPEN } from './open-status.js';

/** The secret in a link. Only its hash is kept. */
export function newPageSecret(): string {
  return `pay_${randomBytes(24).toString('base64url')}`;
}

export function pageHashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

export async function findPage(tx: Tx, secret: string): Promise<ChargeWithAccount | undefined> {
  const row = await tx.charge.findUnique({ where: { pageSecretHash: pageHashOf(secret) } });
  return row ? readCharge(tx, row.id) : undefined;
}

/** A renewal has one link at a time: a new one takes the place of those nobody has used. */
export async function dropUnusedPages(tx: Tx, renewalId: string): Promise<void> {
  await tx.charge.updateMany({
    where: { renewalId, status: 'planned', pageSecretHash: { not: null } },
    data: { status: 'canceled' },
  });
}

/** The first use of a link begins its charge, unless another charge of the renewal is under way. */
export async function claimPage(
  tx: Tx,
  chargeId: string,
  at: { readonly now: Date; readonly keyValidUntil: Date; readonly expiresAt: Date },
): Promise<boolean> {
  try {
    const { count } = await tx.charge.updateMany({
      where: { id: chargeId, status: 'planned' },
      data: {
        status: 'submitted',
        firstSentAt: at.now,
        keyValidUntil: at.keyValidUntil,
        pageExpiresAt: at.expiresAt,
      },
    });
    return count === 1;
  } catch (error) {
    if (violatesUnique(error, 'one_live_charge')) return false;
    throw error;
  }
}

/** The object that the customer pays on, once it is known. False: the charge was decided meanwhile. */
export async function nameObject(tx: Tx, chargeId: string, reference: string): Promise<boolean> {
  const { count } = await tx.charge.updateMany({
    where: {
      id: chargeId,
      OR: [{ gatewayReference: null }, { gatewayReference: reference }],
      status: { in: OPEN },
    },
    data: { gatewayReference: reference },
  });
  return count === 1;
}

export function addressesOf({ pageAddresses }: ChargeWithAccount): PageAddresses {
  return pageAddresses as unknown as PageAddresses;
}
