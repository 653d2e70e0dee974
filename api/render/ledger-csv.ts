/** Lines of a statement as CSV (RFC 4180), safe to open in a spreadsheet. */
import { currencyExponent, toCurrency } from '../../domain/money.js';
import type { LedgerEntryView } from '../../prisma/ledger-view.js';

const COLUMNS = [
  'line',
  'booked_at',
  'transaction',
  'kind',
  'source',
  'account',
  'debit',
  'credit',
  'currency',
  'customer',
  'renewal',
  'charge',
  'gateway_account',
  'description',
  'entry',
] as const;

type Cells = Partial<Record<(typeof COLUMNS)[number], string | null>>;

export const CSV_HEADER = lineOf(COLUMNS);

export function entryLine(entry: LedgerEntryView): string {
  return csvLine({
    line: 'entry',
    booked_at: entry.bookedAt.toISOString(),
    transaction: entry.transactionId,
    kind: entry.kind,
    source: entry.source,
    account: entry.account,
    ...sides(entry.amountMinor, entry.currency),
    customer: entry.customerId,
    renewal: entry.renewalId,
    charge: entry.chargeId,
    gateway_account: entry.gatewayAccountName,
    description: entry.description,
    entry: entry.id,
  });
}

export function balanceLine(
  line: 'opening' | 'closing',
  at: Date,
  account: string,
  balance: bigint,
  currency: string,
): string {
  return csvLine({ line, booked_at: at.toISOString(), account, ...sides(balance, currency) });
}

/** A debit is positive. Neither column has a sign. */
function sides(amountMinor: bigint, currency: string) {
  const amount = decimal(amountMinor < 0n ? -amountMinor : amountMinor, currency);
  return { [amountMinor < 0n ? 'credit' : 'debit']: amount, currency };
}

/** A sum may be more than what a number holds exactly. */
function decimal(amountMinor: bigint, currency: string): string {
  const exponent = currencyExponent(toCurrency(currency));
  const digits = String(amountMinor).padStart(exponent + 1, '0');
  return exponent === 0 ? digits : `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

function csvLine(cells: Cells): string {
  return lineOf(COLUMNS.map((column) => cells[column] ?? ''));
}

function lineOf(cells: readonly string[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

/** Spreadsheets take a text that begins like a formula for one, and some begin anew behind a separator of their own. */
function cell(text: string): string {
  const inside = text.replace(/([;\t\r\n]\s*)(?=[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/g, "$1'");
  const safe = /^[\s\uFEFF]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/.test(inside)
    ? `'${inside}`
    : inside;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
