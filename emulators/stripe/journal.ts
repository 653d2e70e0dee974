/** The journal of money really moved: what a bank would say, whatever the answers and webhooks said. */
import type { Store } from './store.js';

export interface JournalEntry {
  /** ISO time of the emulator's clock. */
  readonly at: string;
  readonly kind: 'charge' | 'refund' | 'refund_failure' | 'dispute' | 'dispute_reversal';
  /** The charge, refund or dispute that moved it. */
  readonly id: string;
  readonly payment_intent: string | null;
  readonly charge: string;
  readonly account: string;
  readonly customer: string | null;
  readonly payment_method: string | null;
  readonly amount_minor: number;
  readonly currency: string;
  /** The PaymentIntent's; a refund's own is laid over it. */
  readonly metadata: Record<string, string>;
  /** Of the request that moved it. */
  readonly idempotency_key: string | null;
}

export interface Journal {
  append(entry: JournalEntry): void;
  entries(): JournalEntry[];
}

export function createJournal(store: Store): Journal {
  const table = store.table<JournalEntry>('journal');
  return {
    append: (entry) => table.put(`${entry.kind}/${entry.id}`, entry),
    entries: () => table.all(),
  };
}
