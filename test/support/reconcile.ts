/** A reconciliation without its run: each step called by hand, as the story calls them. */
import type { ReconcileTicket } from '../../domain/reconciliation.js';
import type { workbench } from './bench.js';

type Bench = ReturnType<typeof workbench>;

/** "missing_here refund re_1: healed": what one reconciliation found first, and what became of it. */
export interface Report {
  readonly id: string;
  readonly status: string;
  readonly why: string | null;
  readonly lines: readonly string[];
}

export async function reconcileBooks(
  { activities, deps }: Bench,
  gatewayAccountId: string,
): Promise<Report> {
  const ticket = await activities.beginReconciliation(gatewayAccountId);
  if (!ticket) throw new Error('This gateway has no books');
  const failed = await compareAndHeal(activities, ticket);
  await activities.finishReconciliation({ reconciliationId: ticket.id, failed });
  const { id, status, why } = await deps.db.reconciliation.findUniqueOrThrow({
    where: { id: ticket.id },
  });
  const found = await deps.db.difference.findMany({
    where: { reconciliationId: id },
    orderBy: { id: 'asc' },
  });
  const lines = found.map(({ type, object, status: now }) => `${type} ${object}: ${now}`);
  return { id, status, why, lines: lines.toSorted() };
}

async function compareAndHeal(
  activities: Bench['activities'],
  ticket: ReconcileTicket,
): Promise<string | undefined> {
  for (let page: string | undefined, read; ; page = read.next) {
    read = await activities.readBooks({ reconciliationId: ticket.id, page });
    if (read.kind === 'unreadable') return read.why;
    if (read.next === undefined) break;
  }
  for (let at, compared; ; at = compared.next) {
    compared = await activities.compareBooks({ ticket, what: 'all', at });
    if (!compared.next) break;
  }
  for (let at, healed; ; at = healed.next) {
    healed = await activities.healDifferences({ ticket, at });
    if (!healed.next) break;
  }
  await activities.compareBooks({ ticket, what: 'standing' });
  await activities.bookFees(ticket.id);
  return undefined;
}
