/** The ledger as it is read: entries with the facts they belong to, and the sums of accounts. */
import type { Database, Tx } from './client.js';
import { Prisma } from './generated/client.js';
import type { LedgerAccount, LedgerKind } from './ledger-transaction.js';

/** Whose entries: all of the merchant's, or of those facts only. */
export interface LedgerScope {
  readonly merchantId: string;
  readonly customerId?: string | undefined;
  readonly renewalId?: string | undefined;
  readonly chargeId?: string | undefined;
  readonly gatewayAccountId?: string | undefined;
}

export interface LedgerPage extends LedgerScope {
  readonly account?: string | undefined;
  readonly kind?: string | undefined;
  /** Booked at this moment or later, and before that one. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly order: 'newest_first' | 'oldest_first';
  /** The last entry that was seen. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** One leg of a fact. */
export interface LedgerEntryView {
  readonly id: string;
  readonly transactionId: string;
  readonly kind: LedgerKind;
  readonly source: string;
  readonly bookedAt: Date;
  readonly account: LedgerAccount;
  /** Minor units; a debit is positive. */
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly customerId: string | null;
  readonly renewalId: string | null;
  readonly chargeId: string | null;
  readonly gatewayAccountId: string | null;
  readonly gatewayAccountName: string | null;
  readonly description: string | null;
}

export interface LedgerBalance {
  readonly account: LedgerAccount;
  readonly currency: string;
  readonly debitMinor: bigint;
  readonly creditMinor: bigint;
}

/** In the order in which they were booked, or the reverse; the legs of one fact beside each other. */
export async function listLedgerEntries(
  db: Database,
  page: LedgerPage,
): Promise<LedgerEntryView[]> {
  const { order, limit, account, kind, after } = page;
  const seen = after === undefined ? undefined : await findPlace(db, page.merchantId, after);
  if (after !== undefined && !seen) return [];
  const direction = Prisma.raw(order === 'newest_first' ? 'desc' : 'asc');
  return db.$queryRaw<LedgerEntryView[]>`
    select e.id, e.account, e.amount_minor as "amountMinor", e.currency, t.id as "transactionId", t.kind, t.source,
      t.booked_at as "bookedAt", t.customer_id as "customerId", t.renewal_id as "renewalId",
      t.charge_id as "chargeId", t.gateway_account_id as "gatewayAccountId", a.name as "gatewayAccountName",
      r.description
    from ledger_transaction t
    join ledger_entry e on e.transaction_id = t.id
    left join gateway_account a on a.id = t.gateway_account_id
    left join renewal r on r.id = t.renewal_id
    where ${within(page)} and ${since(page.from)} and ${before(page.to)} and ${beyond(seen, order)}
      and ${equals(Prisma.sql`e.account`, account)} and ${equals(Prisma.sql`t.kind`, kind)}
    order by t.booked_at ${direction}, t.id ${direction}, e.id ${direction}
    limit ${limit}`;
}

/** Sums per account and currency, of what was booked before a moment if one is named. */
export function sumLedger(db: Tx, scope: LedgerScope, until?: Date): Promise<LedgerBalance[]> {
  return db.$queryRaw<LedgerBalance[]>`
    select e.account, e.currency,
      coalesce(sum(e.amount_minor) filter (where e.amount_minor > 0), 0)::bigint as "debitMinor",
      coalesce(-sum(e.amount_minor) filter (where e.amount_minor < 0), 0)::bigint as "creditMinor"
    from ledger_transaction t join ledger_entry e on e.transaction_id = t.id
    where ${within(scope)} and ${before(until)}
    group by e.account, e.currency order by e.currency, e.account`;
}

function within(scope: LedgerScope): Prisma.Sql {
  return Prisma.join(
    [
      Prisma.sql`t.merchant_id = ${scope.merchantId}`,
      equals(Prisma.sql`t.customer_id`, scope.customerId),
      equals(Prisma.sql`t.renewal_id`, scope.renewalId),
      equals(Prisma.sql`t.charge_id`, scope.chargeId),
      equals(Prisma.sql`t.gateway_account_id`, scope.gatewayAccountId),
    ],
    ' and ',
  );
}

/** Where an entry stands in the order. The moment is kept as text: PostgreSQL's are finer than ours. */
interface Place {
  readonly bookedAt: string;
  readonly transactionId: string;
  readonly id: string;
}

/** Read first and passed on, so that the planner sees where in the index the page begins. */
async function findPlace(db: Database, merchantId: string, id: string): Promise<Place | undefined> {
  const rows = await db.$queryRaw<Place[]>`
    select t.booked_at::text as "bookedAt", t.id as "transactionId", e.id
    from ledger_entry e join ledger_transaction t on t.id = e.transaction_id
    where e.id = ${id} and t.merchant_id = ${merchantId}`;
  return rows[0];
}

function beyond(seen: Place | undefined, order: LedgerPage['order']): Prisma.Sql {
  if (!seen) return ANY;
  const { bookedAt, transactionId, id } = seen;
  const sign = order === 'newest_first' ? '<' : '>';
  return Prisma.sql`(t.booked_at, t.id) ${Prisma.raw(`${sign}=`)} (${bookedAt}::timestamptz, ${transactionId})
    and (t.id <> ${transactionId} or e.id ${Prisma.raw(sign)} ${id})`;
}

function equals(column: Prisma.Sql, value: string | undefined): Prisma.Sql {
  return value === undefined ? ANY : Prisma.sql`${column} = ${value}`;
}

function since(from: Date | undefined): Prisma.Sql {
  return from ? Prisma.sql`t.booked_at >= ${from}` : ANY;
}

function before(to: Date | undefined): Prisma.Sql {
  return to ? Prisma.sql`t.booked_at < ${to}` : ANY;
}

const ANY = Prisma.sql`true`;
