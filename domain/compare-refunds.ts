/** Refunds: what went back there, and what our books say went back. */
import type { Difference, Side } from './difference.js';
import { describeMoney, sameMoney } from './money.js';
import { type RefundStatus, isOpenRefund } from './refund.js';
import {
  type BookedMovement,
  type Desk,
  type OurRefund,
  grouped,
  isUnderWay,
  mustShow,
} from './compared-books.js';

/** A refund as all of its lines together tell it. */
interface SeenRefund {
  readonly line: BookedMovement;
  readonly reference: string;
  readonly chargeReference: string | undefined;
  readonly status: 'pending' | 'succeeded' | 'failed';
}

/** `connected`: payments that our books lack, by name, with the renewal of ours they belong to. */
export function compareRefunds(desk: Desk, connected: ReadonlyMap<string, string>): Difference[] {
  const taken = new Set<string>();
  const theirs = seenRefunds(desk).flatMap((seen) => {
    const refund = whose(seen, desk, taken);
    if (!refund) return unmatched(seen, desk, connected);
    taken.add(refund.id);
    return disagreements(seen, refund, desk);
  });
  const unseen = desk.ours.refunds.filter(
    ({ id, status, settledAt, chargeId }) =>
      status === 'succeeded' &&
      !taken.has(id) &&
      desk.chargesById.get(chargeId)?.here !== false &&
      mustShow(settledAt, desk.window),
  );
  return [...theirs, ...unseen.map(missingThere)];
}

function seenRefunds({ movements }: Desk): SeenRefund[] {
  const lines = movements.filter(({ kind }) => kind === 'refund' || kind === 'refund_failure');
  const byReference = grouped(lines, ({ reference }) => reference);
  return [...byReference].map(([reference, all]) => {
    const line = all.findLast(({ kind }) => kind === 'refund') ?? all.at(-1)!;
    const failed = all.some(({ kind }) => kind === 'refund_failure');
    return {
      line,
      reference,
      chargeReference: all.find((one) => one.chargeReference)?.chargeReference,
      status: failed ? 'failed' : line.settled ? 'succeeded' : 'pending',
    };
  });
}

/** By its name or our mark; else the one of that charge and amount that was sent and has not heard its name yet. */
function whose(seen: SeenRefund, desk: Desk, taken: ReadonlySet<string>): OurRefund | undefined {
  const { refunds } = desk.ours;
  const named = refunds.find(({ reference }) => reference === seen.reference);
  if (named) return named;
  const marked = refunds.find(({ id }) => id === seen.line.owner.refundId);
  if (marked) return marked;
  const charge = seen.chargeReference && desk.chargesByReference.get(seen.chargeReference);
  if (!charge) return undefined;
  return refunds.find(
    ({ id, chargeId, reference, status, amount }) =>
      chargeId === charge.id &&
      reference === undefined &&
      isOpenRefund(status as RefundStatus) &&
      !taken.has(id) &&
      sameMoney(amount, seen.line.amount),
  );
}

function disagreements(seen: SeenRefund, refund: OurRefund, { window }: Desk): Difference[] {
  const { id: refundId, chargeId, renewalId } = refund;
  const { line, reference, status } = seen;
  const sides = { ours: sideOf(refund), theirs: sideThere(seen) };
  const both = { object: 'refund', reference, refundId, chargeId, renewalId, ...sides } as const;
  const found: Difference[] = [];
  const why = `The gateway gave back ${describeMoney(line.amount)}, not ${describeMoney(refund.amount)}`;
  if (line.amount.currency !== refund.amount.currency)
    found.push({ ...both, type: 'currency', why });
  else if (line.amount.amountMinor !== refund.amount.amountMinor)
    found.push({ ...both, type: 'amount', why });
  if (status !== 'pending' && status !== refund.status && !settlesSoon(line, refund, window))
    found.push({
      ...both,
      type: 'status',
      why: `At the gateway this refund has ${status}, and our books say that it is ${refund.status}`,
    });
  return found;
}

function settlesSoon(line: BookedMovement, refund: OurRefund, window: Desk['window']): boolean {
  return isUnderWay(refund.status, line.at, window);
}

function unmatched(
  seen: SeenRefund,
  desk: Desk,
  connected: ReadonlyMap<string, string>,
): Difference[] {
  // What has not left, or came back, is no money that our books lack.
  if (seen.status !== 'succeeded') return [];
  const { line, reference, chargeReference } = seen;
  const one = { object: 'refund', reference, theirs: sideThere(seen) } as const;
  const there = describeMoney(line.amount);
  const charge = chargeReference && desk.chargesByReference.get(chargeReference);
  if (charge) {
    const { id: chargeId, renewalId } = charge;
    const why = `${there} of charge ${chargeId} went back, and our books have no such refund`;
    return [{ ...one, type: 'missing_here', chargeId, renewalId, why }];
  }
  if (chargeReference && desk.chargeLines.has(chargeReference)) {
    const renewalId = connected.get(chargeReference);
    // Of a payment that is a person's to judge: its refund is part of that.
    if (!renewalId) return [];
    const why = `${there} of a payment that our books lack went back`;
    return [{ ...one, type: 'missing_here', renewalId, why }];
  }
  const { owner } = line;
  const ours = owner.refundId ?? owner.renewalId ?? owner.chargeId;
  if (ours === undefined)
    return [
      { ...one, type: 'unknown_object', why: `${there} went back of a payment that is not ours` },
    ];
  const why = `${there} went back under our mark (${ours}), and our books have no such refund`;
  return [{ ...one, type: 'missing_here', why }];
}

function missingThere(refund: OurRefund): Difference {
  const { id, chargeId, renewalId, amount } = refund;
  const why = `Our books say that ${describeMoney(amount)} went back, and the gateway's do not show it`;
  return {
    type: 'missing_there',
    object: 'refund',
    reference: refund.reference ?? id,
    refundId: id,
    chargeId,
    renewalId,
    ours: sideOf(refund),
    why,
  };
}

function sideOf({ status, amount, settledAt }: OurRefund): Side {
  return { status, amount, at: settledAt };
}

function sideThere({ line, status, chargeReference }: SeenRefund): Side {
  return { status, amount: line.amount, at: line.at, chargeReference };
}
