/**
 * Reconcile: the books of one gateway account are read and laid beside ours; what can be put right by asking the
 * gateway again is, and the rest is written down for a person.
 *
 * It keeps no finding itself: each step reads rows and writes rows, so a run that dies is taken up by the next.
 */
import { ActivityFailure } from '@temporalio/workflow';

import type { ReconcileTicket } from '../domain/reconciliation.js';
import {
  beginReconciliation,
  bookFees,
  compareBooks,
  finishReconciliation,
  healDifferences,
  messageOf,
  readBooks,
  restartLost,
  sendOwed,
} from './activities.js';
import { showReconciling } from './words.js';

interface ReconcileInput {
  readonly gatewayAccountId: string;
}

export type ReconcileResult =
  | { readonly outcome: 'no_books' }
  | { readonly outcome: 'failed'; readonly why: string }
  /** What stands between the books now, by type. */
  | { readonly outcome: 'done'; readonly standing: Readonly<Record<string, number>> };

export async function reconcile({ gatewayAccountId }: ReconcileInput): Promise<ReconcileResult> {
  const ticket = await beginReconciliation(gatewayAccountId);
  if (!ticket) return { outcome: 'no_books' };
  const failed = await compareAndHeal(ticket);
  const standing = await finishReconciliation({ reconciliationId: ticket.id, failed });
  showReconciling(ticket.title, failed ?? `Compared. What stands: ${JSON.stringify(standing)}`);
  return failed === undefined ? { outcome: 'done', standing } : { outcome: 'failed', why: failed };
}

/** Says why it could not be done: a gateway that cannot be read is no reason to stop the schedule. */
async function compareAndHeal(ticket: ReconcileTicket): Promise<string | undefined> {
  try {
    // What a crash has left undone would only look like a difference.
    await Promise.allSettled([sendOwed(), restartLost()]);
    showReconciling(ticket.title, 'Its books are being read.');
    const unreadable = await readAll(ticket);
    if (unreadable !== undefined) return unreadable;
    showReconciling(ticket.title, 'They are being compared.');
    await compareAll(ticket, 'all');
    await healAll(ticket);
    await compareAll(ticket, 'standing');
    while (await bookFees(ticket.id));
    return undefined;
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return messageOf(error);
  }
}

async function readAll(ticket: ReconcileTicket): Promise<string | undefined> {
  let page: string | undefined;
  do {
    const read = await readBooks(ticket, page);
    if (read.kind === 'unreadable') return read.why;
    page = read.next;
  } while (page !== undefined);
  return undefined;
}

async function compareAll(ticket: ReconcileTicket, what: 'all' | 'standing'): Promise<void> {
  let compared = await compareBooks({ ticket, what });
  while (compared.next) compared = await compareBooks({ ticket, what, at: compared.next });
}

async function healAll(ticket: ReconcileTicket): Promise<void> {
  let healed = await healDifferences(ticket);
  while (healed.next) healed = await healDifferences(ticket, healed.next);
}
