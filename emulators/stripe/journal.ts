/** What the journal says of money that moved at Stripe. */
import type * as common from '../common/journal.js';

export interface JournalEntry extends common.MoneyMoved {
  readonly payment_intent: string | null;
  readonly charge: string;
  readonly customer: string | null;
  readonly payment_method: string | null;
  /** The PaymentIntent's; a refund's own is laid over it. */
  readonly metadata: Record<string, string>;
}

export type Journal = common.Journal<JournalEntry>;
