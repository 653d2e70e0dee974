/**
 * Books that say something else than what was answered: a movement, and whatever a look-up of it would find, is
 * altered or removed. The journal is not: it keeps what really moved.
 */
import type Stripe from 'stripe';
import { z } from 'zod';

import type { Account } from './account.js';
import { invalidRequest } from './errors.js';

export const bookChange = z
  .strictObject({
    op: z.enum(['alter', 'remove']),
    /** A balance transaction. */
    line: z.string().optional(),
    /** The charge, refund or dispute that moved: all its balance transactions. */
    source: z.string().optional(),
    /** As Stripe writes amounts, without a sign. */
    amount_minor: z.int().min(0).optional(),
    currency: z.string().toLowerCase().optional(),
  })
  .refine((asked) => (asked.line === undefined) !== (asked.source === undefined), {
    message: 'Either line or source.',
  });

type Change = z.output<typeof bookChange>;
type Line = Stripe.BalanceTransaction;

/** Those of that name, or of the object of that name. */
export function movementsOf(account: Account, name: string): Line[] {
  return account.balanceTransactions
    .all()
    .filter(({ id, source }) => id === name || source === name);
}

/** Says what it found, as it stands afterwards; nothing of it is left when it was removed. */
export function alterBooks(account: Account, change: Change): { lines: Line[] } {
  const found = movementsOf(account, (change.line ?? change.source)!);
  const source = found[0]!.source as string;
  if (change.op === 'remove') {
    remove(account, source);
    return { lines: [] };
  }
  const { amount_minor: amount, currency } = change;
  if (amount === undefined && currency === undefined)
    throw invalidRequest('What is to be altered?', undefined, 'amount_minor');
  const lines = found.map((line) => alterLine(account, line, amount, currency));
  alterSource(account, source, {
    ...(amount !== undefined && { amount }),
    ...(currency !== undefined && { currency }),
  });
  return { lines };
}

function alterLine(
  account: Account,
  line: Line,
  magnitude = Math.abs(line.amount),
  currency = line.currency,
): Line {
  const amount = line.amount < 0 ? -magnitude : magnitude;
  const altered = { ...line, amount, currency, net: amount - line.fee };
  account.balanceTransactions.put(line.id, altered);
  return altered;
}

interface Said {
  readonly amount?: number;
  readonly currency?: string;
}

function alterSource(account: Account, id: string, said: Said): void {
  const { charges, paymentIntents, refunds, disputes } = account;
  const charge = charges.get(id);
  if (charge) {
    const captured = said.amount === undefined ? {} : { amount_captured: said.amount };
    charges.put(id, { ...charge, ...said, ...captured });
    const intent = paymentIntents.get(charge.payment_intent as string);
    const received = said.amount === undefined ? {} : { amount_received: said.amount };
    if (intent) paymentIntents.put(intent.id, { ...intent, ...said, ...received });
  }
  const refund = refunds.get(id);
  if (refund) {
    refunds.put(id, { ...refund, ...said });
    countRefunded(account, refund, (said.amount ?? refund.amount) - refund.amount);
  }
  const dispute = disputes.get(id);
  if (dispute) {
    const legs = movementsOf(account, id);
    disputes.put(id, { ...dispute, ...said, balance_transactions: legs });
  }
}

function remove(account: Account, id: string): void {
  const { balanceTransactions, charges, disputes, paymentIntents, refunds } = account;
  for (const line of movementsOf(account, id)) balanceTransactions.delete(line.id);
  const charge = charges.get(id);
  if (charge) paymentIntents.delete(charge.payment_intent as string);
  charges.delete(id);
  const refund = refunds.get(id);
  if (refund && refund.status !== 'failed') countRefunded(account, refund, -refund.amount);
  refunds.delete(id);
  const disputed = charges.get((disputes.get(id)?.charge as string | undefined) ?? '');
  if (disputed) charges.put(disputed.id, { ...disputed, disputed: false });
  disputes.delete(id);
}

/** What a charge says of its refunds is part of the answer. */
function countRefunded(account: Account, { charge: of }: Stripe.Refund, change: number): void {
  const charge = account.charges.get(of as string);
  if (!charge) return;
  const amount_refunded = charge.amount_refunded + change;
  const refunded = amount_refunded >= charge.amount;
  account.charges.put(charge.id, { ...charge, amount_refunded, refunded });
}
