/**
 * Fates of bank debits: what becomes of a debit after the days that banks take.
 *
 *   succeed                                    collected after five days (SEPA) or four (ACH)
 *   <failure_code>                             fails after them: insufficient_funds, account_closed, …
 *   <failure_code>_times_<n>                   fails n times, then succeeds
 *   return_<reason>, return_<reason>_after_<seconds>
 *                                              succeeds; a day later, or so much later, the bank takes it back
 *   unverified                                 cannot be debited until its owner has proved it by two small deposits
 *   pending, pending_<seconds>                 processing until told, or for so many seconds; then succeeded
 *   pending_<seconds>_<any of the above>       so many seconds instead of the days
 */
export type DebitKind = 'sepa_debit' | 'us_bank_account';

export interface DebitCourse {
  /** Undefined: until the control API settles it. */
  readonly seconds: number | undefined;
  readonly failure: string | undefined;
  readonly comesBack: { readonly reason: string; readonly afterSeconds: number } | undefined;
}

export function isDebitFate(fate: string): boolean {
  return /^[a-z0-9_]+$/.test(fate);
}

export function isDebit(kind: string | undefined): kind is DebitKind {
  return kind === 'sepa_debit' || kind === 'us_bank_account';
}

export function isUnverified(fate: string): boolean {
  return outcomeOf(fate) === 'unverified';
}

/** `failures`: how often a debit of this account has failed so far. */
export function courseOf(kind: DebitKind, fate: string, failures: number): DebitCourse {
  const seconds = secondsOf(kind, fate);
  const outcome = outcomeOf(fate);
  if (outcome === 'succeed' || outcome === 'unverified')
    return { seconds, failure: undefined, comesBack: undefined };

  const back = /^return_(.+?)(?:_after_(\d+))?$/.exec(outcome);
  if (back) {
    const afterSeconds = back[2] === undefined ? DAY : Number(back[2]);
    return { seconds, failure: undefined, comesBack: { reason: back[1]!, afterSeconds } };
  }
  const limited = /^(.+)_times_(\d+)$/.exec(outcome);
  const over = limited !== null && failures >= Number(limited[2]);
  const code = limited ? limited[1]! : outcome;
  return { seconds, failure: over ? undefined : code, comesBack: undefined };
}

function secondsOf(kind: DebitKind, fate: string): number | undefined {
  const pending = PENDING.exec(fate);
  if (!pending) return SETTLES_AFTER[kind];
  return pending[1] === undefined ? undefined : Number(pending[1]);
}

function outcomeOf(fate: string): string {
  return fate.replace(PENDING, '') || 'succeed';
}

const PENDING = /^pending(?:_(\d+))?(?:_|$)/;
const DAY = 86_400;

/** Days that Stripe publishes: SEPA's average, and ACH's longest. */
const SETTLES_AFTER: Readonly<Record<DebitKind, number>> = {
  sepa_debit: 5 * DAY,
  us_bank_account: 4 * DAY,
};
