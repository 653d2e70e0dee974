/** The books as text: what tests compare, and people read. */
import type { Tx } from '../../prisma/client.js';
import { newId } from '../../prisma/new-id.js';
import type { LedgerScope } from '../../prisma/ledger-view.js';
import { listLedgerEntries, sumLedger } from '../../prisma/ledger-view.js';
import type { House } from './house.js';

type Books = Pick<House, 'db' | 'merchantId'>;

/** One line per fact, in order: "charge  gateway / receivable  1900". */
export async function facts({ db, merchantId }: Books, scope: Partial<LedgerScope>) {
  const page = { merchantId, ...scope, order: 'oldest_first', limit: 1000 } as const;
  const lines = new Map<string, { kind: string; debit: string; credit: string; amount: bigint }>();
  for (const { transactionId, kind, account, amountMinor } of await listLedgerEntries(db, page)) {
    const line = lines.get(transactionId) ?? { kind, debit: '', credit: '', amount: 0n };
    if (amountMinor < 0n) line.credit = account;
    else Object.assign(line, { debit: account, amount: amountMinor });
    lines.set(transactionId, line);
  }
  return [...lines.values()].map(
    ({ kind, debit, credit, amount }) => `${kind}  ${debit} / ${credit}  ${amount}`,
  );
}

/** Accounts that are not even, debits positive: { gateway: 1900, revenue: -1900 }. */
export async function balances({ db, merchantId }: Books, scope: Partial<LedgerScope> = {}) {
  const sums = await sumLedger(db, { merchantId, ...scope });
  const standing = sums.map(({ account, debitMinor, creditMinor }) => [
    account,
    Number(debitMinor - creditMinor),
  ]);
  return Object.fromEntries(standing.filter(([, sum]) => sum !== 0)) as Record<string, number>;
}

export interface Leg {
  readonly account: string;
  readonly amountMinor: number;
  readonly currency?: string;
}

interface WrittenFact {
  readonly id?: string;
  readonly merchantId: string;
  readonly kind?: string;
  readonly source?: string;
  readonly customerId?: string | null;
  readonly renewalId?: string | null;
  readonly chargeId?: string | null;
  readonly gatewayAccountId?: string | null;
  readonly bookedAt?: Date;
}

/** Writes a fact as it is given, whatever it is: in one statement, as the books demand. Answers its id. */
export async function writeFact(tx: Tx, fact: WrittenFact, legs: readonly Leg[]): Promise<string> {
  const id = fact.id ?? newId('ltx');
  const ids = legs.map(() => newId('len') as string).toSorted((a, b) => (a < b ? -1 : 1));
  const rows = legs.map(({ account, amountMinor, currency = 'EUR' }, index) => {
    return { id: ids[index], transaction_id: id, account, amount_minor: amountMinor, currency };
  });
  await tx.$executeRaw`
    with booked as (
      insert into ledger_transaction (id, merchant_id, kind, source, customer_id, renewal_id, charge_id,
        gateway_account_id, booked_at)
      values (${id}, ${fact.merchantId}, ${fact.kind ?? 'fee'}, ${fact.source ?? id}, ${fact.customerId ?? null},
        ${fact.renewalId ?? null}, ${fact.chargeId ?? null}, ${fact.gatewayAccountId ?? null},
        ${fact.bookedAt ?? new Date()}))
    insert into ledger_entry (id, transaction_id, account, amount_minor, currency)
    select id, transaction_id, account, amount_minor, currency
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as leg (id text, transaction_id text, account text, amount_minor bigint, currency text)`;
  return id;
}
