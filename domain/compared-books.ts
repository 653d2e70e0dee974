/** Two sets of books as they are laid side by side: a gateway's movements, and what we booked. */
import type { Money } from './money.js';

/** One line of the gateway's books. */
export interface BookedMovement {
  readonly line: string;
  readonly kind: 'charge' | 'refund' | 'refund_failure' | 'dispute' | 'dispute_reversal' | 'other';
  readonly reference: string;
  readonly chargeReference?: string | undefined;
  readonly objectReference?: string | undefined;
  readonly customerReference?: string | undefined;
  readonly owner: {
    readonly merchantId?: string | undefined;
    readonly renewalId?: string | undefined;
    readonly chargeId?: string | undefined;
    readonly refundId?: string | undefined;
  };
  readonly amount: Money;
  readonly settled: boolean;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface OurCharge {
  readonly id: string;
  readonly renewalId: string;
  readonly ordinal: number;
  /** Whether it was made through the account that is compared. */
  readonly here: boolean;
  readonly status: string;
  readonly amount: Money;
  readonly chargeReference?: string | undefined;
  readonly objectReference?: string | undefined;
  /** The gateway's customer it was charged to. */
  readonly customerReference?: string | undefined;
  /** Its money went back, or was refused after all. */
  readonly reversed: boolean;
  /** Epoch milliseconds. */
  readonly settledAt?: number | undefined;
}

export interface OurRefund {
  readonly id: string;
  readonly chargeId: string;
  readonly renewalId: string;
  readonly status: string;
  readonly amount: Money;
  readonly reference?: string | undefined;
  readonly settledAt?: number | undefined;
}

export interface OurDispute {
  readonly id: string;
  readonly chargeId: string;
  readonly renewalId: string;
  readonly reference: string;
  readonly status: string;
  readonly amount: Money;
  /** When the money was taken, and whether it is away now. */
  readonly withdrawnAt?: number | undefined;
  readonly withdrawn: boolean;
}

export interface OurBooks {
  readonly charges: readonly OurCharge[];
  readonly refunds: readonly OurRefund[];
  readonly disputes: readonly OurDispute[];
}

export interface ComparedWindow {
  /** Whose books ours are: what names another merchant is a stranger's. */
  readonly merchantId: string;
  /** Epoch milliseconds between which what we booked must show there too. */
  readonly from: number;
  readonly to: number;
  /** Two clocks never agree: what is so close to either end is left to the next comparison. */
  readonly marginMs: number;
}

/** The books of both sides, made findable. */
export interface Desk {
  readonly window: ComparedWindow;
  readonly ours: OurBooks;
  readonly chargesById: ReadonlyMap<string, OurCharge>;
  readonly chargesByReference: ReadonlyMap<string, OurCharge>;
  /** Their newest line of each charge, by the charge's name. */
  readonly chargeLines: ReadonlyMap<string, BookedMovement>;
  readonly movements: readonly BookedMovement[];
}

export function layOut(
  theirs: readonly BookedMovement[],
  ours: OurBooks,
  window: ComparedWindow,
): Desk {
  const movements = theirs.toSorted((a, b) => a.at - b.at || (a.line < b.line ? -1 : 1));
  const charges = ours.charges.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const here = charges.filter((charge) => charge.here);
  return {
    window,
    ours: { ...ours, charges },
    movements,
    chargesById: new Map(charges.map((charge) => [charge.id, charge])),
    chargesByReference: new Map([
      // Two accounts of ours may be one at the gateway: its books have both.
      ...charges.flatMap((charge) => named(charge)),
      ...here.flatMap((charge) => named(charge)),
      // Of two with the same name the one that has the money counts.
      ...here.filter(({ status }) => status === 'succeeded').flatMap((charge) => named(charge)),
    ]),
    chargeLines: new Map(
      movements.filter(({ kind }) => kind === 'charge').map((line) => [line.reference, line]),
    ),
  };
}

function named(charge: OurCharge): [string, OurCharge][] {
  return charge.chargeReference === undefined ? [] : [[charge.chargeReference, charge]];
}

/** Whether what we booked then must show in their books by now. */
export function mustShow(at: number | undefined, { from, to, marginMs }: ComparedWindow): boolean {
  return at !== undefined && at >= from + marginMs && at <= to - marginMs;
}

/** Just sent: whoever sent it is about to hear what became of it. */
export function isUnderWay(status: string, at: number, { to, marginMs }: ComparedWindow): boolean {
  return (status === 'submitted' || status === 'planned') && at > to - marginMs;
}

export function grouped<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
