/** The journal of money really moved: what a bank would say, whatever the answers and webhooks said. */
import type { Store } from './store.js';

export interface MoneyMoved {
  /** ISO time of the emulator's clock. */
  readonly at: string;
  readonly kind: 'charge' | 'refund' | 'refund_failure' | 'dispute' | 'dispute_reversal';
  /** The charge, refund or dispute that moved it. */
  readonly id: string;
  readonly account: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly metadata: Record<string, string>;
  /** Of the request that moved it. */
  readonly idempotency_key: string | null;
}

export interface Journal<Entry extends MoneyMoved> {
  append(entry: Entry): void;
  entries(): Entry[];
}

export function createJournal<Entry extends MoneyMoved>(store: Store): Journal<Entry> {
  const table = store.table<Entry>('journal');
  return {
    append: (entry) => table.put(`${entry.kind}/${entry.id}`, entry),
    entries: () => table.all(),
  };
}
