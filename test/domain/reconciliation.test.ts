import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type {
  BookedMovement,
  ComparedWindow,
  OurBooks,
  OurCharge,
  OurDispute,
  OurRefund,
} from '../../domain/compared-books.js';
import type { Difference } from '../../domain/difference.js';
import { money } from '../../domain/money.js';
import { compare } from '../../domain/reconciliation.js';

const DAY = 86_400_000;
const NOON = Date.UTC(2026, 10, 1, 12);
const EUR_19 = money(1900, 'EUR');
const window: ComparedWindow = {
  merchantId: 'mer_1',
  from: NOON - 30 * DAY,
  to: NOON + 30 * DAY,
  marginMs: 600_000,
};

/** Charge n of renewal n, as our books have it. */
function charge(n: number, more: Partial<OurCharge> = {}): OurCharge {
  return {
    id: `chg_${n}`,
    renewalId: `rnw_${n}`,
    ordinal: 1,
    here: true,
    status: 'succeeded',
    amount: EUR_19,
    chargeReference: `ch_${n}`,
    objectReference: `pi_${n}`,
    customerReference: `cus_${n}`,
    reversed: false,
    settledAt: NOON,
    ...more,
  };
}

/** The line of charge n, as the gateway has it. */
function line(n: number | string, more: Partial<BookedMovement> = {}): BookedMovement {
  return {
    line: `txn_${n}`,
    kind: 'charge',
    reference: `ch_${n}`,
    chargeReference: `ch_${n}`,
    objectReference: `pi_${n}`,
    customerReference: `cus_${n}`,
    owner: { merchantId: 'mer_1', renewalId: `rnw_${n}` },
    amount: EUR_19,
    settled: true,
    at: NOON,
    ...more,
  };
}

const nobodys = { owner: {} };

function refund(n: number, more: Partial<OurRefund> = {}): OurRefund {
  const known = { reference: `re_${n}`, amount: money(500, 'EUR'), settledAt: NOON };
  const named = { id: `rfd_${n}`, chargeId: `chg_${n}`, renewalId: `rnw_${n}` };
  return { ...named, status: 'succeeded', ...known, ...more };
}

function refundLine(n: number, more: Partial<BookedMovement> = {}): BookedMovement {
  const own = { line: `txn_re_${n}`, kind: 'refund', reference: `re_${n}`, owner: {} } as const;
  return line(n, { ...own, amount: money(500, 'EUR'), ...more });
}

function dispute(n: number, more: Partial<OurDispute> = {}): OurDispute {
  const named = { id: `dis_${n}`, chargeId: `chg_${n}`, renewalId: `rnw_${n}` };
  const known = { reference: `dp_${n}`, amount: EUR_19, withdrawnAt: NOON, withdrawn: true };
  return { ...named, status: 'needs_response', ...known, ...more };
}

function disputeLine(n: number, more: Partial<BookedMovement> = {}): BookedMovement {
  const own = { line: `txn_dp_${n}`, kind: 'dispute', reference: `dp_${n}`, owner: {} } as const;
  return line(n, { ...own, ...more });
}

function books(ours: Partial<OurBooks>): OurBooks {
  return { charges: [], refunds: [], disputes: [], ...ours };
}

/** "missing_here charge ch_2 (rnw_2)": what was found, in few words. */
function told(found: readonly Difference[]): string[] {
  return found.map(({ type, object, reference, chargeId, renewalId }) =>
    [type, object, reference, `(${chargeId ?? renewalId ?? 'nobody'})`].join(' '),
  );
}

function differences(theirs: readonly BookedMovement[], ours: Partial<OurBooks>): string[] {
  return told(compare(theirs, books(ours), window));
}

const one = [charge(1)];

