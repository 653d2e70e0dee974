/** The first key of an installation: named by its operator, so that there is a way in. */
import { createApiKey, findApiKey } from '../prisma/api-key.js';
import type { Database } from '../prisma/client.js';
import { ensureMerchant } from '../prisma/merchant.js';

export async function ensureAdminKey(db: Database, secret: string | undefined): Promise<void> {
  const merchant = await ensureMerchant(db, 'default', new Date());
  if (!secret || (await findApiKey(db, secret))) return;
  await createApiKey(db, {
    merchantId: merchant.id,
    name: 'DUNLIN_ADMIN_KEY',
    mode: secret.startsWith('dk_live_') ? 'live' : 'test',
    scopes: ['read', 'write', 'operate', 'admin'],
    secret,
  });
}
