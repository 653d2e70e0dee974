/** Disputes: whether the money of a charge is away, in both books. Their lines need not name the dispute, only the charge. */
import type { Difference, Side } from './difference.js';
import { describeMoney } from './money.js';
import {
  type BookedMovement,
  type Desk,
  type OurCharge,
  type OurDispute,
  grouped,
  mustShow,
} from './compared-books.js';

/** What a payer's bank has done to one charge, as all of those lines together tell it. */
interface SeenDispute {
  readonly reference: string;
  readonly chargeReference: string | undefined;
  readonly line: BookedMovement;
  /** The money is away now. */
  readonly withdrawn: boolean;
}

export function compareDisputes(desk: Desk): Difference[] {
  const taken = new Set<string>();
  const theirs = seenDisputes(desk).flatMap((seen) => {
    const charge = seen.chargeReference && desk.chargesByReference.get(seen.chargeReference);
    const dispute = whose(seen, charge || undefined, desk, taken);
    if (dispute) {
      taken.add(dispute.id);
      return disagreements(seen, dispute);
    }
    return charge ? unknownHere(seen, charge) : stranger(seen, desk);
  });
  const unseen = desk.ours.disputes.filter(
    ({ id, withdrawnAt, chargeId }) =>
      !taken.has(id) &&
      desk.chargesById.get(chargeId)?.here !== false &&
      mustShow(withdrawnAt, desk.window),
  );
  return [...theirs, ...unseen.map(missingThere)];
}

/** Lines that name a dispute of ours are that one's; all others of a charge are one dispute. */
function seenDisputes({ movements, ours }: Desk): SeenDispute[] {
  const known = new Set(ours.disputes.map(({ reference }) => reference));
  const lines = movements.filter(({ kind }) => kind === 'dispute' || kind === 'dispute_reversal');
  const groups = grouped(lines, ({ reference, chargeReference }) =>
    known.has(reference) ? reference : (chargeReference ?? reference),
  );
  return [...groups.values()].map((all) => {
    const line = all.findLast(({ kind }) => kind === 'dispute') ?? all.at(-1)!;
    const away = all.reduce(
      (sum, { kind, amount }) => sum + (kind === 'dispute' ? 1 : -1) * amount.amountMinor,
      0,
    );
    const { reference, chargeReference } = all[0]!;
    return { reference, chargeReference, line, withdrawn: away > 0 };
  });
}

function whose(
  { reference }: SeenDispute,
  charge: OurCharge | undefined,
  { ours }: Desk,
  taken: ReadonlySet<string>,
): OurDispute | undefined {
  const named = ours.disputes.find((dispute) => dispute.reference === reference);
  return (
    named ?? ours.disputes.find(({ id, chargeId }) => chargeId === charge?.id && !taken.has(id))
  );
}

function disagreements(seen: SeenDispute, dispute: OurDispute): Difference[] {
  const { id: disputeId, chargeId, renewalId, reference } = dispute;
  const sides = { ours: sideOf(dispute), theirs: sideThere(seen) };
  const both = { object: 'dispute', reference, disputeId, chargeId, renewalId, ...sides } as const;
  const [there, here] = [seen.line.amount, dispute.amount];
  const why = `The gateway took back ${describeMoney(there)}, not ${describeMoney(here)}`;
  const found: Difference[] = [];
  if (there.currency !== here.currency) found.push({ ...both, type: 'currency', why });
  else if (there.amountMinor !== here.amountMinor) found.push({ ...both, type: 'amount', why });
  if (seen.withdrawn !== dispute.withdrawn)
    found.push({
      ...both,
      type: 'status',
      why: seen.withdrawn
        ? "The gateway has taken this dispute's money, and our books do not say so"
        : "The gateway has given this dispute's money back, and our books do not say so",
    });
  return found;
}

/** A bank debit that came back has no dispute with us: the charge itself says that its money is gone. */
function unknownHere(seen: SeenDispute, charge: OurCharge): Difference[] {
  if (charge.reversed && seen.withdrawn) return [];
  const { id: chargeId, renewalId } = charge;
  const { reference } = seen;
  const one = {
    object: 'dispute',
    reference,
    chargeId,
    renewalId,
    theirs: sideThere(seen),
  } as const;
  if (charge.reversed) {
    const why = `The money of charge ${chargeId} went back and came again, and our books have only the first`;
    return [{ ...one, type: 'status', why }];
  }
  const there = describeMoney(seen.line.amount);
  const why = `A payer's bank disputes ${there} of charge ${chargeId}, and our books do not know it`;
  return [{ ...one, type: 'missing_here', why }];
}

function stranger(seen: SeenDispute, { chargeLines }: Desk): Difference[] {
  const { reference, chargeReference, line } = seen;
  // Of a payment that is reported itself.
  if (chargeReference && chargeLines.has(chargeReference)) return [];
  const why = `${describeMoney(line.amount)} was disputed of a payment that is not ours`;
  return [{ type: 'unknown_object', object: 'dispute', reference, theirs: sideThere(seen), why }];
}

function missingThere(dispute: OurDispute): Difference {
  const { id: disputeId, chargeId, renewalId, reference, amount } = dispute;
  const why = `Our books say that a payer's bank took ${describeMoney(amount)}, and the gateway's do not show it`;
  const one = { type: 'missing_there', object: 'dispute', reference, disputeId } as const;
  return { ...one, chargeId, renewalId, ours: sideOf(dispute), why };
}

function sideOf({ withdrawn, amount, withdrawnAt }: OurDispute): Side {
  return { status: withdrawn ? 'withdrawn' : 'not_withdrawn', amount, at: withdrawnAt };
}

function sideThere({ withdrawn, line, chargeReference }: SeenDispute): Side {
  const status = withdrawn ? 'withdrawn' : 'reinstated';
  return { status, amount: line.amount, at: line.at, chargeReference };
}
