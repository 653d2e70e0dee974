import type { z } from 'zod';

import type { LedgerAccount } from '../../prisma/ledger-transaction.js';
import type { LedgerBalance, LedgerEntryView } from '../../prisma/ledger-view.js';
import type { ledgerBalance, ledgerEntry } from '../schemas/ledger.js';

export function renderLedgerEntry(row: LedgerEntryView): z.infer<typeof ledgerEntry> {
  const { transactionId: id, kind, source, bookedAt, gatewayAccountId, amountMinor } = row;
  return {
    id: row.id,
    transaction: { id, kind, source, booked_at: bookedAt.toISOString() },
    account: row.account,
    side: amountMinor > 0n ? 'debit' : 'credit',
    amount_minor: Math.abs(Number(amountMinor)),
    currency: row.currency,
    customer: row.customerId,
    renewal: row.renewalId,
    charge: row.chargeId,
    gateway_account: gatewayAccountId
      ? { id: gatewayAccountId, name: row.gatewayAccountName ?? '' }
      : null,
  };
}

export function renderLedgerBalance({
  account,
  currency,
  debitMinor,
  creditMinor,
}: LedgerBalance): z.infer<typeof ledgerBalance> {
  const balance = debitMinor - creditMinor;
  const [ifDebit, ifCredit] = MEANING[account];
  return {
    account,
    currency,
    debit_minor: Number(debitMinor),
    credit_minor: Number(creditMinor),
    balance_minor: Number(balance),
    meaning: balance === 0n ? 'Even' : balance > 0n ? ifDebit : ifCredit,
  };
}

/** What it means that an account's balance is a debit, and what if it is a credit. */
const MEANING: Readonly<Record<LedgerAccount, readonly [string, string]>> = {
  receivable: ['Owed by customers', 'Received from customers beyond what they owed'],
  revenue: ['Canceled beyond what was billed', 'Billed to customers, less what was canceled'],
  gateway: ['Held by the gateway for you, or paid out by it', 'Owed to the gateway'],
  surplus: [
    'Given back beyond what came in unowed',
    'Received though not owed, and not given back',
  ],
  refunds: ['Given back to customers', 'Refunds that came back'],
  disputed: ['Withdrawn by banks while they decide', 'Returned beyond what was withdrawn'],
  bad_debt: ['Lost: written off, or lost in part to a dispute', 'Recovered after it was lost'],
  fees: ['Kept by gateways', 'Fees that gateways gave back'],
};
