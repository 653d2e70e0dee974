/** Settling: an answer becomes a fact, once, under the renewal's lock. */
import type { ChargeOutcome } from '../domain/charge.js';
import { ABANDONED, type Decline, isOurs } from '../domain/decline.js';
import type { Answer } from '../gateways/gateway.js';
import { type Charge, type ChargeWithAccount } from '../prisma/charge.js';
import { type Settlement, settleOpen } from '../prisma/charge-outcome.js';
import type { Tx } from '../prisma/client.js';
import { oweAdoption } from '../prisma/dispatch.js';
import { markReleased } from '../prisma/release.js';
import {
  type Renewal,
  cancelRenewal,
  lockRenewal,
  raiseAttention,
  recordRenewalEvent,
} from '../prisma/renewal.js';
import { bookEarlier, bookFound } from './book-found.js';
import { bookReturn } from './book-return.js';
import type { Deps } from './deps.js';
import { sendOwedTo } from './dispatch.js';
import { heard } from './outcome.js';
import { takeMoney } from './take-money.js';

/** `onlySend`: the answer is the claiming execution's own, to the only send there was. Only then may it prove that no
 *  money moved. */
export interface Standing {
  readonly onlySend: boolean;
}

export async function settle(
  deps: Deps,
  charge: ChargeWithAccount,
  answer: Answer,
  standing: Standing,
): Promise<ChargeOutcome> {
  const now = deps.clock.safety();
  const result = keepPending(charge, answer, settlementOf(answer, standing));
  const { settled, renewal } = await deps.db.$transaction(async (tx) => {
    const renewal = await lockRenewal(tx, charge.renewalId);
    const row = await settleOpen(tx, charge.id, result, now);
    if (row) await takeEffect(deps, tx, renewal, row, answer, now);
    // Whoever learns of it late may have been told of its refunds before.
    if (row?.status === 'succeeded' && !standing.onlySend) await oweAdoption(tx, row, now);
    const settled = row ?? (await tx.charge.findUniqueOrThrow({ where: { id: charge.id } }));
    return { settled, renewal };
  });
  if (renewal.status === 'past_due') await sendOwedTo(deps, renewal.subscriptionId);
  // A duplicate, and a release that was refused, mean that an earlier charge may have the money.
  const mayBePaid = answer.kind === 'duplicate' || settled.status === 'not_sent';
  if (mayBePaid && charge.ordinal > 1) await bookEarlier(deps, charge);
  if (answer.kind === 'succeeded' && settled.status !== 'succeeded')
    await bookFound(deps, settled, answer);
  if (answer.kind === 'returned') await bookReturn(deps, settled, answer.decline);
  const askAgainMs = 'askAgainMs' in answer ? answer.askAgainMs : undefined;
  return heard(deps, settled, askAgainMs);
}

function settlementOf(answer: Answer, { onlySend }: Standing): Settlement {
  switch (answer.kind) {
    case 'succeeded':
    case 'pending':
      return {
        status: answer.kind,
        reference: answer.reference,
        chargeReference: answer.chargeReference,
      };
    // What was taken back had arrived: that is booked first.
    case 'returned':
      return {
        status: 'succeeded',
        reference: answer.reference,
        chargeReference: answer.chargeReference,
      };
    case 'declined':
      if (!onlySend && answer.unknownThere)
        return { status: 'unknown', reason: answer.decline.message };
      return {
        status: 'declined',
        reference: answer.reference,
        chargeReference: answer.chargeReference,
        decline: answer.decline,
      };
    case 'duplicate':
      return { status: 'declined', reference: answer.reference, decline: DUPLICATE };
    case 'gone':
    case 'not_executed':
      return { status: 'not_sent', reason: answer.why };
    case 'refused':
      if (!onlySend) return { status: 'unknown', reason: answer.why };
      return { status: 'not_sent', reason: answer.why, parks: answer.parks, ifSentOnce: true };
    case 'unreachable':
      if (!onlySend) return { status: 'unknown', reason: answer.why };
      return { status: 'not_sent', reason: answer.why, ifSentOnce: true };
    case 'unknown':
      return {
        status: 'unknown',
        reason: answer.why,
        reference: answer.reference,
        serverError: answer.serverError,
      };
    default:
      return answer satisfies never;
  }
}

/** A look-up that failed says nothing new about a charge that the gateway has accepted. */
function keepPending(charge: Charge, answer: Answer, result: Settlement): Settlement {
  const unheard = result.status === 'unknown' && !('attention' in answer && answer.attention);
  return charge.status === 'pending' && unheard ? { ...result, status: 'pending' } : result;
}

const DUPLICATE: Decline = {
  class: 'duplicate_check',
  code: 'duplicate',
  message: 'The gateway says that an earlier charge has the money',
  elsewhere: false,
};

function whatAPersonMustSee(answer: Answer, { status }: Charge): string | undefined {
  if (answer.kind === 'pending') return answer.needs;
  // Its credentials may be those of another account.
  if (answer.kind === 'declined' && answer.unknownThere && status === 'unknown')
    return answer.decline.message;
  return 'attention' in answer && answer.attention ? answer.why : undefined;
}

function isABanksWord(decline: Decline): boolean {
  return !isOurs(decline) && decline.code !== ABANDONED.code;
}

/** What a settled charge means for its renewal. */
async function takeEffect(
  deps: Deps,
  tx: Tx,
  renewal: Renewal,
  charge: Charge,
  answer: Answer,
  now: Date,
): Promise<void> {
  if (answer.kind === 'gone') await markReleased(tx, charge, now);
  const forAPerson = whatAPersonMustSee(answer, charge);
  if (forAPerson)
    await raiseAttention(tx, renewal.id, { why: forAPerson, next: 'It is asked about again' }, now);
  if (charge.status === 'succeeded') return takeMoney(deps, tx, renewal, charge, now);
  if (charge.status === 'declined' && isABanksWord(charge.decline as unknown as Decline))
    await recordRenewalEvent(tx, renewal, 'renewal.payment_declined', now);
  const final = charge.status === 'declined' || charge.status === 'not_sent';
  if (final && renewal.cancelRequestedAt) await cancelRenewal(tx, renewal, now);
}