describe('books that agree', () => {
  it.each<[string, BookedMovement[], Partial<OurBooks>]>([
    ['a charge', [line(1)], { charges: one }],
    [
      'a charge that is still pending on both sides',
      [line(1, { settled: false })],
      { charges: [charge(1, { status: 'pending' })] },
    ],
    [
      'a declined charge, of which they have no line',
      [],
      { charges: [charge(1, { status: 'declined' })] },
    ],
    ['a refund', [line(1), refundLine(1)], { charges: one, refunds: [refund(1)] }],
    [
      'a refund that failed after all',
      [line(1), refundLine(1), refundLine(1, { line: 'x', kind: 'refund_failure' })],
      { charges: one, refunds: [refund(1, { status: 'failed' })] },
    ],
    ['a dispute', [line(1), disputeLine(1)], { charges: one, disputes: [dispute(1)] }],
    [
      'a dispute that was won',
      [line(1), disputeLine(1), disputeLine(1, { line: 'x', kind: 'dispute_reversal' })],
      { charges: one, disputes: [dispute(1, { withdrawn: false, status: 'won' })] },
    ],
    [
      'a dispute that their line does not name',
      [line(1), disputeLine(1, { reference: 'T1' })],
      { charges: one, disputes: [dispute(1)] },
    ],
    [
      'a bank debit that came back',
      [line(1), disputeLine(1)],
      { charges: [charge(1, { reversed: true })] },
    ],
    [
      'a surplus that we know',
      [line(1), line(2, { owner: { renewalId: 'rnw_1' } })],
      { charges: [charge(1), charge(2, { renewalId: 'rnw_1' })] },
    ],
    [
      'a charge that was reversed, and collected again',
      [line(1), disputeLine(1), line(2, { owner: { renewalId: 'rnw_1' } })],
      { charges: [charge(1, { reversed: true }), charge(2, { renewalId: 'rnw_1', ordinal: 2 })] },
    ],
    [
      'a charge that another account of ours made at the same gateway',
      [line(1)],
      { charges: [charge(1, { here: false })] },
    ],
    [
      'a charge that a person has decided, by its object',
      [line(1)],
      {
        charges: [
          charge(1, { chargeReference: undefined }),
          charge(1, { id: 'chg_0', ordinal: 2, status: 'declined', chargeReference: 'ch_0' }),
        ],
      },
    ],
    ['a payout', [line(1, { kind: 'other', ...nobodys })], {}],
    ['what is on its way to us and names nobody', [line(1, { settled: false, ...nobodys })], {}],
    [
      'a charge that was sent this very minute',
      [line(1, { at: window.to })],
      {
        charges: [
          charge(1, {
            status: 'submitted',
            chargeReference: undefined,
            objectReference: undefined,
          }),
        ],
      },
    ],
    [
      'what we booked so late that they need not have it yet',
      [],
      { charges: [charge(1, { settledAt: window.to - 1 })] },
    ],
    ['a charge of another account', [], { charges: [charge(1, { here: false })] }],
  ])('%s', (_, theirs, ours) => {
    expect(differences(theirs, ours)).toEqual([]);
  });
});

