/**
 * Fates: what becomes of a charge on a card.
 *
 * Stripe's own test tokens (cards.ts) have theirs. Those that always decline cannot be attached to a customer, at
 * Stripe or here, so this emulator adds tokens that attach well and decline later:
 *
 *   pm_card_attachThen_<fate>                  the fates are the words below
 *
 *   succeed                                    what every unmarked card does
 *   <decline_code>                             any of Stripe's: insufficient_funds, expired_card, stolen_card, …
 *   <decline_code>_times_<n>                   declines n times, then succeeds
 *   <decline_code>_advice_<advice_code>        with Stripe's advice: do_not_try_again, try_again_later, …
 *   <decline_code>_mac_<nn>                    with a network advice code: mac_03, mac_21, …
 *   blocked                                    Stripe's fraud rules refuse; the issuer never sees it
 *   authentication_required                    3-D Secure each time: off session a decline
 *   authentication_required_unless_set_up      3-D Secure until a SetupIntent has succeeded with it
 *   authentication_required_on_session         3-D Secure only while the customer is there
 *   authentication_then_<decline_code>         3-D Secure, and a decline after it
 *   pending, pending_<seconds>                 processing until told, or for so many seconds; then succeeded
 *   pendingThenDecline, pendingThenDecline_<seconds>
 *   dispute_<reason>, dispute_inquiry          succeeds; a second later it is disputed
 *   refund_fail, refund_pending                succeeds; its refunds fail after success, or settle after a while
 *
 * Bank accounts have fates of their own: debit-fates.ts.
 */
import { type DebitKind, courseOf, isUnverified } from './debit-fates.js';
import { type Decline, declineOf, outcomeless } from './declines.js';

/** What the emulator remembers of one payment method beyond what Stripe shows. */
export interface CardState {
  /** Set for a bank account. */
  readonly debit?: DebitKind;
  readonly fate: string;
  /** Whether the issuer lets it be saved. */
  readonly attaches: boolean;
  /** Declines given so far, for a fate that ends after some. */
  readonly declines: number;
  /** A SetupIntent has succeeded with it, so the bank agreed to charges off session. */
  readonly setUp: boolean;
}

export type Verdict =
  | { readonly kind: 'approved'; readonly disputeReason?: string }
  | { readonly kind: 'declined'; readonly decline: Decline }
  | { readonly kind: 'authentication' }
  | {
      readonly kind: 'pending';
      /** Undefined: until the control API settles it. */
      readonly seconds: number | undefined;
      readonly decline: string | undefined;
    };

interface Circumstances {
  readonly offSession: boolean;
  /** The customer has just passed 3-D Secure for this very payment. */
  readonly authenticated: boolean;
}

export function isFate(fate: string): boolean {
  return /^(pending|pendingThenDecline)(_\d+)?$|^[a-z0-9_]+$/.test(fate);
}

export function judge(
  { debit, fate, declines, setUp }: CardState,
  { offSession, authenticated }: Circumstances,
): Verdict {
  if (debit) {
    if (isUnverified(fate) && !setUp && !authenticated) return { kind: 'authentication' };
    const { seconds, failure } = courseOf(debit, fate, declines);
    return { kind: 'pending', seconds, decline: failure };
  }
  if (outcomeless(fate)) return { kind: 'approved' };
  if (fate.startsWith('dispute_')) return { kind: 'approved', disputeReason: fate.slice(8) };

  const pending = /^(pending|pendingThenDecline)(?:_(\d+))?$/.exec(fate);
  if (pending) {
    const seconds = pending[2] === undefined ? undefined : Number(pending[2]);
    return {
      kind: 'pending',
      seconds,
      decline: pending[1] === 'pending' ? undefined : 'generic_decline',
    };
  }

  const demand = /^authentication_(required(?:_unless_set_up|_on_session)?|then_(.+))$/.exec(fate);
  if (demand) {
    const waived =
      authenticated ||
      (fate.endsWith('_unless_set_up') && setUp && offSession) ||
      (fate.endsWith('_on_session') && offSession);
    if (!waived) return { kind: 'authentication' };
    return demand[2] ? { kind: 'declined', decline: declineOf(demand[2]) } : { kind: 'approved' };
  }

  const limited = /^(.+)_times_(\d+)$/.exec(fate);
  if (limited && declines >= Number(limited[2])) return { kind: 'approved' };
  return { kind: 'declined', decline: declineOf(limited ? limited[1]! : fate) };
}
