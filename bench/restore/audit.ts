/** After the restore: the gateways' journals against the database, line by line, and the ledger against both. */
import type { EmulatedGateway } from '../support/gateways.js';
import { type Books, OWED, UNDECIDED } from '../support/books.js';
import { renewalOf } from '../../test/support/emulator.js';

export interface Finding {
  readonly rule: string;
  readonly rows: readonly unknown[];
}

interface Line {
  readonly kind: string;
  readonly name: string;
  readonly amount: number;
  readonly renewal: string | undefined;
}

export async function audit(
  books: Books,
  gateways: readonly EmulatedGateway[],
): Promise<Finding[]> {
  const theirs = await journalOf(gateways);
  const ours = await books.rows<{ kind: string; name: string; amount: string }>(BOOKED);
  const written = new Map(ours.map((line) => [`${line.kind} ${line.name}`, Number(line.amount)]));
  const moved = new Map(theirs.map((line) => [`${line.kind} ${line.name}`, line.amount]));
  const charged = theirs.filter(({ kind }) => kind === 'charge');
  const perRenewal = new Map<string, number>();
  for (const { renewal } of charged)
    if (renewal) perRenewal.set(renewal, (perRenewal.get(renewal) ?? 0) + 1);
  const findings: Record<string, readonly unknown[]> = {
    'charged twice': [...perRenewal].filter(([, times]) => times > 1),
    'moved there, not booked here': [...moved].filter(([line, sum]) => written.get(line) !== sum),
    'booked here, not moved there': [...written].filter(([line, sum]) => moved.get(line) !== sum),
    'the ledger does not balance': await books.rows(
      `select currency, sum(amount_minor) from ledger_entry group by 1 having sum(amount_minor) <> 0`,
    ),
    'the ledger has another sum at the gateways': await otherSum(books, theirs),
    undecided: await books.rows(`select r.id, r.status from ${UNDECIDED}`),
    'owed to a run': await books.rows(`select * from ${OWED}`),
  };
  return Object.entries(findings)
    .filter(([, rows]) => rows.length > 0)
    .map(([rule, rows]) => ({ rule, rows }));
}

/** What each side has moved, for people. */
export async function totals(books: Books, gateways: readonly EmulatedGateway[]) {
  const theirs = await journalOf(gateways);
  const ours = await books.rows<{ kind: string }>(BOOKED);
  return ['charge', 'refund', 'dispute'].map((kind) => ({
    what: kind,
    'at the gateways': theirs.filter((line) => line.kind === kind).length,
    'in our books': ours.filter((line) => line.kind === kind).length,
  }));
}

const BOOKED = `
  select 'charge' as kind, gateway_charge_reference as name, amount_minor as amount
    from charge where status = 'succeeded'
  union all select 'refund', gateway_reference, amount_minor from refund where status = 'succeeded'
  union all select 'dispute', gateway_reference, amount_minor from dispute where status = 'lost'`;

async function journalOf(gateways: readonly EmulatedGateway[]): Promise<Line[]> {
  const journals = await Promise.all(gateways.map(({ emulator }) => emulator.journal()));
  return journals.flat().map((entry) => ({
    kind: entry.kind,
    name: entry.id,
    amount: entry.amount_minor,
    renewal: renewalOf(entry),
  }));
}

/** All money is of one currency here. */
async function otherSum(books: Books, theirs: readonly Line[]): Promise<object[]> {
  const there = theirs.reduce(
    (sum, { kind, amount }) => sum + (kind === 'charge' ? amount : -amount),
    0,
  );
  const [row] = await books.rows<{ sum: string }>(`
    select coalesce(sum(e.amount_minor), 0) as sum from ledger_entry e
    join ledger_transaction t on t.id = e.transaction_id
    where e.account = 'gateway' and t.kind <> 'fee'`);
  const here = Number(row!.sum);
  return here === there ? [] : [{ here, there }];
}
