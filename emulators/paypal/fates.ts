/**
 * Fates: what becomes of a payment with a vaulted method, or by a buyer who approved an order.
 *
 * `POST /_emulator/setup_tokens {"fate": "…"}` gives a setup token that is approved already; the payment token it is
 * exchanged for has its fate. `PUT /_emulator/payment_tokens/{id}/fate` changes it.
 *
 *   succeed                                    captured at once; what everything unmarked does
 *   issue_<ISSUE>, <ISSUE>                     refused with that issue: issue_INSTRUMENT_DECLINED, issue_CONSENT_NEEDED
 *                                              (403), … under the status the issue has (issues.ts), 422 for most
 *   declined_<code>                            HTTP 201, order COMPLETED, capture DECLINED with that processor
 *                                              response code: declined_5120, declined_9500, declined_PPAX, …
 *   declined_<code>_advice_<nn>                with a payment advice code: 01, 02, 03, 21, …
 *   capture_failed                             HTTP 201, order COMPLETED, capture FAILED; nothing tells of it
 *   pending_<REASON>, pending_<REASON>_<s>     PENDING (ECHECK, PENDING_REVIEW, …) until told, or for so many seconds;
 *                                              then COMPLETED
 *   pendingThenDenied_<REASON>[_<s>]           the same, then DECLINED, told by PAYMENT.CAPTURE.DENIED
 *   payer_action_required                      HTTP 201, order PAYER_ACTION_REQUIRED until approved
 *   refund_pending                             captured; its refunds are PENDING for two seconds, then COMPLETED
 *   refund_fail                                captured; its refunds are PENDING for two seconds, then FAILED
 *   refund_issue_<ISSUE>                       captured; its refunds are refused with that issue
 *   dispute_<REASON>                           captured; a second later the buyer disputes it
 *
 * Any issue and any decline may end with `_times_<n>`: so many refusals, then success.
 */
export interface FateState {
  readonly fate: string;
  /** Refusals given so far, for a fate that ends after some. */
  readonly refusals: number;
}

export type Verdict =
  | { readonly kind: 'completed' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'payer_action' }
  | { readonly kind: 'issue'; readonly issue: string }
  | { readonly kind: 'declined'; readonly code: string; readonly advice: string | undefined }
  | {
      readonly kind: 'pending';
      readonly reason: string;
      /** Undefined: until the control API settles it. */
      readonly seconds: number | undefined;
      readonly outcome: Settlement;
    };

export type Settlement = 'succeeded' | 'declined';

export type RefundVerdict =
  | { readonly kind: 'completed' }
  | { readonly kind: 'issue'; readonly issue: string }
  | { readonly kind: 'pending'; readonly outcome: 'succeeded' | 'failed' };

export function isFate(fate: string): boolean {
  return verdictOn(fate) !== undefined;
}

export function judge({ fate, refusals }: FateState): Verdict {
  const times = /_times_(\d+)$/.exec(fate)?.[1];
  if (times !== undefined && refusals >= Number(times)) return { kind: 'completed' };
  return verdictOn(fate) ?? { kind: 'completed' };
}

export function judgeRefund(fate: string): RefundVerdict {
  if (fate === 'refund_pending') return { kind: 'pending', outcome: 'succeeded' };
  if (fate === 'refund_fail') return { kind: 'pending', outcome: 'failed' };
  const issue = /^refund_issue_([A-Z0-9_]+)$/.exec(fate)?.[1];
  return issue === undefined ? { kind: 'completed' } : { kind: 'issue', issue };
}

export function disputeReason(fate: string): string | undefined {
  return /^dispute_([A-Z_]+)$/.exec(fate)?.[1];
}

function verdictOn(fate: string): Verdict | undefined {
  if (/^(succeed|refund_(pending|fail|issue_[A-Z0-9_]+)|dispute_[A-Z_]+)$/.test(fate))
    return { kind: 'completed' };
  if (fate === 'capture_failed') return { kind: 'failed' };
  if (fate === 'payer_action_required') return { kind: 'payer_action' };

  const pending = /^(pending|pendingThenDenied)_([A-Z]+(?:_[A-Z]+)*)(?:_(\d+))?$/.exec(fate);
  if (pending)
    return {
      kind: 'pending',
      reason: pending[2]!,
      seconds: pending[3] === undefined ? undefined : Number(pending[3]),
      outcome: pending[1] === 'pending' ? 'succeeded' : 'declined',
    };

  const once = fate.replace(/_times_\d+$/, '');
  const declined = /^declined_([0-9A-Z]{4})(?:_advice_(\d\d))?$/.exec(once);
  if (declined) return { kind: 'declined', code: declined[1]!, advice: declined[2] };
  const issue = /^(?:issue_)?([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)$/.exec(once)?.[1];
  return issue === undefined ? undefined : { kind: 'issue', issue };
}
