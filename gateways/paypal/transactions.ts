/**
 * The books: PayPal's transaction search, hours behind, the last place where a lost charge can be found.
 *
 * It can only ever find. That it shows nothing is told to a person, and is never taken for proof: a payment that
 * PayPal holds back may show later, and the charge would then be made twice.
 */
import type { Account, Answer, FrozenCharge, LookUp } from '../gateway.js';
import { unknown, whyNot } from './answers.js';
import type { Said } from './call.js';
import type { Deadline } from './deadline.js';
import { readCaptureBack } from './orders.js';
import { type Line, MOST_DAYS, readLines } from './reporting.js';
import { invoiceOf, readRequest } from './request.js';

export async function findInBooks(
  account: Account,
  charge: FrozenCharge,
  deadline: Deadline,
): Promise<LookUp> {
  const search = await searchAll(account, charge, deadline);
  if (search.kind === 'failed') return search.answer;
  const { payments, refreshedAt } = search;
  const own = payments
    .filter(({ custom_field: owner }) => owner === charge.id)
    .toSorted((a, b) => weight(b) - weight(a))[0];
  if (own) return readCaptureBack(account, own.transaction_id, charge, deadline);
  if (refreshedAt < charge.firstSentAt + SURELY_IN_THE_BOOKS_MS)
    return unknown("PayPal's books do not reach far enough yet to show this payment");
  const invoice = invoiceOf(readRequest(charge.request));
  const earlier = payments.find(
    ({ invoice_id: id, transaction_status: status }) => id === invoice && status === 'S',
  );
  if (earlier) return { kind: 'duplicate' };
  return unknown(
    `PayPal's books show no payment of ${charge.id}. A person must see to it, and decide with resolveUnknown`,
    { attention: true },
  );
}

/** What has money in it comes before what may get some. */
function weight({ transaction_status: status }: Line): number {
  return ['P', 'S'].indexOf(status ?? '');
}

/** Re-sent for five hours, executed within one more, and an hour over. */
const SURELY_IN_THE_BOOKS_MS = 7 * 3_600_000;

type Search =
  | {
      readonly kind: 'searched';
      readonly payments: readonly Line[];
      /** Epoch milliseconds; nothing younger is in these books. */
      readonly refreshedAt: number;
    }
  | { readonly kind: 'failed'; readonly answer: Extract<Answer, { kind: 'unknown' }> };

async function searchAll(
  account: Account,
  charge: FrozenCharge,
  deadline: Deadline,
): Promise<Search> {
  const payments: Line[] = [];
  let refreshedAt = Infinity;
  for (let page = 1; page <= MOST_PAGES; page++) {
    const read = await readLines(account, { ...windowOf(charge), page }, deadline);
    if (read.kind === 'unread') return cannotBeRead(read.said);
    payments.push(...read.lines.filter(isPayment));
    refreshedAt = Math.min(refreshedAt, read.refreshedAt);
    if (page >= read.pages) return { kind: 'searched', payments, refreshedAt };
  }
  const why = `PayPal's books of that month are longer than ${MOST_PAGES} pages: ${charge.id} must be looked for by hand`;
  return failed(why, true);
}

function cannotBeRead(said: Said): Search {
  if (said.kind === 'answered' && said.status === 200)
    return failed("PayPal's books cannot be read");
  // Without the permission for it no later search will do better.
  const attention = said.kind === 'answered' && said.status === 403;
  return failed(`PayPal's books cannot be searched: ${whyNot(said)}`, attention);
}

function failed(why: string, attention = false): Search {
  return { kind: 'failed', answer: unknown(why, { attention }) };
}

function isPayment({ transaction_event_code: code }: Line): boolean {
  return code === undefined || code.startsWith('T00');
}

/** As wide as one search may be: the payment may have been held, and its date is then later. */
function windowOf({ firstSentAt, askedAt }: FrozenCharge) {
  const start = firstSentAt - CLOCK_SKEW_MS;
  return { start, end: Math.min(start + MOST_DAYS * 86_400_000, askedAt) };
}

const CLOCK_SKEW_MS = 10 * 60_000;
const MOST_PAGES = 20;
