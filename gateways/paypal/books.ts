/** PayPal's own books, line by line, translated. They are hours behind, and say how far they reach. */
import type { Account, BooksPage, BooksWindow, Movement } from '../gateway.js';
import { readMoved } from './amount.js';
import type { Said } from './call.js';
import { deadlineIn } from './deadline.js';
import { issuesIn } from './issues.js';
import { ownerOf } from './marks.js';
import { type Line, MOST_DAYS, type Search, readLines, timeIn } from './reporting.js';
import { notAnswered, unavailable } from './unavailable.js';

/** A window is read in searches of at most 31 days, and each of them page by page. */
export async function listMovements(account: Account, window: BooksWindow): Promise<BooksPage> {
  const search = searchOf(window);
  if (!search) return unavailable(`${window.page} is no page of these books`, { attention: true });
  const read = await readLines(account, search, deadlineIn(account.deadlineMs));
  if (read.kind === 'unread') return narrower(search, window, read.said);
  const movements: Movement[] = [];
  for (const line of read.lines) {
    if (!isMovement(line)) continue;
    const movement = movementOf(line);
    if (!movement)
      return unavailable(`${line.transaction_id} stands in PayPal's books in no form we know`, {
        attention: true,
      });
    movements.push(movement);
  }
  const next =
    search.page < read.pages ? { ...search, page: search.page + 1 } : after(search, window);
  return {
    kind: 'page',
    movements,
    next: next && nameOf(next),
    completeTo: Math.min(window.to, read.refreshedAt),
  };
}

/** Where to go on, in whole seconds: start, end, and the page of that search. */
function nameOf({ start, end, page }: Search): string {
  return `${start / 1000}-${end / 1000}-${page}`;
}

function searchOf({ from, to, page }: BooksWindow): Search | undefined {
  if (page === undefined) {
    const start = inSeconds(from);
    return { start, end: Math.min(start + LONGEST_MS, inSeconds(to)), page: 1 };
  }
  const [start, end, number] = /^(\d+)-(\d+)-(\d+)$/.exec(page)?.slice(1).map(Number) ?? [];
  if (start === undefined || end === undefined || number === undefined) return undefined;
  return { start: start * 1000, end: end * 1000, page: number };
}

/** The next search of the window. Both ends of one belong to it, so the next begins a second later. */
function after({ start, end }: Search, { to }: BooksWindow): Search | undefined {
  const next = end + 1000;
  return next > to
    ? undefined
    : { start: next, end: Math.min(next + end - start, inSeconds(to)), page: 1 };
}

/** PayPal lists no more than ten thousand lines to one search: half of it is searched instead. */
function narrower(search: Search, { to }: BooksWindow, said: Said): BooksPage {
  const { start, end } = search;
  const isTooMuch =
    said.kind === 'answered' && issuesIn(said).some(({ name }) => name === 'RESULTSET_TOO_LARGE');
  if (!isTooMuch || end - start < 2000) return notAnswered(said);
  const half = { start, end: inSeconds((start + end) / 2), page: 1 };
  return { kind: 'page', movements: [], next: nameOf(half), completeTo: to };
}

function inSeconds(time: number): number {
  return Math.floor(time / 1000) * 1000;
}

const LONGEST_MS = MOST_DAYS * 86_400_000 - 1000;

/** What was declined has not moved, and an authorization (T13) only promises. */
function isMovement({ transaction_status: status, transaction_event_code: code }: Line): boolean {
  return status !== 'D' && !code?.startsWith('T13');
}

/** Undefined for a line that does not say what moved, or when. */
function movementOf(line: Line): Movement | undefined {
  const {
    transaction_id: id,
    transaction_event_code: code = '',
    transaction_status: status,
  } = line;
  const moved = line.transaction_amount && readMoved(line.transaction_amount);
  const at = timeIn(line.transaction_initiation_date ?? '');
  if (!moved || Number.isNaN(at)) return undefined;
  const kind = kindOf(code, moved.out);
  return {
    line: `${id}:${code}`,
    kind,
    // A dispute's own name does not stand here: PayPal names what moved, and which charge it was about.
    reference: id,
    chargeReference: kind === 'charge' ? id : aboutWhich(line),
    objectReference: undefined,
    customerReference: undefined,
    owner: ownerOf({ custom: line.custom_field, invoice: line.invoice_id }),
    amount: moved.amount,
    feeMinor: feeOf(line),
    settled: status === 'S' || status === 'V',
    at,
  };
}

/** Other types are orders, subscriptions and agreements. */
function aboutWhich(line: Line): string | undefined {
  const { paypal_reference_id: reference, paypal_reference_id_type: type = 'TXN' } = line;
  return type === 'TXN' ? reference : undefined;
}

/**
 * The group of a code says what it is, and the sign which way it went: money that a dispute took comes back under
 * codes of the same group. Holds (T1110, T1111, T15) are no dispute's end, so they are other. How PayPal books the
 * stages of a chargeback was not tried on a live account.
 */
function kindOf(code: string, out: boolean): Movement['kind'] {
  if (code.startsWith('T00')) return out ? 'other' : 'charge';
  if (code === 'T1107') return out ? 'refund' : 'other';
  if (OF_DISPUTES.has(code)) return out ? 'dispute' : 'dispute_reversal';
  return 'other';
}

/** Reversed by PayPal; charged back, that reversed or reimbursed; a re-presentment rejected, a chargeback canceled. */
const OF_DISPUTES: ReadonlySet<string> = new Set('T1106 T1201 T1202 T1205 T1207 T1208'.split(' '));

/** Less than nothing when PayPal gave some of it back. */
function feeOf({ fee_amount: fee, transaction_amount: amount }: Line): number {
  const moved = fee && readMoved(fee);
  if (!moved || fee.currency_code !== amount?.currency_code) return 0;
  const { amountMinor } = moved.amount;
  return moved.out || amountMinor === 0 ? amountMinor : -amountMinor;
}
