/**
 * Following a refund: the sender is whoever claims it, everybody else asks.
 *
 * The refund's id is its key. While the key lives the frozen request may be sent again; "not found" is an outcome only
 * when no earlier send can take effect any more.
 */
import { DomainError } from '../domain/errors.js';
import { askAgainAfter } from '../domain/charge.js';
import { describeMoney, money } from '../domain/money.js';
import type { RefundLook, RefundStatus, RefundTicket } from '../domain/refund.js';
import { isOpenRefund } from '../domain/refund.js';
import type {
  Account,
  FrozenRefund,
  RefundAnswer,
  RefundLookUp,
  Refunding,
} from '../gateways/gateway.js';
import { type ChargeWithAccount, readCharge } from '../prisma/charge.js';
import {
  type Refund,
  claimRefund,
  findRefund,
  listRefundsOf,
  recordRefundResend,
} from '../prisma/refund.js';
import { adoptRefunds } from './adopt-refunds.js';
import type { Deps } from './deps.js';
import { settleRefund } from './settle-refund.js';
import { awaitMoment, heedRetryAfter } from './turn.js';

export type RefundSubject = { readonly refundId: string } | { readonly chargeId: string };

export async function readRefundTicket(
  { db, tempo }: Deps,
  subject: RefundSubject,
): Promise<RefundTicket> {
  const refund = 'refundId' in subject ? await requireRefund({ db }, subject.refundId) : undefined;
  const chargeId = 'chargeId' in subject ? subject.chargeId : refund!.chargeId;
  const { account, ordinal } = await readCharge(db, chargeId);
  const amount = refund && describeMoney(money(Number(refund.amountMinor), refund.currency));
  const title = `${amount ?? 'refunds'} of charge ${ordinal} on ${account.name}`;
  return { lane: account.lane, title, timeoutMs: tempo.chargeTimeoutMs };
}

/** One look: sends what is planned, asks about what is open, and hears of a success that came to nothing. */
export async function followRefund(deps: Deps, refundId: string): Promise<RefundLook> {
  const refund = await requireRefund(deps, refundId);
  const charge = await readCharge(deps.db, refund.chargeId);
  const status = refund.status as RefundStatus;
  if (status === 'failed' || status === 'canceled') return { kind: 'settled', status };
  if (status === 'awaiting_approval') return { kind: 'open', status, askAgainMs: DAY_MS };
  if (status !== 'planned') return askRefund(deps, refund, charge);
  if (!(await awaitMoment(deps, charge.account, PATIENCE_MS)))
    return { kind: 'open', status, why: 'It waits for its turn', askAgainMs: TURN_MS };
  const now = deps.clock.safety();
  const { refundKeyLifeMs } = refundingOf(deps, charge);
  const claimed = await claimRefund(deps.db, refundId, now, refundKeyLifeMs);
  if (!claimed) return unclaimed(deps, await requireRefund(deps, refundId), charge);
  const answer = await send(deps, claimed, charge);
  return heard(deps, await settled(deps, claimed, charge, answer, true), answer);
}

const DAY_MS = 86_400_000;
const PATIENCE_MS = 2_000;
const TURN_MS = 5_000;

/** Somebody else has it, or its charge was disputed or taken back while it waited: then nothing is sent at all. */
async function unclaimed(
  deps: Deps,
  refund: Refund,
  charge: ChargeWithAccount,
): Promise<RefundLook> {
  if (refund.status !== 'planned') return askRefund(deps, refund, charge);
  const why = "The payer's bank decides about this charge, or has taken it back: nothing was sent";
  const answer = { kind: 'failed', failure: 'disputed', why } as const;
  return heard(deps, await settleRefund(deps, refund, answer, { onlySend: true }), answer);
}

async function askRefund(
  deps: Deps,
  refund: Refund,
  charge: ChargeWithAccount,
): Promise<RefundLook> {
  const found = await exchange(deps, refund, charge, (refunding, account, frozen) =>
    refunding.lookUpRefund(account, frozen),
  );
  if (refund.status === 'succeeded' && found.kind !== 'failed') return stands(deps, refund, found);
  const answer = found.kind === 'absent' ? await answerAbsent(deps, refund, charge) : found;
  return heard(deps, await settled(deps, refund, charge, answer, false), answer);
}

/** A success is looked at because something was said about it: who cannot be asked now is asked again. */
function stands(deps: Deps, refund: Refund, found: RefundLookUp): RefundLook {
  const status = 'succeeded';
  if (found.kind === 'succeeded' || found.kind === 'pending' || found.kind === 'absent')
    return { kind: 'settled', status };
  return { kind: 'open', status, why: found.why, askAgainMs: askAgainLater(deps, refund) };
}

