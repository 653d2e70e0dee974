/** Payments: which charge of ours each of theirs is, and what the two books say about it. */
import { type ChargeStatus, isOpen } from './charge.js';
import type { Difference, Side } from './difference.js';
import { describeMoney, sameMoney } from './money.js';
import {
  type BookedMovement,
  type Desk,
  type OurCharge,
  isUnderWay,
  mustShow,
} from './compared-books.js';

/** How far apart two payments of one customer may be and still be taken for the same one, made twice. */
const TWIN_WITHIN_MS = 3 * 86_400_000;

export interface ComparedCharges {
  readonly differences: readonly Difference[];
  /** The renewal of ours to which a payment that our books do not have belongs, by the payment's name. */
  readonly connected: ReadonlyMap<string, string>;
}

export function compareCharges(desk: Desk): ComparedCharges {
  const connected = new Map<string, string>();
  const shown = new Set<string>();
  const theirs = [...desk.chargeLines.values()].flatMap((line) => {
    const charge = whose(line, desk);
    if (charge) {
      shown.add(charge.id);
      if (!charge.here) return [];
      if (desk.chargesByReference.get(line.reference) !== charge)
        connected.set(line.reference, charge.renewalId);
      return disagreements(line, charge, desk);
    }
    if (!line.settled) return [];
    const difference = unmatched(line, desk);
    if (difference.type === 'missing_here' && difference.renewalId)
      connected.set(line.reference, difference.renewalId);
    return [difference];
  });
  const unseen = desk.ours.charges.filter(
    (charge) =>
      charge.here &&
      charge.status === 'succeeded' &&
      !shown.has(charge.id) &&
      mustShow(charge.settledAt, desk.window),
  );
  return { differences: [...theirs, ...unseen.map(missingThere)], connected };
}

/** The charge of ours that this payment is: by its own name, else by the mark or the object it was made on. */
function whose(line: BookedMovement, { ours, chargesById, chargesByReference }: Desk) {
  const named = chargesByReference.get(line.reference);
  if (named) return named;
  const marked = line.owner.chargeId && chargesById.get(line.owner.chargeId);
  if (marked && marked.here && !hasOtherMoney(marked)) return marked;
  const here = ours.charges.filter((charge) => charge.here && wasSent(charge));
  const onObject = line.objectReference
    ? here.filter(({ objectReference }) => objectReference === line.objectReference)
    : [];
  // Two payments on one object are two payments.
  if (onObject.some((charge) => hasOtherMoney(charge) && !charge.reversed)) return undefined;
  const candidates = onObject.filter((charge) => !hasOtherMoney(charge));
  // A person has said that it was paid, and by which object.
  const decided = candidates.find(({ status }) => status === 'succeeded');
  if (decided) return decided;
  if (candidates.length > 0) return newest(candidates);
  const { renewalId } = line.owner;
  return here.find(
    (charge) =>
      charge.renewalId === renewalId &&
      isOpen(charge.status as ChargeStatus) &&
      !charge.objectReference,
  );
}

function wasSent({ status }: OurCharge): boolean {
  return status !== 'planned' && status !== 'canceled';
}

/** It has its money, under another name than the one that is looked for. */
function hasOtherMoney({ status, chargeReference }: OurCharge): boolean {
  return status === 'succeeded' && chargeReference !== undefined;
}

/** The open one, or the last that was sent. */
function newest(charges: readonly OurCharge[]): OurCharge {
  const open = charges.find(({ status }) => isOpen(status as ChargeStatus));
  return open ?? charges.toSorted((a, b) => b.ordinal - a.ordinal)[0]!;
}

function disagreements(line: BookedMovement, charge: OurCharge, { window }: Desk): Difference[] {
  const both = {
    object: 'charge',
    reference: line.reference,
    chargeId: charge.id,
    renewalId: charge.renewalId,
    ours: sideOf(charge),
    theirs: sideThere(line),
  } as const;
  const found: Difference[] = [];
  const there = describeMoney(line.amount);
  const here = describeMoney(charge.amount);
  if (line.amount.currency !== charge.amount.currency)
    found.push({ ...both, type: 'currency', why: `The gateway took ${there}, not ${here}` });
  else if (line.amount.amountMinor !== charge.amount.amountMinor)
    found.push({ ...both, type: 'amount', why: `The gateway took ${there}, not ${here}` });
  const paidHere = charge.status === 'succeeded' || isUnderWay(charge.status, line.at, window);
  if (line.settled && !paidHere) {
    const why = `The gateway has taken the money, and our charge is ${charge.status}`;
    found.push({ ...both, type: 'status', why });
  }
  return found;
}

