/** The sample's merchant: its account at the gateway and its API key. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { NOTICE_KINDS } from '../domain/notice.js';
import { createApiKey } from '../prisma/api-key.js';
import type { Database } from '../prisma/client.js';
import { createGatewayAccount } from '../prisma/gateway-account.js';
import { ensureMerchant } from '../prisma/merchant.js';
import { changeSettings, readSettings } from '../prisma/settings.js';

export interface SampleMerchant {
  readonly key: string;
  /** The ids of its gateway accounts. */
  readonly accounts: Readonly<Record<GatewayName, string>>;
  /** False when an earlier start made it. */
  readonly isNew: boolean;
}

export type GatewayName = 'stripe' | 'paypal';

/** Made once, on an empty database. Later starts only tell its accounts where the gateways are now. */
export async function prepareSampleMerchant(
  db: Database,
  home: string,
  apiBases: Readonly<Record<GatewayName, string | undefined>>,
): Promise<SampleMerchant | undefined> {
  const existing = await db.merchant.findUnique({ where: { name: 'sample' } });
  if (!existing && (await db.customer.count()) > 0) return undefined;
  const merchant = existing ?? (await ensureMerchant(db, 'sample', new Date()));
  const accounts = {
    stripe: await keepAccount(db, merchant.id, 'stripe', apiBases.stripe),
    paypal: await keepAccount(db, merchant.id, 'paypal', apiBases.paypal),
  };
  await writeToCustomers(db, merchant.id);
  const key = await keepKey(db, merchant.id, join(home, 'sample-key'));
  return { key, accounts, isNew: !existing };
}

/** Unless somebody has decided otherwise since. */
async function writeToCustomers(db: Database, merchantId: string): Promise<void> {
  if ((await readSettings(db, merchantId)).notices) return;
  const who = { from: 'billing@sample.example', replyTo: null, brand: 'Sample & Sons' };
  const notices = { ...who, kinds: NOTICE_KINDS, upcomingDays: 7 };
  await db.$transaction((tx) => changeSettings(tx, merchantId, { notices }));
}

const REFERENCES = {
  stripe: { secretRef: 'env:STRIPE_SECRET_KEY', webhook: 'env:STRIPE_WEBHOOK_SECRET' },
  paypal: { secretRef: 'env:PAYPAL_CREDENTIALS', webhook: 'env:PAYPAL_WEBHOOK_ID' },
};

async function keepAccount(
  db: Database,
  merchantId: string,
  gateway: GatewayName,
  apiBase: string | undefined,
): Promise<string> {
  const { secretRef, webhook } = REFERENCES[gateway];
  const { id } =
    (await db.gatewayAccount.findFirst({ where: { merchantId, name: gateway } })) ??
    (await createGatewayAccount(db, {
      merchantId,
      name: gateway,
      gateway,
      mode: 'test',
      secretRef,
      webhookSecretRefs: [webhook],
      apiBase,
    }));
  await db.gatewayAccount.update({ where: { id }, data: { apiBase: apiBase ?? null } });
  return id;
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
