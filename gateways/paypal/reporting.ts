/** PayPal's transaction search: the lines of its books, page by page, hours behind. */
import { z } from 'zod';

import type { Account } from '../gateway.js';
import { type Said, callPaypal } from './call.js';
import type { Deadline } from './deadline.js';

const amount = z.object({ currency_code: z.string(), value: z.string() });

const lineSchema = z.object({
  /** Not unique: what happens to a transaction may show under its id again. */
  transaction_id: z.string(),
  paypal_reference_id: z.string().optional(),
  paypal_reference_id_type: z.string().optional(),
  transaction_event_code: z.string().optional(),
  transaction_initiation_date: z.string().optional(),
  transaction_status: z.string().optional(),
  transaction_amount: amount.optional(),
  fee_amount: amount.optional(),
  invoice_id: z.string().optional(),
  custom_field: z.string().optional(),
});

/** One line of PayPal's books, in its own words. */
export type Line = z.infer<typeof lineSchema>;

const pageSchema = z.object({
  transaction_details: z.array(z.object({ transaction_info: lineSchema })).default([]),
  last_refreshed_datetime: z.string().optional(),
  total_pages: z.number().default(1),
});

export interface Search {
  /** Epoch milliseconds; PayPal counts in whole seconds, both ends included. At most 31 days. */
  readonly start: number;
  readonly end: number;
  /** From 1. */
  readonly page: number;
}

export type LinesRead =
  | {
      readonly kind: 'read';
      readonly lines: readonly Line[];
      /** Epoch milliseconds; nothing younger is in these books. 0 when they do not say. */
      readonly refreshedAt: number;
      readonly pages: number;
    }
  | { readonly kind: 'unread'; readonly said: Said };

export async function readLines(
  account: Account,
  search: Search,
  deadline: Deadline,
): Promise<LinesRead> {
  const said = await callPaypal(account, { method: 'GET', path: pathOf(search) }, deadline);
  if (said.kind !== 'answered' || said.status !== 200) return { kind: 'unread', said };
  const read = pageSchema.safeParse(said.body);
  if (!read.success) return { kind: 'unread', said };
  const { transaction_details: details, last_refreshed_datetime: at, total_pages } = read.data;
  const refreshed = at === undefined ? NaN : timeIn(at);
  return {
    kind: 'read',
    lines: details.map(({ transaction_info: line }) => line),
    refreshedAt: Number.isNaN(refreshed) ? 0 : refreshed,
    pages: total_pages,
  };
}

export const MOST_DAYS = 31;

/** Epoch milliseconds. PayPal writes offsets without a colon, too. */
export function timeIn(text: string): number {
  return Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
}

function pathOf({ start, end, page }: Search): string {
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
