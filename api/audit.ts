/** What the audit trail says of a request: who asked, by which route, what it changed, and why. */
import { createHash } from 'node:crypto';

import { auditRequest } from '../prisma/audit.js';
import type { Tx } from '../prisma/client.js';
import { canonical } from './canonical.js';
import type { ApiRequest } from './route.js';

/** What was changed, as the API shows it. Only the hashes of it are kept. */
export interface Audited {
  /** The id of what was made or changed. */
  readonly object: string;
  readonly before?: object | undefined;
  readonly after?: object | undefined;
}

export type AuditedRequest = Pick<
  ApiRequest,
  'action' | 'body' | 'caller' | 'keyed' | 'merchantId' | 'requestId'
>;

export async function audit(
  tx: Tx,
  { action, body, caller, keyed, merchantId, requestId }: AuditedRequest,
  { object, before, after }: Audited,
): Promise<void> {
  await auditRequest(tx, {
    merchantId,
    keyId: caller.keyId || undefined,
    keyName: caller.keyName,
    action,
    object,
    reason: reasonIn(body),
    requestId,
    idempotencyKey: keyed?.key,
    beforeHash: before && hashOf(before),
    afterHash: after && hashOf(after),
  });
}

/** Wherever a reason is asked for, it is asked for under this name. */
function reasonIn(body: unknown): string | undefined {
  const { reason } = (body ?? {}) as { readonly reason?: unknown };
  return typeof reason === 'string' ? reason : undefined;
}

function hashOf(shown: object): string {
  return createHash('sha256').update(canonical(shown)).digest('hex');
}
