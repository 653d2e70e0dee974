/**
 * A transaction of the ledger: one fact, its debit and its credit. It is booked once, however often it is told: kind and
 * source are unique. Nothing of it is ever changed; the database refuses that.
 */
import type { Tx } from './client.js';
import type { Prisma } from './generated/client.js';
import { newId } from './new-id.js';

/** Where money is, is owed, came from or went. */
export const LEDGER_ACCOUNTS = [
  'receivable',
  'revenue',
  'gateway',
  'surplus',
  'refunds',
  'disputed',
  'bad_debt',
  'fees',
] as const;
export type LedgerAccount = (typeof LEDGER_ACCOUNTS)[number];

export const LEDGER_KINDS = [
  'renewal_due',
  'debt_dropped',
  'write_off',
  'charge',
  'surplus',
  'surplus_applied',
  'return',
  'refund',
  'refund_failed',
  'dispute_withdrawn',
  'dispute_reinstated',
  'dispute_lost',
  'fee',
] as const;
export type LedgerKind = (typeof LEDGER_KINDS)[number];

export interface Fact {
  readonly kind: LedgerKind;
  /** The row that the fact comes from. */
  readonly source: string;
  readonly merchantId: string;
  readonly currency: string;
  readonly customerId?: string | undefined;
  readonly renewalId?: string | undefined;
  readonly chargeId?: string | undefined;
  readonly gatewayAccountId?: string | undefined;
}

/**
 * One statement: the transaction and its two legs, or, where it is booked already or moves nothing, neither. What is
 * written late is booked late, so that a statement of the past does not change.
 */
export async function book(
  tx: Tx,
  fact: Fact,
  [debit, credit]: readonly [LedgerAccount, LedgerAccount | Prisma.Sql],
  amount: Prisma.Sql | bigint,
  now: Date,
): Promise<void> {
  const [debitId, creditId] = [newId('len'), newId('len')].toSorted();
  await tx.$executeRaw`
    with moved as (select (${amount})::bigint as amount_minor),
    booked as (
      insert into ledger_transaction (id, merchant_id, kind, source, customer_id, renewal_id, charge_id,
        gateway_account_id, booked_at)
      select ${newId('ltx')}, ${fact.merchantId}, ${fact.kind}, ${fact.source}, ${fact.customerId ?? null},
        ${fact.renewalId ?? null}, ${fact.chargeId ?? null}, ${fact.gatewayAccountId ?? null},
        greatest(${now}::timestamptz, clock_timestamp())
      from moved where amount_minor <> 0
      on conflict (kind, source) do nothing
      returning id)
    insert into ledger_entry (id, transaction_id, account, amount_minor, currency)
    select leg.id, booked.id, leg.account, leg.sign * moved.amount_minor, ${fact.currency}
    from booked, moved,
      (values (${debitId}, ${debit}, 1), (${creditId}, ${credit}, -1)) as leg (id, account, sign)`;
}
