/** Transaction search: what moved, some hours late, for those who compare books. */
import { z } from 'zod';

import { type Account, isoTime } from './account.js';
import { amountOf, feeOf } from './amounts.js';
import { type Call, type Reply, link, ok } from './call.js';
import type { Moment } from './captures.js';
import { PaypalError } from './errors.js';
import { instant, invalid, read, text, whole } from './params.js';

/** One line of the report, before anybody looks. */
interface Line {
  readonly id: string;
  readonly reference: string | undefined;
  readonly code: 'T0000' | 'T1106' | 'T1107';
  readonly history: readonly Moment[];
  readonly units: number;
  readonly fee: number;
  readonly currency: string;
  readonly invoice_id: string | undefined;
  readonly custom_id: string | undefined;
}

export function listTransactions({ account, query }: Call, lagSeconds: number): Reply {
  const asked = read(listed, query, 'query');
  const { start_date: from, end_date: to, page = 1, page_size: size = 100 } = asked;
  if (to < from) throw invalid('INVALID_DATE_RANGE', 'end_date', 'query');
  if (to - from > MOST_DAYS_MS) throw tooLong();
  const refreshed = account.clock.now() - lagSeconds * 1000;
  const onlyBalance = asked.balance_affecting_records_only !== 'N';
  const found = linesOf(account)
    .flatMap((line) => {
      const known = line.history.filter(({ at }) => at <= refreshed);
      return known.length > 0 ? [{ ...line, history: known }] : [];
    })
    .filter((line) => {
      const began = inSeconds(line.history[0]!.at);
      const letter = letterOf(line);
      return (
        began >= from &&
        began <= to &&
        (!onlyBalance || letter === 'S' || letter === 'V') &&
        (asked.transaction_status === undefined || letter === asked.transaction_status) &&
        (asked.transaction_id === undefined || line.id === asked.transaction_id) &&
        (asked.transaction_type === undefined || line.code === asked.transaction_type) &&
        (asked.transaction_currency === undefined ||
          line.currency === asked.transaction_currency) &&
        isWithin(asked.transaction_amount, Math.abs(line.units))
      );
    })
    .toSorted((a, b) => a.history[0]!.at - b.history[0]!.at);
  const pages = Math.ceil(found.length / size);
  return ok({
    transaction_details: found
      .slice((page - 1) * size, page * size)
      .map((line) => ({ transaction_info: render(line) })),
    account_number: account.id,
    start_date: isoTime(from),
    end_date: isoTime(to),
    last_refreshed_datetime: isoTime(refreshed),
    page,
    total_items: found.length,
    total_pages: pages,
    links: [['self', page] as const, ...(page < pages ? [['next', page + 1] as const] : [])].map(
      ([rel, number]) => {
        const search = new URLSearchParams({ ...query, page: String(number) });
        return link(account, rel, `/v1/reporting/transactions?${search.toString()}`);
      },
    ),
  });
}

const MOST_DAYS_MS = 31 * 86_400_000;

function linesOf(account: Account): Line[] {
  const captures = account.captures.all().map((capture): Line => {
    const { id, history, units, invoice_id, custom_id } = capture;
    const currency = capture.amount.currency_code;
    const fee = feeOf(units, currency);
    return {
      id,
      reference: undefined,
      code: 'T0000',
      history,
      units,
      fee,
      currency,
      invoice_id,
      custom_id,
    };
  });
  const refunds = account.refunds.all().map((refund): Line => {
    const { id, history, invoice_id, custom_id } = refund;
    const currency = refund.amount.currency_code;
    return {
      id,
      reference: refund.capture,
      code: 'T1107',
      history,
      units: -refund.units,
      fee: 0,
      currency,
      invoice_id,
      custom_id,
    };
  });
  return [...captures, ...refunds, ...lossesOf(account)];
}

/** What was taken back is a transaction of its own. */
function lossesOf(account: Account): Line[] {
  return account.captures.all().flatMap((capture): Line[] => {
    const { id: reference, loss, amount, invoice_id, custom_id } = capture;
    if (!loss) return [];
    const { id, units, at } = loss;
    const history = [{ at, status: 'COMPLETED' }];
    const currency = amount.currency_code;
    const owner = { invoice_id, custom_id };
    return [{ id, reference, code: 'T1106', history, units: -units, fee: 0, currency, ...owner }];
  });
}

/** Transactions are dated in whole seconds. */
function inSeconds(at: number): number {
  return Math.floor(at / 1000) * 1000;
}

function letterOf({ history }: Line): 'S' | 'P' | 'D' | 'V' {
  const { status } = history.at(-1)!;
  if (status === 'COMPLETED') return 'S';
  if (status === 'REVERSED') return 'V';
  return status === 'PENDING' ? 'P' : 'D';
}

function render(line: Line): object {
  const { id, reference, code, history, units, fee, currency, invoice_id, custom_id } = line;
  const letter = letterOf(line);
  const charged = fee > 0 && (letter === 'S' || letter === 'V');
  return {
    transaction_id: id,
    ...(reference && { paypal_reference_id: reference, paypal_reference_id_type: 'TXN' }),
    transaction_event_code: code,
    transaction_initiation_date: isoTime(history[0]!.at),
    transaction_updated_date: isoTime(history.at(-1)!.at),
    transaction_amount: amountOf(units, currency),
    ...(charged && { fee_amount: amountOf(-fee, currency) }),
    transaction_status: letter,
    ...(invoice_id && { invoice_id }),
    ...(custom_id && { custom_field: custom_id }),
  };
}

/** `500 TO 1005`, in the currency's smallest unit. */
function isWithin(range: string | undefined, units: number): boolean {
  if (range === undefined) return true;
  const [least, most] = range.split(' TO ').map(Number) as [number, number];
  return units >= least && units <= most;
}

function tooLong(): PaypalError {
  const description = 'Date range is greater than 31 days';
  const place = { field: 'end_date', location: 'query' } as const;
  return new PaypalError(400, [{ issue: 'INVALID_DATE_RANGE', description, ...place }]);
}

const listed = z.strictObject({
  balance_affecting_records_only: z.enum(['Y', 'N']).optional(),
  end_date: instant,
  fields: text(500).optional(),
  page: whole(1, 999_999).optional(),
  page_size: whole(1, 500).optional(),
  payment_instrument_type: z.enum(['CREDITCARD', 'DEBITCARD']).optional(),
  start_date: instant,
  transaction_amount: z
    .string()
    .regex(/^\d+ TO \d+$/)
    .optional(),
  transaction_currency: z.string().length(3).optional(),
  transaction_id: z.string().min(17).max(19).optional(),
  transaction_status: z.enum(['D', 'P', 'S', 'V']).optional(),
  transaction_type: z
    .string()
    .regex(/^T\d{4}$/)
    .optional(),
});