/** Nothing of it is to be seen: it is sent again while that is safe, else absence becomes proof. */
async function answerAbsent(
  deps: Deps,
  refund: Refund,
  charge: ChargeWithAccount,
): Promise<RefundAnswer> {
  const now = deps.clock.safety().getTime();
  const validUntil = refund.keyValidUntil?.getTime() ?? 0;
  if (now > validUntil + ABSENCE_IS_PROOF_AFTER_MS)
    return { kind: 'failed', failure: 'other', why: "The gateway never made it in its key's life" };
  if (!isResendable(deps, refund))
    return { kind: 'unknown', why: 'Its key is too old to send it again: it is only looked up' };
  if (!(await awaitMoment(deps, charge.account, PATIENCE_MS)))
    return { kind: 'unknown', why: 'It waits for its turn to be sent again' };
  const still = await recordRefundResend(deps.db, refund.id, deps.clock.safety());
  if (!still) return { kind: 'unknown', why: NOT_NOW };
  return send(deps, refund, charge);
}

const NOT_NOW = 'It was decided meanwhile, or its charge is disputed: it is only looked up';

/** `key_valid_until` is well before the key's end, and after this every effect is visible. */
const ABSENCE_IS_PROOF_AFTER_MS = 2 * 3_600_000;

function send(deps: Deps, refund: Refund, charge: ChargeWithAccount): Promise<RefundAnswer> {
  return exchange(deps, refund, charge, async (refunding, account, frozen) => {
    await deps.pace(charge.account);
    return refunding.refund(account, frozen);
  });
}

/** Refunds pass whatever the state of the account: what is owed back does not wait for an outage of sales. */
async function exchange<A extends RefundAnswer | RefundLookUp>(
  deps: Deps,
  refund: Refund,
  charge: ChargeWithAccount,
  call: (refunding: Refunding, account: Account, frozen: FrozenRefund) => Promise<A>,
): Promise<A | Extract<RefundAnswer, { kind: 'unknown' }>> {
  let account: Account;
  try {
    account = deps.accountFor(charge.account);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: 'unknown', why, attention: true };
  }
  const answer = await call(refundingOf(deps, charge), account, {
    id: refund.id,
    chargeReference: charge.gatewayChargeReference!,
    amount: money(Number(refund.amountMinor), refund.currency),
    request: refund.request,
    resendable: isResendable(deps, refund),
    reference: refund.gatewayReference ?? undefined,
  });
  if (answer.kind === 'refused') await heedRetryAfter(deps, charge.account, answer);
  return answer;
}

/** Somebody else's refunds may be why ours has failed, or cannot be told from it: then all are gone through. */
async function settled(
  deps: Deps,
  refund: Refund,
  charge: ChargeWithAccount,
  answer: RefundAnswer,
  onlySend: boolean,
): Promise<Refund> {
  const after = await settleRefund(deps, refund, answer, { onlySend });
  const ours = after.failure !== 'already_refunded' && after.failure !== 'exceeds_charge';
  const puzzling = answer.kind === 'unknown' && answer.attention;
  if (ours && !puzzling) return after;
  await adoptRefunds(deps, charge.id);
  return requireRefund(deps, refund.id);
}

function isResendable({ clock, tempo }: Deps, { keyValidUntil, request }: Refund): boolean {
  if (!keyValidUntil || request === null) return false;
  return clock.safety().getTime() <= keyValidUntil.getTime() - tempo.deadlineMs;
}

function heard(deps: Deps, refund: Refund, answer: RefundAnswer | RefundLookUp): RefundLook {
  const status = refund.status as RefundStatus;
  if (!isOpenRefund(status)) return { kind: 'settled', status };
  const askAgainMs = answer.kind === 'pending' ? answer.askAgainMs : askAgainLater(deps, refund);
  return { kind: 'open', status, why: refund.why ?? undefined, askAgainMs };
}

function askAgainLater({ clock, tempo }: Deps, { firstSentAt, createdAt }: Refund): number {
  const openForMs = clock.safety().getTime() - (firstSentAt ?? createdAt).getTime();
  return askAgainAfter(Math.max(0, openForMs), tempo.askLadderMs);
}

function refundingOf({ gateways }: Deps, { account }: ChargeWithAccount): Refunding {
  const { refunding } = gateways(account.gateway);
  if (!refunding)
    throw new DomainError('conflict', 'not_offered', `${account.gateway} gives nothing back`);
  return refunding;
}

/** What has gone back of a charge by our will, and by anybody's at the gateway, is known before anything else is booked. */
export async function settleRefundsOf(deps: Deps, chargeId: string): Promise<void> {
  await adoptRefunds(deps, chargeId);
  for (const { id, status } of await listRefundsOf(deps.db, chargeId))
    if (isOpenRefund(status as RefundStatus)) await followRefund(deps, id);
}

async function requireRefund({ db }: Pick<Deps, 'db'>, id: string): Promise<Refund> {
  const refund = await findRefund(db, id);
  if (!refund) throw new DomainError('not_found', 'not_found', `There is no refund ${id}`);
  return refund;
}
