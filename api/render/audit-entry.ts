import type { z } from 'zod';

import type { AuditView } from '../../prisma/audit.js';
import type { auditEntry } from '../schemas/audit-entry.js';

type Shown = z.infer<typeof auditEntry>;

export function renderAuditEntry(row: AuditView): Shown {
  return {
    id: row.id,
    at: row.at.toISOString(),
    actor_kind: row.actorKind as Shown['actor_kind'],
    actor: row.actor,
    key: row.keyId,
    action: row.action,
    object: row.object,
    reason: row.reason,
    request_id: row.requestId,
    idempotency_key: row.idempotencyKey,
    command: row.commandId,
    before_hash: row.beforeHash,
    after_hash: row.afterHash,
    seal: renderSeal(row.seal),
  };
}

function renderSeal(seal: AuditView['seal']): Shown['seal'] {
  if (!seal) return null;
  return { seq: Number(seal.seq), hash: seal.hash, sealed_at: seal.sealedAt.toISOString() };
}