/** A payment that is none of our charges: lost, made twice, or somebody else's. */
function unmatched(line: BookedMovement, desk: Desk): Difference {
  const one = { object: 'charge', reference: line.reference, theirs: sideThere(line) } as const;
  const { owner } = line;
  const there = describeMoney(line.amount);
  const foreign = owner.merchantId !== undefined && owner.merchantId !== desk.window.merchantId;
  if (foreign)
    return { ...one, type: 'unknown_object', why: `${there} of another merchant's customer` };
  const renewalId = renewalOf(line, desk);
  if (renewalId) return secondOrMissing(line, renewalId, desk);
  if (owner.merchantId ?? owner.renewalId ?? owner.chargeId) {
    const why = `${there} carries our mark, and we know nothing that it could be for`;
    return { ...one, type: 'missing_here', why };
  }
  const twin = twinOf(line, desk);
  if (!twin) return { ...one, type: 'unknown_object', why: `${there} names nothing of ours` };
  const { id: chargeId, renewalId: paid } = twin;
  const why = `${there} from a customer of ours, without our mark, close to charge ${chargeId} of the same amount`;
  return { ...one, type: 'duplicate', chargeId, renewalId: paid, ours: sideOf(twin), why };
}

function renewalOf(line: BookedMovement, { ours, chargesById }: Desk): string | undefined {
  const { renewalId, chargeId } = line.owner;
  if (ours.charges.some((charge) => charge.renewalId === renewalId)) return renewalId;
  const marked = chargeId && chargesById.get(chargeId);
  if (marked) return marked.renewalId;
  const onObject = ours.charges.find(
    ({ here, objectReference }) =>
      here && objectReference !== undefined && objectReference === line.objectReference,
  );
  return onObject?.renewalId;
}

/** A charge that was reversed has no money any more: what comes then is no duplicate. */
function secondOrMissing(line: BookedMovement, renewalId: string, { ours }: Desk): Difference {
  const one = {
    object: 'charge',
    reference: line.reference,
    renewalId,
    theirs: sideThere(line),
  } as const;
  const there = describeMoney(line.amount);
  const paid = ours.charges.find(
    (charge) => charge.renewalId === renewalId && charge.status === 'succeeded' && !charge.reversed,
  );
  if (paid) {
    const why = `${there} came for a renewal that charge ${paid.id} has paid`;
    return { ...one, type: 'duplicate', chargeId: paid.id, ours: sideOf(paid), why };
  }
  const why = `${there} came for this renewal, and our books have no such charge`;
  return { ...one, type: 'missing_here', why };
}

/** The charge of the same customer and amount that a hand in the gateway's dashboard may have repeated. */
function twinOf(line: BookedMovement, { ours }: Desk): OurCharge | undefined {
  const apart = ({ settledAt }: OurCharge) => Math.abs((settledAt ?? 0) - line.at);
  return ours.charges
    .filter(
      (charge) =>
        charge.here &&
        charge.status === 'succeeded' &&
        !charge.reversed &&
        line.customerReference !== undefined &&
        charge.customerReference === line.customerReference &&
        sameMoney(charge.amount, line.amount) &&
        apart(charge) <= TWIN_WITHIN_MS,
    )
    .toSorted((a, b) => apart(a) - apart(b))[0];
}

function missingThere(charge: OurCharge): Difference {
  const { id, renewalId, chargeReference, objectReference, amount } = charge;
  const why = `Our books say that ${describeMoney(amount)} arrived, and the gateway's do not show it`;
  return {
    type: 'missing_there',
    object: 'charge',
    reference: chargeReference ?? objectReference ?? id,
    chargeId: id,
    renewalId,
    ours: sideOf(charge),
    why,
  };
}

function sideOf({ status, amount, settledAt, reversed }: OurCharge): Side {
  return { status: reversed ? 'reversed' : status, amount, at: settledAt };
}

function sideThere({ amount, at, settled, objectReference, reference }: BookedMovement): Side {
  const status = settled ? 'succeeded' : 'pending';
  return { status, amount, at, objectReference, chargeReference: reference };
}
