/** Reversals: money of a capture that is taken back, by a dispute that was lost or by a bank without one. */
import { type Account, isoTime } from './account.js';
import { amountOf } from './amounts.js';
import { link } from './call.js';
import { type Capture, type ReversedAs, captureOf, entryOf } from './captures.js';
import { refused } from './errors.js';
import { newId } from './ids.js';

/** The transaction that took the money. */
export interface Loss {
  readonly id: string;
  readonly units: number;
  readonly at: number;
}

/** A bank takes all of it back, and nobody is asked. */
export function reverseCapture(account: Account, id: string): Capture {
  const capture = captureOf(account, id);
  if (capture.status !== 'COMPLETED' || capture.dispute) throw refused('TRANSACTION_DISPUTED');
  takeBack(account, id, { units: capture.units, by: id, as: 'REVERSED' });
  return captureOf(account, id);
}

/**
 * The money is taken back here, and nowhere else; what was refunded before is not taken twice. Undefined when nothing
 * was left to take. `by`: the dispute that decided, or the capture itself.
 */
export function takeBack(
  account: Account,
  captureId: string,
  {
    units: wanted,
    by,
    as,
  }: { readonly units: number; readonly by: string; readonly as: ReversedAs },
): Loss | undefined {
  const old = captureOf(account, captureId);
  const units = Math.min(wanted, old.units - old.refunded);
  if (units <= 0) return undefined;
  const at = account.clock.now();
  const loss = { id: newId(), units, at };
  const history = [...old.history, { at, status: units === old.units ? 'REVERSED' : 'COMPLETED' }];
  const capture: Capture = { ...old, dispute: 'lost', reversedAs: as, loss, history };
  account.captures.put(capture.id, capture);
  account.journal.append(entryOf(account, capture, 'dispute', by, units, { request_id: null }));
  account.emit(
    'PAYMENT.CAPTURE.REVERSED',
    {
      id: loss.id,
      status: 'COMPLETED',
      amount: amountOf(units, capture.amount.currency_code),
      ...(capture.invoice_id && { invoice_id: capture.invoice_id }),
      ...(capture.custom_id && { custom_id: capture.custom_id }),
      create_time: isoTime(at),
      update_time: isoTime(at),
      links: [link(account, 'up', `/v2/payments/captures/${capture.id}`)],
    },
    'A payment capture was reversed',
  );
  return loss;
}
