/**
 * The books: PayPal's transaction search, hours behind, the last place where a lost charge can be found.
 *
 * It can only ever find. That it shows nothing is told to a person, and is never taken for proof: a payment that
 * PayPal holds back may show later, and the charge would then be made twice.
 */
import { z } from 'zod';

import type { Account, Answer, FrozenCharge, LookUp } from '../gateway.js';
import { unknown, whyNot } from './answers.js';
import { type Answered, callPaypal } from './call.js';
import type { Deadline } from './deadline.js';
import { readCaptureBack } from './orders.js';
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
function weight({ transaction_status: status }: Transaction): number {
  return ['P', 'S'].indexOf(status ?? '');
}

/** Re-sent for five hours, executed within one more, and an hour over. */
const SURELY_IN_THE_BOOKS_MS = 7 * 3_600_000;

const pageSchema = z.object({
  transaction_details: z
    .array(
      z.object({
        transaction_info: z.object({
          transaction_id: z.string(),
          transaction_event_code: z.string().optional(),
          transaction_status: z.string().optional(),
          invoice_id: z.string().optional(),
          custom_field: z.string().optional(),
        }),
      }),
    )
    .default([]),
  last_refreshed_datetime: z.string().optional(),
  total_pages: z.number().default(1),
});

type Transaction = z.infer<typeof pageSchema>['transaction_details'][number]['transaction_info'];

type Search =
  | {
      readonly kind: 'searched';
      readonly payments: readonly Transaction[];
      /** Epoch milliseconds; nothing younger is in these books. */
      readonly refreshedAt: number;
    }
  | { readonly kind: 'failed'; readonly answer: Extract<Answer, { kind: 'unknown' }> };

async function searchAll(
  account: Account,
  charge: FrozenCharge,
  deadline: Deadline,
): Promise<Search> {
  const payments: Transaction[] = [];
  let refreshedAt = Infinity;
  for (let page = 1; page <= MOST_PAGES; page++) {
    const path = searchPath(charge, page);
    const said = await callPaypal(account, { method: 'GET', path }, deadline);
    if (said.kind !== 'answered' || said.status !== 200) {
      // Without the permission for it no later search will do better.
      const attention = said.kind === 'answered' && said.status === 403;
      return failed(`PayPal's books cannot be searched: ${whyNot(said)}`, attention);
    }
    const read = readPage(said);
    if (!read) return failed("PayPal's books cannot be read");
    payments.push(...read.payments);
    refreshedAt = Math.min(refreshedAt, read.refreshedAt);
    if (page >= read.pages) return { kind: 'searched', payments, refreshedAt };
  }
  const why = `PayPal's books of that month are longer than ${MOST_PAGES} pages: ${charge.id} must be looked for by hand`;
  return failed(why, true);
}

function failed(why: string, attention = false): Search {
  return { kind: 'failed', answer: unknown(why, { attention }) };
}

function readPage({ body }: Answered) {
  const read = pageSchema.safeParse(body);
  if (!read.success) return undefined;
  const { transaction_details: details, last_refreshed_datetime: at, total_pages } = read.data;
  const refreshed = at === undefined ? NaN : Date.parse(at.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  return {
    // T00 are payments; refunds, fees and reversals repeat a payment's fields.
    payments: details
      .map(({ transaction_info: info }) => info)
      .filter(({ transaction_event_code: code }) => code === undefined || code.startsWith('T00')),
    refreshedAt: Number.isNaN(refreshed) ? 0 : refreshed,
    pages: total_pages,
  };
}

/** As wide as one search may be: the payment may have been held, and its date is then later. */
function searchPath({ firstSentAt, askedAt }: FrozenCharge, page: number): string {
  const start = firstSentAt - CLOCK_SKEW_MS;
  const end = Math.min(start + MOST_DAYS * 86_400_000, askedAt);
  const query = new URLSearchParams({
    start_date: inSeconds(start),
    end_date: inSeconds(end),
    fields: 'transaction_info',
    // Payments on hold and declined ones are what is looked for, too.
    balance_affecting_records_only: 'N',
    page_size: '500',
    page: String(page),
  });
  return `/v1/reporting/transactions?${query.toString()}`;
}

function inSeconds(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

const CLOCK_SKEW_MS = 10 * 60_000;
const MOST_DAYS = 31;
const MOST_PAGES = 20;
