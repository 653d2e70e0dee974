/**
 * Reconciliation: two sets of books are laid side by side, and what they disagree about is named.
 *
 * Pure. What is compared may be any part of the books, as long as it is closed: each movement comes with everything of
 * ours that it may belong to, and each charge of ours with its movements.
 */
import { compareCharges } from './compare-charges.js';
import { compareDisputes } from './compare-disputes.js';
import { compareRefunds } from './compare-refunds.js';
import {
  type BookedMovement,
  type ComparedWindow,
  type OurBooks,
  layOut,
} from './compared-books.js';
import type { Difference } from './difference.js';

export function compare(
  theirs: readonly BookedMovement[],
  ours: OurBooks,
  window: ComparedWindow,
): Difference[] {
  const desk = layOut(theirs, ours, window);
  const charges = compareCharges(desk);
  const found = [
    ...charges.differences,
    ...compareRefunds(desk, charges.connected),
    ...compareDisputes(desk),
  ];
  return found.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** What makes a difference the same one when it is found again. */
export function keyOf({ object, reference, type }: Difference): string {
  return `${object} ${reference} ${type}`;
}

/** As much of a reconciliation as its run carries. */
export interface ReconcileTicket {
  readonly id: string;
  readonly gatewayAccountId: string;
  /** The task queue that serves the account. */
  readonly lane: string;
  /** The account's name, for operators. */
  readonly title: string;
}
