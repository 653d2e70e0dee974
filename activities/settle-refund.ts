/** Settling a refund: an answer becomes a fact, once, under the renewal's lock. */
import { type RefundStatus, isOpenRefund } from '../domain/refund.js';
import type { RefundAnswer } from '../gateways/gateway.js';
import { readCharge } from '../prisma/charge.js';
import type { Tx } from '../prisma/client.js';
import { postRefund, postRefundFailure } from '../prisma/ledger.js';
import { planNotice } from '../prisma/notice.js';
import {
  type Refund,
  type RefundSettlement,
  recordRefundEvent,
  settleRefund as writeSettlement,
} from '../prisma/refund.js';
import { type Renewal, lockRenewal } from '../prisma/renewal.js';
import { clearSurplusAttention } from '../prisma/surplus.js';
import type { Deps } from './deps.js';

/** `onlySend`: the answer is the claiming execution's own, to the only send there was. */
export function settleRefund(
  deps: Deps,
  refund: Refund,
  answer: RefundAnswer,
  { onlySend }: { readonly onlySend: boolean },
): Promise<Refund> {
  const now = deps.clock.safety();
  return deps.db.$transaction(async (tx) => {
    const renewal = await lockRenewal(tx, refund.renewalId);
    const before = await tx.refund.findUniqueOrThrow({ where: { id: refund.id } });
    const settlement = overdue(before, settlementOf(answer, onlySend), now);
    const after = await writeSettlement(tx, before, keepPending(before, settlement), now);
    if (!after) return before;
    await takeRefundEffect(tx, renewal, before.status as RefundStatus, after, now);
    return after;
  });
}

function settlementOf(answer: RefundAnswer, onlySend: boolean): RefundSettlement {
  switch (answer.kind) {
    case 'succeeded':
    case 'pending':
      return { status: answer.kind, reference: answer.reference };
    case 'failed': {
      const { failure, why, reference } = answer;
      const attention = { why: `The refund failed: ${why}`, next: STILL_OWED };
      return { status: 'failed', failure, why, reference, attention };
    }
    case 'refused': {
      const { why } = answer;
      // The request itself is wrong: under this key it would be refused for ever.
      if (answer.parks && onlySend) {
        const attention = { why: `The gateway refused the refund: ${why}`, next: STILL_OWED };
        return { status: 'failed', failure: 'not_allowed', why, attention };
      }
      return { status: 'unknown', why, ...(answer.attention && { attention: asked(why) }) };
    }
    case 'unreachable':
      return { status: 'unknown', why: answer.why };
    case 'unknown': {
      const { why, reference, attention } = answer;
      return { status: 'unknown', why, reference, ...(attention && { attention: asked(why) }) };
    }
    default:
      return answer satisfies never;
  }
}

const STILL_OWED =
  'Nothing: the customer is still owed this money, by another refund or in another way';

function asked(why: string) {
  return { why, next: 'The gateway keeps being asked about it' };
}

/** A look-up that failed says nothing new about a refund that the gateway has accepted. */
function keepPending({ status }: Refund, settlement: RefundSettlement): RefundSettlement {
  const unheard = settlement.status === 'unknown' && !settlement.attention;
  return status === 'pending' && unheard ? { ...settlement, status: 'pending' } : settlement;
}

/** What a gateway leaves undecided for too long is somebody's task, and not nobody's. */
function overdue(
  { firstSentAt, createdAt }: Refund,
  settlement: RefundSettlement,
  now: Date,
): RefundSettlement {
  const { status, attention } = settlement;
  if (attention || (status !== 'unknown' && status !== 'pending')) return settlement;
  // One that somebody made at the gateway was never sent by us.
  const since = firstSentAt ?? createdAt;
  if (now.getTime() - since.getTime() < OVERDUE_MS[status]) return settlement;
  const why = `The refund is ${status} for longer than its gateway should need`;
  return { ...settlement, attention: asked(why) };
}

const DAY_MS = 86_400_000;
const OVERDUE_MS = { unknown: DAY_MS, pending: 14 * DAY_MS } as const;

/** What a refund's new state means for the books and for whoever listens. */
export async function takeRefundEffect(
  tx: Tx,
  renewal: Renewal,
  from: RefundStatus | 'found',
  refund: Refund,
  now: Date,
): Promise<void> {
  if (refund.status === from || isOpenRefund(refund.status as RefundStatus)) return;
  const charge = await readCharge(tx, refund.chargeId);
  const { customerId } = renewal;
  if (refund.status === 'succeeded') {
    await postRefund(tx, refund, charge, customerId, now);
    if (charge.surplus) await clearSurplusAttention(tx, charge.renewalId);
    const told = { kind: 'refund_made', subject: refund.id, step: 'made' } as const;
    await planNotice(tx, renewal, told, now);
  }
  if (refund.status === 'failed' && from === 'succeeded')
    await postRefundFailure(tx, refund, charge, customerId, now);
  const type = from === 'found' ? 'refund.found' : `refund.${refund.status}`;
  await recordRefundEvent(tx, renewal, refund, type, now);
}
