/** The audit trail: who changed what, and why. Each entry is written in the transaction of the change. */
import type { Tx } from './client.js';
import type { AskedCommand, AuditEntry, AuditSeal } from './generated/client.js';
import { type Page, newestFirst } from './page.js';

/** What a request has changed. */
export interface AuditedRequest {
  readonly merchantId: string;
  /** Absent: it was the customer, by a link in a letter. */
  readonly keyId: string | undefined;
  readonly keyName: string;
  readonly action: string;
  readonly object: string;
  readonly reason: string | undefined;
  readonly requestId: string;
  readonly idempotencyKey: string | undefined;
  readonly beforeHash: string | undefined;
  readonly afterHash: string | undefined;
}

export async function auditRequest(tx: Tx, entry: AuditedRequest): Promise<void> {
  const { merchantId, keyId, keyName, action, object, reason, requestId } = entry;
  await tx.$executeRaw`
    insert into audit_entry (merchant_id, actor_kind, actor, key_id, action, object, reason, request_id,
      idempotency_key, before_hash, after_hash)
    values (${merchantId}, ${keyId ? 'api_key' : 'customer'}, ${keyName}, ${keyId ?? null}, ${action}, ${object}, ${reason ?? null}, ${requestId},
      ${entry.idempotencyKey ?? null}, ${entry.beforeHash ?? null}, ${entry.afterHash ?? null})`;
}

/** Notes, before it is sent, which API key gives a command. A repeat of the same command is the same note. */
export async function noteAsked(db: Tx, asked: Omit<AskedCommand, 'askedAt'>, now: Date) {
  await db.askedCommand.createMany({ data: [{ ...asked, askedAt: now }], skipDuplicates: true });
}

export interface AuditedCommand {
  readonly id: string;
  readonly merchantId: string;
  readonly renewalId: string;
  readonly kind: string;
  readonly actor: string;
  readonly object: string;
  readonly reason: string;
}

/** A command that was recorded: an API key's where it was noted as one, else of whom the update names. */
export async function auditCommand(tx: Tx, command: AuditedCommand): Promise<void> {
  const { id, merchantId, renewalId, kind, actor, object, reason } = command;
  await tx.$executeRaw`
    insert into audit_entry (merchant_id, actor_kind, actor, key_id, action, object, reason, request_id,
      idempotency_key, command_id)
    select ${merchantId}, case when asked.id is null then 'operator' else 'api_key' end,
      coalesce(asked.actor, ${actor}), asked.key_id, coalesce(asked.action, ${`update ${kind}`}),
      coalesce(asked.object, ${object}), ${reason}, coalesce(asked.request_id, ${id}), asked.idempotency_key, ${id}
    from (select) one left join asked_command asked
      on asked.id = ${id} and asked.merchant_id = ${merchantId} and asked.renewal_id = ${renewalId}`;
}

export interface AuditFilter {
  readonly object?: string | undefined;
  /** A key's name or id, or whom an update named. */
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  /** Included. */
  readonly from?: Date | undefined;
  /** Not included. */
  readonly to?: Date | undefined;
}

export type AuditView = AuditEntry & { readonly seal: AuditSeal | undefined };

export async function listAuditEntries(
  db: Tx,
  page: Page,
  { object, actor, action, from, to }: AuditFilter,
): Promise<AuditView[]> {
  const { where, ...order } = newestFirst(page);
  const rows = await db.auditEntry.findMany({
    where: {
      ...where,
      ...(object !== undefined && { object }),
      ...(actor !== undefined && { OR: [{ actor }, { keyId: actor }] }),
      ...(action !== undefined && { action }),
      at: { ...(from && { gte: from }), ...(to && { lt: to }) },
    },
    ...order,
  });
  const seals = await db.auditSeal.findMany({
    where: { entryId: { in: rows.map((it) => it.id) } },
  });
  const byEntry = new Map(seals.map((seal) => [seal.entryId, seal]));
  return rows.map((row) => ({ ...row, seal: byEntry.get(row.id) }));
}
