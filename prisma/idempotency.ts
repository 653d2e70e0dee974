/** Idempotency keys: a key, the facts it caused and the answer are written in one transaction, or not at all. */
import { DomainError } from '../domain/errors.js';
import type { Tx } from './client.js';
import type { Prisma } from './generated/client.js';

export interface IdempotentRequest {
  readonly merchantId: string;
  readonly key: string;
  /** A hash over route and body: the same key may not ask for something else. */
  readonly hash: string;
}

export interface StoredAnswer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Takes the key for this transaction, or finds the answer it has already led to. While another
 * transaction holds the key this waits for its end.
 */
export async function takeKey(
  tx: Tx,
  request: IdempotentRequest,
  now: Date,
): Promise<StoredAnswer | undefined> {
  const { merchantId, key, hash } = request;
  const taken = await tx.$executeRaw`
    insert into idempotency_key (merchant_id, key, request_hash, created_at)
    values (${merchantId}, ${key}, ${hash}, ${now})
    on conflict (merchant_id, key) do nothing`;
  return taken === 1 ? undefined : findAnswer(tx, request);
}

export async function storeAnswer(
  tx: Tx,
  { merchantId, key }: IdempotentRequest,
  answer: { readonly status: number; readonly body: Prisma.InputJsonValue },
): Promise<void> {
  await tx.idempotencyKey.update({
    where: { merchantId_key: { merchantId, key } },
    data: { status: answer.status, body: answer.body },
  });
}

export async function findAnswer(
  db: Tx,
  { merchantId, key, hash }: IdempotentRequest,
): Promise<StoredAnswer | undefined> {
  const row = await db.idempotencyKey.findUnique({
    where: { merchantId_key: { merchantId, key } },
  });
  if (!row) return undefined;
  if (row.requestHash !== hash)
    throw new DomainError(
      'invalid',
      'idempotency_key_reused',
      'This Idempotency-Key was used for another request',
      'Idempotency-Key',
    );
  return { status: row.status ?? 200, body: row.body };
}
