/**
 * Notices: what a customer is told by e-mail, by which fact, and at which hour.
 *
 * A notice is decided in the transaction of its fact and never by the one who sends it.
 */
import { DateTime } from 'luxon';

import { type Decline, isOurs } from './decline.js';
import type { ServiceEffect } from './dunning-policy.js';

export const NOTICE_KINDS = [
  /** The next period begins in some days, and will be charged. */
  'renewal_upcoming',
  /** The payment did not go through; it is tried again by itself. */
  'payment_failed',
  /** The bank wants the customer to confirm, as with 3-D Secure. */
  'action_needed',
  /** Nothing but another payment method helps. */
  'new_method_needed',
  'service_restricted',
  'service_suspended',
  'service_ended',
  /** An overdue payment has arrived. */
  'recovered',
  'refund_made',
  /** The announcement that a bank debit needs by law. */
  'debit_announced',
] as const;

export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** `skipped` was decided against, `failed` was tried; both say why. */
export const NOTICE_STATUSES = ['planned', 'sent', 'skipped', 'failed'] as const;
export type NoticeStatus = (typeof NOTICE_STATUSES)[number];

const BY_SERVICE = {
  restrict: 'service_restricted',
  suspend: 'service_suspended',
  end: 'service_ended',
} as const satisfies Record<Exclude<ServiceEffect, 'keep'>, NoticeKind>;

/** What a stage tells: what it does to the service, or else what the last decline asks of the customer. */
export function stageNotice(service: ServiceEffect, decline: Decline): NoticeKind | undefined {
  return service === 'keep' ? declineNotice(decline) : BY_SERVICE[service];
}

/** What a decline asks of the customer. Undefined: it is about us, and none of the customer's business. */
function declineNotice(decline: Decline): NoticeKind | undefined {
  if (isOurs(decline)) return undefined;
  switch (decline.class) {
    case 'authentication':
      return 'action_needed';
    case 'new_method':
    case 'hard_stop':
    case 'consent_revoked':
    case 'fraud':
    case 'no_payment_method':
      return 'new_method_needed';
    default:
      return 'payment_failed';
  }
}

/** A retry's decline is told only if it asks for something else than the one before, or refused a new method. */
export function retryNotice(
  before: Decline,
  decline: Decline,
  isNewMethod: boolean,
): NoticeKind | undefined {
  const kind = declineNotice(decline);
  return isNewMethod || kind !== declineNotice(before) ? kind : undefined;
}

/** Whether a person must hear that it could not be sent: what the customer can still act upon, or is owed by law. */
export function matters(kind: NoticeKind): boolean {
  return !['recovered', 'refund_made', 'renewal_upcoming'].includes(kind);
}

/** What has become of that which a notice speaks of, by the time it could be sent. */
export interface Aftermath {
  readonly caseStatus?: string | undefined;
  /** Absent before there is a renewal. */
  readonly renewalStatus?: string | undefined;
  readonly refundStatus?: string | undefined;
  /** Whether the period that was announced is still the next, and ahead. */
  readonly isUpcoming?: boolean | undefined;
}

/** Whether a notice has become wrong before it was sent: what it asks for has happened, or no longer matters. */
export function isOvertaken(kind: NoticeKind, after: Aftermath): boolean {
  if (kind === 'renewal_upcoming') return !after.isUpcoming;
  if (kind === 'recovered') return after.renewalStatus !== 'paid';
  if (kind === 'refund_made') return after.refundStatus !== 'succeeded';
  if (kind === 'debit_announced')
    return !['collecting', 'past_due'].includes(after.renewalStatus ?? '');
  return after.caseStatus === 'recovered' || after.caseStatus === 'canceled';
}

/** Whether it takes the customer to the page on which a payment method is given. */
export function needsLink(kind: NoticeKind): boolean {
  return LINKED.includes(kind);
}

const LINKED: readonly NoticeKind[] = [
  'payment_failed',
  'action_needed',
  'new_method_needed',
  'service_restricted',
  'service_suspended',
];

/** How many days ahead an upcoming renewal can be announced. */
export const MOST_UPCOMING_DAYS = 60;

const DAY_BEGINS = 8;
const DAY_ENDS = 20;

/** The same moment, or the next morning at eight where the customer is: nobody is written to at night. */
export function daytime(kind: NoticeKind, at: number, timeZone: string): number {
  if (kind === 'debit_announced' || kind === 'refund_made') return at;
  const local = DateTime.fromMillis(at, { zone: timeZone });
  if (local.hour >= DAY_BEGINS && local.hour < DAY_ENDS) return at;
  const morning = local.set({ hour: DAY_BEGINS, minute: 0, second: 0, millisecond: 0 });
  return (morning < local ? morning.plus({ days: 1 }) : morning).toMillis();
}

const MINUTE_MS = 60_000;
const PAUSES_MS = [1, 5, 15, 60, 180, 360, 720].map((minutes) => minutes * MINUTE_MS);
const GIVE_UP_AFTER_MS = 3 * 86_400_000;

/** When to try again after so many attempts, the last of them at `at`. Undefined: three days have passed. */
export function nextAttempt(sendAt: number, attempts: number, at: number): number | undefined {
  const next = at + PAUSES_MS[Math.min(attempts, PAUSES_MS.length) - 1]!;
  return next <= sendAt + GIVE_UP_AFTER_MS ? next : undefined;
}

/** Too late to be of any use, even for a first attempt. */
export function isStale(sendAt: number, at: number): boolean {
  return at > sendAt + GIVE_UP_AFTER_MS;
}

/** How often one notice may be sent without a recorded answer: a crash may repeat it once, never more. */
export const MOST_UNANSWERED = 2;