describe('books that differ', () => {
  it.each<[string, BookedMovement[], Partial<OurBooks>, string[]]>([
    [
      'a payment for a renewal without one',
      [line(2, { owner: { renewalId: 'rnw_1' } })],
      {
        charges: [
          charge(1, { status: 'declined', objectReference: 'pi_0', chargeReference: 'ch_0' }),
        ],
      },
      ['missing_here charge ch_2 (rnw_1)'],
    ],
    [
      'a payment with our mark, of a renewal nobody knows',
      [line(9)],
      {},
      ['missing_here charge ch_9 (nobody)'],
    ],
    [
      'a refund of a charge of ours',
      [line(1), refundLine(1)],
      { charges: one },
      ['missing_here refund re_1 (chg_1)'],
    ],
    [
      'a refund of a charge that is missing as well',
      [line(2, { owner: { renewalId: 'rnw_1' } }), refundLine(2)],
      {
        charges: [
          charge(1, { status: 'not_sent', objectReference: undefined, chargeReference: undefined }),
        ],
      },
      ['missing_here charge ch_2 (rnw_1)', 'missing_here refund re_2 (rnw_1)'],
    ],
    [
      'a dispute',
      [line(1), disputeLine(1)],
      { charges: one },
      ['missing_here dispute dp_1 (chg_1)'],
    ],
    ['a charge that they do not have', [], { charges: one }, ['missing_there charge ch_1 (chg_1)']],
    [
      'a refund that they do not have',
      [line(1)],
      { charges: one, refunds: [refund(1)] },
      ['missing_there refund re_1 (chg_1)'],
    ],
    [
      'a dispute that they do not have',
      [line(1)],
      { charges: one, disputes: [dispute(1)] },
      ['missing_there dispute dp_1 (chg_1)'],
    ],
    [
      'another amount',
      [line(1, { amount: money(1901, 'EUR') })],
      { charges: one },
      ['amount charge ch_1 (chg_1)'],
    ],
    [
      'another amount of a refund',
      [line(1), refundLine(1, { amount: EUR_19 })],
      { charges: one, refunds: [refund(1)] },
      ['amount refund re_1 (chg_1)'],
    ],
    [
      'another amount of a dispute',
      [line(1), disputeLine(1, { amount: money(1, 'EUR') })],
      { charges: one, disputes: [dispute(1)] },
      ['amount dispute dp_1 (chg_1)'],
    ],
    [
      'another currency',
      [line(1, { amount: money(1900, 'USD') })],
      { charges: one },
      ['currency charge ch_1 (chg_1)'],
    ],
    [
      'a declined charge that has the money',
      [line('x', { objectReference: 'pi_1', owner: { renewalId: 'rnw_1' } })],
      { charges: [charge(1, { status: 'declined' })] },
      ['status charge ch_x (chg_1)'],
    ],
    [
      'an unknown charge that has the money',
      [line('x', { owner: { renewalId: 'rnw_1' } })],
      {
        charges: [
          charge(1, { status: 'unknown', chargeReference: undefined, objectReference: undefined }),
        ],
      },
      ['status charge ch_x (chg_1)'],
    ],
    [
      'a refund that failed late',
      [line(1), refundLine(1), refundLine(1, { line: 'x', kind: 'refund_failure' })],
      { charges: one, refunds: [refund(1)] },
      ['status refund re_1 (chg_1)'],
    ],
    [
      'a refund that went out after all',
      [line(1), refundLine(1)],
      { charges: one, refunds: [refund(1, { status: 'failed' })] },
      ['status refund re_1 (chg_1)'],
    ],
    [
      'a refund of ours that lost its answer',
      [line(1), refundLine(1)],
      { charges: one, refunds: [refund(1, { status: 'unknown', reference: undefined })] },
      ['status refund re_1 (chg_1)'],
    ],
    [
      'a dispute whose money came back',
      [line(1), disputeLine(1), disputeLine(1, { line: 'x', kind: 'dispute_reversal' })],
      { charges: one, disputes: [dispute(1)] },
      ['status dispute dp_1 (chg_1)'],
    ],
    [
      'a dispute whose money went',
      [line(1), disputeLine(1)],
      { charges: one, disputes: [dispute(1, { withdrawn: false })] },
      ['status dispute dp_1 (chg_1)'],
    ],
    ['another system’s payment', [line(8, nobodys)], {}, ['unknown_object charge ch_8 (nobody)']],
    [
      'another system’s payment, refunded',
      [line(8, nobodys), refundLine(8)],
      {},
      ['unknown_object charge ch_8 (nobody)'],
    ],
    [
      'a refund of another system’s payment from before',
      [refundLine(8)],
      {},
      ['unknown_object refund re_8 (nobody)'],
    ],
    [
      'another merchant’s payment',
      [line(1, { owner: { merchantId: 'mer_2', renewalId: 'rnw_7' } })],
      {},
      ['unknown_object charge ch_1 (nobody)'],
    ],
    [
      'a second payment for one renewal',
      [line(1), line(2, { owner: { renewalId: 'rnw_1' } })],
      { charges: one },
      ['duplicate charge ch_2 (chg_1)'],
    ],
    [
      'a second payment on one object',
      [line(1), line(2, { objectReference: 'pi_1', ...nobodys })],
      { charges: one },
      ['duplicate charge ch_2 (chg_1)'],
    ],
    [
      'a payment by hand that repeats a charge',
      [line(1), line(2, { customerReference: 'cus_1', ...nobodys })],
      { charges: one },
      ['duplicate charge ch_2 (chg_1)'],
    ],
    [
      'a payment by hand a week later',
      [line(1), line(2, { customerReference: 'cus_1', at: NOON + 7 * DAY, ...nobodys })],
      { charges: one },
      ['unknown_object charge ch_2 (nobody)'],
    ],
  ])('%s', (_, theirs, ours, expected) => {
    expect(differences(theirs, ours)).toEqual(expected);
  });
});

