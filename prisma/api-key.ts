/** API keys: kept as hashes, shown once. */
import { createHash, randomBytes } from 'node:crypto';

import { DomainError } from '../domain/errors.js';
import type { Tx } from './client.js';
import type { ApiKey } from './generated/client.js';
import { newId } from './new-id.js';
import { type Page, newestFirst } from './page.js';

export type { ApiKey };

export interface NewApiKey {
  readonly merchantId: string;
  readonly name: string;
  readonly mode: 'test' | 'live';
  readonly scopes: readonly string[];
  /** A secret that was chosen elsewhere, such as in the configuration; otherwise one is made. */
  readonly secret?: string | undefined;
}

/** Creates a key and tells its secret, this once. Creating one with a secret that exists finds its row. */
export async function createApiKey(
  tx: Tx,
  { merchantId, name, mode, scopes, secret = newSecret(mode) }: NewApiKey,
): Promise<{ readonly row: ApiKey; readonly secret: string }> {
  const hash = hashOf(secret);
  const last4 = secret.slice(-4);
  const named = { id: newId('key'), merchantId, name, mode, createdAt: new Date() };
  // Several processes may start at once with the same secret in their configuration.
  await tx.apiKey.createMany({
    data: { ...named, hash, last4, scopes: [...scopes] },
    skipDuplicates: true,
  });
  return { row: await tx.apiKey.findUniqueOrThrow({ where: { hash } }), secret };
}

/** The key with this secret, revoked ones included. */
export function findApiKey(db: Tx, secret: string): Promise<ApiKey | null> {
  return db.apiKey.findUnique({ where: { hash: hashOf(secret) } });
}

export function listApiKeys(db: Tx, page: Page): Promise<ApiKey[]> {
  const { where, ...order } = newestFirst(page);
  return db.apiKey.findMany({ where, ...order });
}

/** From now on the key opens nothing. Revoking it again changes nothing. */
export async function revokeApiKey(
  tx: Tx,
  merchantId: string,
  id: string,
  now: Date,
): Promise<{ readonly row: ApiKey; readonly changed: boolean }> {
  const { count } = await tx.apiKey.updateMany({
    where: { id, merchantId, revokedAt: null },
    data: { revokedAt: now },
  });
  const row = await tx.apiKey.findFirst({ where: { id, merchantId } });
  if (!row) throw new DomainError('not_found', 'not_found', `There is no API key ${id}`);
  return { row, changed: count === 1 };
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

function newSecret(mode: 'test' | 'live'): string {
  return `dk_${mode}_${randomBytes(24).toString('hex')}`;
}
