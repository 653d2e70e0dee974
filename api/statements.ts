/** Statements: the ledger of a time as a file for accountants. It is read and sent page by page. */
import type { Database } from '../prisma/client.js';
import type { LedgerAccount } from '../prisma/ledger-transaction.js';
import { type LedgerEntryView, listLedgerEntries, sumLedger } from '../prisma/ledger-view.js';
import { CSV_HEADER, balanceLine, entryLine } from './render/ledger-csv.js';
import { route } from './route.js';
import { statementQuery } from './schemas/ledger.js';

const CSV = 'text/csv; charset=utf-8; header=present';

export const statementRoutes = [
  route({
    method: 'get',
    path: '/v1/statements',
    scope: 'read',
    tag: 'ledger',
    summary: 'Download a statement as CSV',
    description:
      'The balance of each account before `from`, one line per entry booked from then on, and the balances at `to`. ' +
      "With `gateway_account`, only what went through that one. A statement whose `to` is more than a minute ago doesn't " +
      'change any more. An answer that breaks off has no closing line: ask again.',
    query: statementQuery,
    answers: { 200: { description: 'The statement', mediaType: 'text/csv' } },
    run: async ({ api, merchantId, query }) => {
      const [from, to] = [new Date(query.from), new Date(query.to)];
      const asked = { merchantId, gatewayAccountId: query.gateway_account, from, to };
      const name = `dunlin-statement-${day(from)}-${day(to)}.csv`;
      const headers = { 'Content-Disposition': `attachment; filename="${name}"` };
      return { status: 200, headers, text: { type: CSV, chunks: linesOf(api.db, asked) } };
    },
  }),
];

interface AskedStatement {
  readonly merchantId: string;
  readonly gatewayAccountId: string | undefined;
  readonly from: Date;
  readonly to: Date;
}

/** The closing balances are the opening ones and the lines between: they agree whatever is booked meanwhile. */
async function* linesOf(db: Database, asked: AskedStatement): AsyncGenerator<string> {
  const { from, to, ...scope } = asked;
  const opening = await sumLedger(db, scope, from);
  const balances = new Map<string, bigint>();
  for (const { account, currency, debitMinor, creditMinor } of opening)
    balances.set(nameOf(account, currency), debitMinor - creditMinor);
  yield CSV_HEADER + balanceLines('opening', from, balances);

  let page: LedgerEntryView[];
  let after: string | undefined;
  do {
    page = await listLedgerEntries(db, { ...asked, order: 'oldest_first', after, limit: PAGE });
    for (const { account, currency, amountMinor } of page) {
      const name = nameOf(account, currency);
      balances.set(name, (balances.get(name) ?? 0n) + amountMinor);
    }
    if (page.length > 0) yield page.map(entryLine).join('');
    after = page.at(-1)?.id;
  } while (page.length === PAGE);
  yield balanceLines('closing', to, balances);
}

const PAGE = 500;

/** Sorted by currency, then account. */
function nameOf(account: LedgerAccount, currency: string): string {
  return `${currency} ${account}`;
}

function balanceLines(
  line: 'opening' | 'closing',
  at: Date,
  balances: ReadonlyMap<string, bigint>,
): string {
  return [...balances]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, balance]) => {
      const [currency = '', account = ''] = name.split(' ');
      return balanceLine(line, at, account, balance, currency);
    })
    .join('');
}

function day(at: Date): string {
  return at.toISOString().slice(0, 10);
}