describe('any books', () => {
  interface Truth {
    readonly kind: 'charge' | 'refunded' | 'disputed' | 'won' | 'surplus' | 'declined';
    readonly amount: number;
    readonly currency: 'EUR' | 'USD';
    readonly spoil:
      'no' | 'forget' | 'lose' | 'amount' | 'currency' | 'status' | 'stranger' | 'twice';
  }

  const spoilable: Truth['spoil'][] = [
    'forget',
    'lose',
    'amount',
    'currency',
    'status',
    'stranger',
    'twice',
  ];
  const truth = fc.record<Truth>({
    kind: fc.constantFrom('charge', 'refunded', 'disputed', 'won', 'surplus', 'declined'),
    amount: fc.integer({ min: 1000, max: 9_000_000 }),
    currency: fc.constantFrom('EUR', 'USD'),
    spoil: fc.constantFrom<Truth['spoil']>('no', ...spoilable),
  });

  /** Both books of one fact, and what they differ in. */
  function book({ kind, amount: minor, currency, spoil }: Truth, n: number) {
    const amount = money(minor, currency);
    const declined = kind === 'declined';
    const sent = { chargeReference: undefined, status: 'declined', amount };
    const charges = [charge(n, declined ? sent : { amount })];
    const theirs = declined ? [] : [line(n, { amount })];
    const refunds = kind === 'refunded' ? [refund(n)] : [];
    if (kind === 'refunded') theirs.push(refundLine(n));
    const away = kind === 'disputed';
    const disputes = away || kind === 'won' ? [dispute(n, { amount, withdrawn: away })] : [];
    if (disputes.length > 0) theirs.push(disputeLine(n, { amount }));
    if (kind === 'won')
      theirs.push(disputeLine(n, { amount, line: `w_${n}`, kind: 'dispute_reversal' }));
    if (kind === 'surplus') {
      charges.push(
        charge(n, {
          id: `chg_${n}b`,
          ordinal: 2,
          chargeReference: `ch_${n}b`,
          objectReference: `pi_${n}b`,
          amount,
        }),
      );
      theirs.push(line(`${n}b`, { amount, owner: { renewalId: `rnw_${n}` } }));
    }
    return spoiled({ charges, refunds, disputes, theirs }, spoil, n, declined);
  }

  function spoiled(
    { charges, refunds, disputes, theirs }: OurBooks & { theirs: BookedMovement[] },
    spoil: Truth['spoil'],
    n: number,
    declined: boolean,
  ) {
    const asIs = { ours: { charges, refunds, disputes }, theirs, injected: [] as string[] };
    const first = theirs.filter(({ reference }) => reference !== `ch_${n}`);
    const other = line(`${n}x`, { amount: charges[0]!.amount, customerReference: `cus_${n}` });
    const instead = (changed: BookedMovement, ...injected: string[]) => ({
      ...asIs,
      theirs: [changed, ...first],
      injected,
    });
    switch (spoil) {
      case 'stranger':
        return {
          ...asIs,
          theirs: [...theirs, line(`${n}s`, { ...nobodys, customerReference: undefined })],
          injected: [`unknown_object ch_${n}s`],
        };
      case 'status':
        return declined
          ? {
              ...asIs,
              theirs: [{ ...other, objectReference: `pi_${n}` }],
              injected: [`status ch_${n}x`],
            }
          : asIs;
      case 'twice':
        return declined
          ? asIs
          : {
              ...asIs,
              theirs: [...theirs, { ...other, ...nobodys }],
              injected: [`duplicate ch_${n}x`],
            };
      default:
        if (declined) return asIs;
    }
    switch (spoil) {
      case 'lose':
        return { ...asIs, theirs: first, injected: [`missing_there ch_${n}`] };
      case 'amount':
        return instead(
          line(n, { amount: money(1, charges[0]!.amount.currency) }),
          `amount ch_${n}`,
        );
      case 'currency':
        return instead(
          line(n, { amount: money(charges[0]!.amount.amountMinor, 'JPY') }),
          `currency ch_${n}`,
        );
      case 'forget':
        return refunds.length > 0
          ? {
              ...asIs,
              ours: { charges, refunds: [], disputes },
              injected: [`missing_here re_${n}`],
            }
          : asIs;
      default:
        return asIs;
    }
  }

  function all(truths: readonly Truth[]) {
    const parts = truths.map(book);
    const ours = books({
      charges: parts.flatMap((part) => part.ours.charges),
      refunds: parts.flatMap((part) => part.ours.refunds),
      disputes: parts.flatMap((part) => part.ours.disputes),
    });
    return {
      ours,
      theirs: parts.flatMap(({ theirs }) => theirs),
      injected: parts.flatMap(({ injected }) => injected),
    };
  }

  it('made from one truth have no difference', () => {
    fc.assert(
      fc.property(fc.array(truth, { maxLength: 40 }), (truths) => {
        const { ours, theirs } = all(truths.map((it) => ({ ...it, spoil: 'no' as const })));
        expect(compare(theirs, ours, window)).toEqual([]);
      }),
    );
  });

  it('differ in exactly what was done to them, in whatever order they are read', () => {
    fc.assert(
      fc.property(fc.array(truth, { maxLength: 40 }), fc.integer(), (truths, turn) => {
        const { ours, theirs, injected } = all(truths);
        const found = compare(theirs, ours, window);
        expect(found.map(({ type, reference }) => `${type} ${reference}`).toSorted()).toEqual(
          injected.toSorted(),
        );
        const at = theirs.length === 0 ? 0 : Math.abs(turn) % theirs.length;
        const turned = [...theirs.slice(at), ...theirs.slice(0, at)].toReversed();
        const backwards = { ...ours, charges: ours.charges.toReversed() };
        expect(compare(turned, backwards, window)).toEqual(found);
      }),
    );
  });
});
