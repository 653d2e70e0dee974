/**
 * Seals: a chain over the audit trail. Each holds the hash of its entry and that of the seal before, so that nothing
 * sealed can be changed, removed or slipped in without every later hash being another one.
 */
import { createHash } from 'node:crypto';

import type { Database } from './client.js';

/** An entry as its row has it, under the names of its columns. */
export interface AuditRow {
  readonly id: string;
  readonly merchant_id: string;
  readonly at: Date;
  readonly actor_kind: string;
  readonly actor: string;
  readonly key_id: string | null;
  readonly action: string;
  readonly object: string;
  readonly reason: string | null;
  readonly request_id: string;
  readonly idempotency_key: string | null;
  readonly before_hash: string | null;
  readonly after_hash: string | null;
  readonly command_id: string | null;
}

/** What the first seal has for the one before. */
export const NO_SEAL = '0'.repeat(64);

/** Over all columns, in this order, as a JSON array. It can never change: entries are out there that have it. */
export function entryHashOf(row: AuditRow): string {
  return sha256(
    JSON.stringify([
      row.id,
      row.merchant_id,
      row.at.toISOString(),
      row.actor_kind,
      row.actor,
      row.key_id,
      row.action,
      row.object,
      row.reason,
      row.request_id,
      row.idempotency_key,
      row.before_hash,
      row.after_hash,
      row.command_id,
    ]),
  );
}

export function sealHashOf(previousHash: string, entryHash: string): string {
  return sha256(previousHash + entryHash);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Sealers exclude each other. Writers never meet this lock. */
const LOCK = 72_707_370;

/** Seals the next entries in the order of their ids; answers how many. One that committed late comes in a later batch. */
export function sealBatch(db: Database, atMost: number): Promise<number> {
  return db.$transaction(async (tx) => {
    await tx.$queryRaw`select 1 from (select pg_advisory_xact_lock(${LOCK}::bigint)) taken`;
    const last = await tx.auditSeal.findFirst({ orderBy: { seq: 'desc' } });
    // No transaction is open for an hour: what is that much older than the last sealed one was sealed, or slipped in.
    const rows = await tx.$queryRaw<AuditRow[]>`
      select e.* from audit_entry e
      where e.id > coalesce(
          (select audit_id(s.at - interval '1 hour') from audit_entry s where s.id = ${last?.entryId ?? null}), '')
        and not exists (select 1 from audit_seal s where s.entry_id = e.id)
      order by e.id limit ${atMost}`;
    let { seq, hash: previousHash } = last ?? { seq: 0n, hash: NO_SEAL };
    const sealedAt = new Date();
    const seals = rows.map((row) => {
      const entryHash = entryHashOf(row);
      const seal = { seq: ++seq, entryId: row.id, entryHash, previousHash, sealedAt };
      previousHash = sealHashOf(previousHash, entryHash);
      return { ...seal, hash: previousHash };
    });
    if (seals.length > 0) await tx.auditSeal.createMany({ data: seals });
    return seals.length;
  });
}
