/** Reconciliations: one comparison of an account's books, from the reading to what was found. */
import { DomainError } from '../domain/errors.js';
import { type Tx, fieldNames } from './client.js';
import type { GatewayAccount, Reconciliation } from './generated/client.js';
import { newId } from './new-id.js';
import { type Page, newestFirst } from './page.js';

export type { Reconciliation };

/** What was compared before is read again: a gateway's books may lag, and change, for so long. */
const OVERLAP_MS = 3 * 86_400_000;

/** Begins one, or takes up the one that somebody began and did not finish. */
export async function beginReconciliation(
  tx: Tx,
  accountId: string,
  now: Date,
): Promise<Reconciliation> {
  const rows = await tx.$queryRaw<object[]>`
    select * from gateway_account where id = ${accountId} for update`;
  const account = fieldNames<GatewayAccount>(rows[0]!);
  const { merchantId, createdAt, reconciledTo } = account;
  const running = await tx.reconciliation.findFirst({
    where: { gatewayAccountId: accountId, status: 'running' },
    orderBy: { id: 'asc' },
  });
  if (running) return running;
  const overlapping = (reconciledTo?.getTime() ?? 0) - OVERLAP_MS;
  return tx.reconciliation.create({
    data: {
      id: newId('rcn'),
      merchantId,
      gatewayAccountId: accountId,
      status: 'running',
      windowStart: wholeSecond(Math.max(overlapping, createdAt.getTime())),
      windowEnd: now,
      startedAt: now,
    },
  });
}

/** Gateways date their lines in whole seconds. */
function wholeSecond(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}

/** The books end earlier than they were asked for: nothing younger is compared. */
export async function shortenWindow(tx: Tx, id: string, completeTo: Date): Promise<void> {
  await tx.$executeRaw`
    update reconciliation set window_end = greatest(window_start, least(window_end, ${completeTo}::timestamptz))
    where id = ${id} and status = 'running'`;
}

/** Ends one that runs. `failed`: why, and then nothing counts as compared. */
export async function finishReconciliation(
  tx: Tx,
  { id, gatewayAccountId, windowEnd }: Reconciliation,
  movements: number,
  failed: string | undefined,
  now: Date,
): Promise<void> {
  const { count } = await tx.reconciliation.updateMany({
    where: { id, status: 'running' },
    data: {
      status: failed === undefined ? 'done' : 'failed',
      why: failed?.slice(0, 500) ?? null,
      movements,
      finishedAt: now,
    },
  });
  if (count === 0 || failed !== undefined) return;
  await tx.$executeRaw`
    update gateway_account set reconciled_to = greatest(reconciled_to, ${windowEnd}::timestamptz)
    where id = ${gatewayAccountId}`;
}

export function readReconciliation(tx: Tx, id: string): Promise<Reconciliation> {
  return tx.reconciliation.findUniqueOrThrow({ where: { id } });
}

export interface ReconciliationView extends Reconciliation {
  readonly account: Pick<GatewayAccount, 'id' | 'name'>;
  /** How many differences it found first, by what became of them. */
  readonly found: Readonly<Record<string, number>>;
}

export async function requireReconciliation(
  db: Tx,
  merchantId: string,
  id: string,
): Promise<ReconciliationView> {
  const row = await db.reconciliation.findFirst({ where: { id, merchantId } });
  if (!row) throw new DomainError('not_found', 'not_found', `There is no reconciliation ${id}`);
  return (await viewsOf(db, [row]))[0]!;
}

export async function listReconciliations(
  db: Tx,
  page: Page,
  gatewayAccountId: string | undefined,
): Promise<ReconciliationView[]> {
  const { where, ...order } = newestFirst(page);
  const rows = await db.reconciliation.findMany({
    where: { ...where, ...(gatewayAccountId !== undefined && { gatewayAccountId }) },
    ...order,
  });
  return viewsOf(db, rows);
}

async function viewsOf(db: Tx, rows: readonly Reconciliation[]): Promise<ReconciliationView[]> {
  const accounts = await db.gatewayAccount.findMany({
    where: { id: { in: rows.map(({ gatewayAccountId }) => gatewayAccountId) } },
  });
  const counts = await db.difference.groupBy({
    by: ['reconciliationId', 'status'],
    where: { reconciliationId: { in: rows.map(({ id }) => id) } },
    _count: true,
  });
  return rows.map((row) => ({
    ...row,
    account: accounts.find(({ id }) => id === row.gatewayAccountId)!,
    found: Object.fromEntries(
      counts
        .filter(({ reconciliationId }) => reconciliationId === row.id)
        .map(({ status, _count }) => [status, _count]),
    ),
  }));
}
