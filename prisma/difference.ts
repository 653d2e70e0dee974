/** Differences: found by a comparison, carried by the later ones, and closed when they are gone or decided. */
import { isDeepStrictEqual } from 'node:util';

import {
  type ComparedObject,
  type Difference as Found,
  type DifferenceType,
  type Side,
  isHealable,
} from '../domain/difference.js';
import { keyOf } from '../domain/reconciliation.js';
import { DomainError } from '../domain/errors.js';
import type { Tx } from './client.js';
import { type Difference, Prisma, type Reconciliation } from './generated/client.js';
import { newId } from './new-id.js';
import { type Page, newestFirst } from './page.js';

export type { Difference };

/** What waits for healing or for a person. */
const STANDING = ['open', 'needs_person'];

/** Writes what is new; what stands already is carried, and what a person has decided stays decided until it changes. */
export async function recordDifferences(
  tx: Tx,
  { id: reconciliationId, merchantId, gatewayAccountId }: Reconciliation,
  found: readonly Found[],
  now: Date,
): Promise<number> {
  if (found.length === 0) return 0;
  const references = [...new Set(found.map(({ reference }) => reference))];
  const known = await tx.difference.findMany({
    where: { gatewayAccountId, reference: { in: references } },
    orderBy: { id: 'asc' },
  });
  const newest = new Map(known.map((row) => [keyOf(asFound(row)), row]));
  let fresh = 0;
  for (const one of found) {
    const before = newest.get(keyOf(one));
    if (before?.status === 'resolved' && sameSides(before, one)) continue;
    if (
      before &&
      (STANDING.includes(before.status) || before.reconciliationId === reconciliationId)
    ) {
      await carry(tx, before, one);
      continue;
    }
    fresh++;
    const status = isHealable(one) ? 'open' : 'needs_person';
    const named = { id: newId('dif'), merchantId, reconciliationId, gatewayAccountId, status };
    await tx.difference.create({ data: { ...named, ...columnsOf(one), foundAt: now } });
  }
  return fresh;
}

/** The same one, as it stands now. One that was closed in this very comparison has come back. */
async function carry(tx: Tx, before: Difference, found: Found): Promise<void> {
  const again = !STANDING.includes(before.status);
  const { why, ...columns } = columnsOf(found);
  if (!again && sameSides(before, found) && before.renewalId === columns.renewalId) return;
  const back = again && { status: 'needs_person', why, closedAt: null, resolution: Prisma.DbNull };
  await tx.difference.update({ where: { id: before.id }, data: { ...columns, ...back } });
}

function columnsOf(found: Found) {
  const { type, object, reference, chargeId, refundId, disputeId, renewalId, why } = found;
  return {
    type,
    object,
    reference,
    chargeId: chargeId ?? null,
    refundId: refundId ?? null,
    disputeId: disputeId ?? null,
    renewalId: renewalId ?? null,
    ours: asJson(found.ours),
    theirs: asJson(found.theirs),
    why: why.slice(0, 500),
  };
}

function sameSides(row: Difference, found: Found): boolean {
  return isDeepStrictEqual([row.ours, row.theirs], [plain(found.ours), plain(found.theirs)]);
}

/** Without what is undefined, as it comes back from the database. */
function plain(side: Side | undefined): Prisma.InputJsonObject | null {
  return side ? (JSON.parse(JSON.stringify(side)) as Prisma.InputJsonObject) : null;
}

function asJson(side: Side | undefined): Prisma.InputJsonObject | typeof Prisma.DbNull {
  return plain(side) ?? Prisma.DbNull;
}

export function asFound(row: Difference): Found {
  return {
    type: row.type as DifferenceType,
    object: row.object as ComparedObject,
    reference: row.reference,
    chargeId: row.chargeId ?? undefined,
    refundId: row.refundId ?? undefined,
    disputeId: row.disputeId ?? undefined,
    renewalId: row.renewalId ?? undefined,
    ours: (row.ours as Side | null) ?? undefined,
    theirs: (row.theirs as Side | null) ?? undefined,
    why: row.why,
  };
}

/** What stands between this account's books and ours, oldest first. */
export function listStanding(
  tx: Tx,
  gatewayAccountId: string,
  after: string,
  limit: number,
): Promise<Difference[]> {
  return tx.difference.findMany({
    where: { gatewayAccountId, status: { in: STANDING }, id: { gt: after } },
    orderBy: { id: 'asc' },
    take: limit,
  });
}

/** The books agree about these again. */
export async function markHealed(tx: Tx, ids: readonly string[], now: Date): Promise<void> {
  await tx.difference.updateMany({
    where: { id: { in: [...ids] }, status: { in: STANDING } },
    data: { status: 'healed', closedAt: now },
  });
}

/** What looking again did not put right. `why` says what a person should know. */
export async function handToPerson(tx: Tx, id: string, why: string): Promise<void> {
  await tx.difference.updateMany({
    where: { id, status: 'open' },
    data: { status: 'needs_person', why: why.slice(0, 500) },
  });
}

export interface Resolution {
  readonly action: 'accept' | 'book' | 'refund';
  readonly reason: string;
  readonly actor: string;
}

/** As it is kept: with what it has led to. */
export interface KeptResolution extends Resolution {
  readonly chargeId?: string;
  readonly refundId?: string;
}

/** Locks it for whoever decides about it. */
export async function lockDifference(tx: Tx, merchantId: string, id: string): Promise<Difference> {
  await tx.$queryRaw`select 1 from difference where id = ${id} for update`;
  return requireDifference(tx, merchantId, id);
}

async function requireDifference(tx: Tx, merchantId: string, id: string): Promise<Difference> {
  const row = await tx.difference.findFirst({ where: { id, merchantId } });
  if (!row) throw new DomainError('not_found', 'not_found', `There is no difference ${id}`);
  return row;
}

export function resolveDifference(
  tx: Tx,
  { id }: Difference,
  resolution: Resolution,
  made: Pick<KeptResolution, 'chargeId' | 'refundId'>,
  now: Date,
): Promise<Difference> {
  const told = { ...resolution, ...made };
  return tx.difference.update({
    where: { id },
    data: { status: 'resolved', resolution: told, closedAt: now },
  });
}

export interface DifferenceFilter {
  readonly reconciliationId: string;
  readonly type?: string | undefined;
  readonly status?: string | undefined;
}

export function listDifferences(
  db: Tx,
  page: Page,
  { reconciliationId, type, status }: DifferenceFilter,
): Promise<Difference[]> {
  const { where, ...order } = newestFirst(page);
  const asked = { ...(type !== undefined && { type }), ...(status !== undefined && { status }) };
  return db.difference.findMany({ where: { ...where, reconciliationId, ...asked }, ...order });
}
