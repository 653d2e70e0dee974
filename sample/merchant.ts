/** The sample's merchant: its account at the gateway and its API key. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { createApiKey } from '../prisma/api-key.js';
import type { Database } from '../prisma/client.js';
import { createGatewayAccount } from '../prisma/gateway-account.js';
import { ensureMerchant } from '../prisma/merchant.js';

export interface SampleMerchant {
  readonly key: string;
  readonly accountId: string;
  /** False when an earlier start made it. */
  readonly isNew: boolean;
}

/** Made once, on an empty database. Later starts only tell its account where the gateway is now. */
export async function prepareSampleMerchant(
  db: Database,
  home: string,
  apiBase: string | undefined,
): Promise<SampleMerchant | undefined> {
  const existing = await db.merchant.findUnique({ where: { name: 'sample' } });
  if (!existing && (await db.customer.count()) > 0) return undefined;
  const merchant = existing ?? (await ensureMerchant(db, 'sample', new Date()));
  const merchantId = merchant.id;
  const account =
    (await db.gatewayAccount.findFirst({ where: { merchantId, name: 'stripe' } })) ??
    (await createGatewayAccount(db, {
      merchantId,
      name: 'stripe',
      gateway: 'stripe',
      mode: 'test',
      secretRef: 'env:STRIPE_SECRET_KEY',
      webhookSecretRefs: ['env:STRIPE_WEBHOOK_SECRET'],
      apiBase,
    }));
  await db.gatewayAccount.update({ where: { id: account.id }, data: { apiBase: apiBase ?? null } });
  const key = await keepKey(db, merchantId, join(home, 'sample-key'));
  return { key, accountId: account.id, isNew: !existing };
}

async function keepKey(db: Database, merchantId: string, file: string): Promise<string> {
  const kept = readKept(file);
  const { secret } = await createApiKey(db, {
    merchantId,
    name: 'sample',
    mode: 'test',
    scopes: ['read', 'write', 'operate', 'admin'],
    ...(kept && { secret: kept }),
  });
  writeFileSync(file, secret, { mode: 0o600 });
  return secret;
}

function readKept(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
