/** Merchants: the tenants. Each begins with the dunning policies that Dunlin ships. */
import { DEFAULT_POLICY, type DunningPolicy, QUICK_POLICY } from '../domain/dunning-policy.js';
import type { Tx } from './client.js';
import type { Merchant, Prisma } from './generated/client.js';
import { newId } from './new-id.js';

export type { Merchant };

/** Finds the merchant of that name, or makes it with the policies `default` and `quick`. */
export async function ensureMerchant(tx: Tx, name: string, now: Date): Promise<Merchant> {
  const id = newId('mer');
  await tx.merchant.createMany({ data: [{ id, name, createdAt: now }], skipDuplicates: true });
  const merchant = await tx.merchant.findUniqueOrThrow({ where: { name } });
  if (merchant.id === id) {
    await addPolicyVersion(tx, merchant.id, 'default', DEFAULT_POLICY, now);
    await addPolicyVersion(tx, merchant.id, 'quick', QUICK_POLICY, now);
  }
  return merchant;
}

/** A policy is never edited: a change is a new version, which later renewals pin. */
export async function addPolicyVersion(
  tx: Tx,
  merchantId: string,
  name: string,
  policy: DunningPolicy,
  now: Date,
): Promise<void> {
  const version = (await tx.dunningPolicy.count({ where: { merchantId, name } })) + 1;
  const document = policy as unknown as Prisma.InputJsonObject;
  const id = newId('dpo');
  await tx.dunningPolicy.create({
    data: { id, merchantId, name, version, document, createdAt: now },
  });
}
