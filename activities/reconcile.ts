/** The beginning and the end of a reconciliation: which time is compared, and what the account's books are worth then. */
import {
  type Reconciliation,
  beginReconciliation as begin,
  finishReconciliation as finish,
  readReconciliation,
} from '../prisma/reconciliation.js';
import { countMovements } from '../prisma/movement.js';
import type { ReconcileTicket } from '../domain/reconciliation.js';
import type { Deps } from './deps.js';

/** Every account whose books can be read is compared by itself, those added later as well. */
export async function keepReconciling(deps: Deps): Promise<number> {
  const { db, launch, tempo } = deps;
  if (tempo.reconcileEveryMs === 0) return 0;
  const accounts = await db.gatewayAccount.findMany({ orderBy: { id: 'asc' } });
  const readable = accounts.filter(({ gateway }) => deps.gateways(gateway).books);
  for (const { id, merchantId } of readable) {
    deps.alive();
    await launch.keepReconciling({ id, merchantId }, tempo.reconcileEveryMs);
  }
  return readable.length;
}

/** Undefined: this gateway's books cannot be read. */
export async function beginReconciliation(
  deps: Deps,
  gatewayAccountId: string,
): Promise<ReconcileTicket | undefined> {
  const { db, clock } = deps;
  const account = await db.gatewayAccount.findUniqueOrThrow({ where: { id: gatewayAccountId } });
  if (!deps.gateways(account.gateway).books) return undefined;
  const { id } = await db.$transaction((tx) => begin(tx, gatewayAccountId, clock.safety()));
  return { id, gatewayAccountId, lane: account.lane, title: account.name };
}

export interface Ending {
  readonly reconciliationId: string;
  /** Why the books could not be compared. */
  readonly failed?: string | undefined;
}

export async function finishReconciliation(
  deps: Deps,
  { reconciliationId, failed }: Ending,
): Promise<Record<string, number>> {
  const { db, clock } = deps;
  const row = await readReconciliation(db, reconciliationId);
  const { gatewayAccountId, windowStart, windowEnd } = row;
  const movements = await countMovements(db, gatewayAccountId, windowStart, windowEnd);
  await db.$transaction((tx) => finish(tx, row, movements, failed, clock.safety()));
  return standingOf(deps, row);
}

/** What stands between the books now, by type: for whoever reads the run. */
async function standingOf({ db }: Deps, { gatewayAccountId }: Reconciliation) {
  const counts = await db.difference.groupBy({
    by: ['type'],
    where: { gatewayAccountId, status: { in: ['open', 'needs_person'] } },
    _count: true,
  });
  return Object.fromEntries(counts.map(({ type, _count }) => [type, _count]));
}
