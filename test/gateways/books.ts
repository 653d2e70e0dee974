/**
 * What every adapter whose gateway's books can be read must keep to, tried against the vendor's emulator. How many
 * lines a page holds is each vendor's own: paging is tried apart.
 */
import { describe, expect, it } from 'vitest';

import { type Money, money } from '../../domain/money.js';
import type {
  Account,
  Books,
  BooksPage,
  BooksWindow,
  Gateway,
  Movement,
  Refunding,
} from '../../gateways/gateway.js';
import { type World, useWire } from './contract.js';
import { collect, referenceIn } from './refund-bench.js';

/** What the suite must be able to make happen besides. */
export interface BooksWorld extends World {
  readonly gateway: Gateway & { readonly refunding: Refunding; readonly books: Books };
  /** The money stays with the merchant until a dispute is lost, and the books do not name the dispute. */
  readonly takesMoneyLate?: true;
  /** The gateway's own time, epoch milliseconds. */
  now(): Promise<number>;
  /** Lets so much time go by that whatever has happened is in the books. */
  catchUp(): Promise<void>;
  /** Somebody takes money at the gateway, past Dunlin. Says its `chargeReference`. */
  chargeByHand(amount: Money): Promise<string>;
  /** Somebody gives money back at the gateway, past Dunlin. Says the refund's reference. */
  refundByHand(chargeReference: string, amount: Money): Promise<string>;
  /** The payer's bank takes a charge back, and decides about it in the end. */
  openDispute(chargeReference: string): Promise<string>;
  closeDispute(reference: string, outcome: 'won' | 'lost'): Promise<void>;
}

export function describeBooks(name: string, openWorld: () => Promise<BooksWorld>): void {
  const bench = useBooks(name, openWorld);

  describe(`${name}: the books`, () => {
    it('have a charge, whose it is and what it cost', async () => {
      const from = await bench.world().now();
      const charge = await bench.charged();
      const movements = await bench.about(from, charge.chargeReference);
      expect(movements).toEqual([
        {
          line: expect.stringMatching(/./) as string,
          kind: 'charge',
          reference: charge.chargeReference,
          chargeReference: charge.chargeReference,
          objectReference: movements[0]?.objectReference,
          customerReference: movements[0]?.customerReference,
          owner: movements[0]?.owner,
          amount: money(1999, 'USD'),
          feeMinor: expect.any(Number) as number,
          settled: expect.any(Boolean) as boolean,
          at: expect.any(Number) as number,
        },
      ]);
      const { owner, feeMinor, at, objectReference, customerReference } = movements[0]!;
      expect([owner.renewalId, owner.chargeId]).toContain(
        owner.renewalId === undefined ? charge.id : charge.renewalId,
      );
      expect(feeMinor).toBeGreaterThan(0);
      expect(feeMinor).toBeLessThan(1999);
      expect(at).toBeGreaterThanOrEqual(from - 1000);
      // A line need not say these, but if it does they are right.
      expect([charge.reference, undefined]).toContain(objectReference);
      expect([charge.customer, undefined]).toContain(customerReference);
    });

    it('have a charge in yen', async () => {
      const from = await bench.world().now();
      const { chargeReference } = await bench.charged(money(500, 'JPY'));
      const movements = await bench.about(from, chargeReference);
      expect(movements).toMatchObject([{ kind: 'charge', amount: money(500, 'JPY') }]);
    });

    it('have a refund, and under which id it was asked for', async () => {
      const from = await bench.world().now();
      const { chargeReference } = await bench.charged();
      const refund = await bench.refunded(chargeReference, money(500, 'USD'));
      const movements = await bench.all(from);
      expect(movements.filter(({ reference }) => reference === refund.reference)).toMatchObject([
        {
          kind: 'refund',
          chargeReference,
          owner: { refundId: refund.id },
          amount: money(500, 'USD'),
        },
      ]);
    });

    it('have what somebody did by hand, and it is nobody’s', async () => {
      const from = await bench.world().now();
      const charge = await bench.world().chargeByHand(money(4200, 'USD'));
      const refund = await bench.world().refundByHand(charge, money(700, 'USD'));
      const movements = await bench.about(from, charge);
      const nobodys = { renewalId: undefined, chargeId: undefined, refundId: undefined };
      expect(movements).toHaveLength(2);
      for (const { owner } of movements) expect({ ...owner, ...nobodys }).toEqual(owner);
      const kinds = ['charge', 'refund'] as const;
      const found = kinds.map((kind) => movements.find((movement) => movement.kind === kind));
      expect(found).toMatchObject([
        { reference: charge, amount: money(4200, 'USD') },
        { reference: refund, amount: money(700, 'USD') },
      ]);
    });

    it('have a dispute, and the money that comes back when it is won', async () => {
      const from = await bench.world().now();
      const { chargeReference } = await bench.charged();
      const dispute = await bench.world().openDispute(chargeReference);
      if (bench.world().takesMoneyLate) return bench.hasLoss(from, { chargeReference, dispute });
      await bench.world().closeDispute(dispute, 'won');
      const movements = await bench.all(from);
      const legs = movements.filter(({ reference }) => reference === dispute);
      expect(legs.map(({ kind }) => kind).toSorted()).toEqual(['dispute', 'dispute_reversal']);
      for (const leg of legs) {
        expect(leg.chargeReference).toBe(chargeReference);
        expect(leg.amount).toEqual(money(1999, 'USD'));
      }
    });

    it('name each line once, and by the same name when read again', async () => {
      const from = await bench.world().now();
      const { chargeReference } = await bench.charged();
      await bench.refunded(chargeReference, money(1, 'USD'));
      const lines = (await bench.all(from)).map(({ line }) => line);
      expect(new Set(lines).size).toBe(lines.length);
      const again = (await bench.all(from)).map(({ line }) => line);
      expect(again.toSorted()).toEqual(lines.toSorted());
    });

    it('have only what moved in the window', async () => {
      await bench.charged();
      await bench.world().catchUp();
      await bench.world().advance(10);
      const from = await bench.world().now();
      await bench.world().advance(10);
      const page = await bench.page({ from, to: await bench.world().now(), page: undefined });
      if (page.kind !== 'page') throw new Error(page.why);
      expect(page).toMatchObject({ movements: [], next: undefined });
    });

    it('say how far they are complete', async () => {
      const from = await bench.world().now();
      await bench.world().catchUp();
      const to = await bench.world().now();
      const page = await bench.page({ from, to, page: undefined });
      if (page.kind !== 'page') throw new Error(page.why);
      expect(page.completeTo).toBeLessThanOrEqual(to);
      expect(page.completeTo).toBeGreaterThan(from - 86_400_000);
    });

    it('cannot be read while nothing readable answers, nor ever by a stranger', async () => {
      const from = await bench.world().now();
      const window = { from, to: from + 1000, page: undefined };
      for (const spoil of ['reset_before', 'html_before', 'html_200_after', 'truncate'] as const) {
        bench.wire().spoil(spoil, () => true);
        const page = await bench.page(window);
        expect(page.kind).toBe('unavailable');
        expect(page).not.toHaveProperty('attention', true);
      }
      expect((await bench.page(window, bench.nowhere())).kind).toBe('unavailable');
      const stranger = bench.world().stranger(bench.world().url);
      expect(await bench.page(window, stranger)).toMatchObject({
        kind: 'unavailable',
        attention: true,
      });
    });
  });
}

function useBooks(name: string, openWorld: () => Promise<BooksWorld>) {
  const { world, wire, nobody } = useWire(openWorld, () => false);
  let charges = 0;
  let refunds = 0;

  return {
    world,
    wire,
    nowhere: () => world().account(nobody()),
    charged: (amount?: Money) => collect(world(), `books_${name}_${++charges}`, { amount }),

    async refunded(chargeReference: string, amount: Money) {
      const id = `rfd_books_${name.toLowerCase()}_${++refunds}`;
      const { refunding } = world().gateway;
      const order = { id, merchantId: 'mer_1', chargeReference, amount };
      const request = refunding.composeRefund(order);
      const frozen = { ...order, request, resendable: true, reference: undefined };
      const answer = await refunding.refund(world().account(world().url), frozen);
      return { id, reference: referenceIn(answer) };
    },

    page: (window: BooksWindow, by?: Account): Promise<BooksPage> =>
      world().gateway.books.listMovements(by ?? world().account(wire().url), window),

    /** Everything since then, page by page, once the books have caught up. */
    async all(from: number): Promise<Movement[]> {
      await world().catchUp();
      const to = await world().now();
      const movements: Movement[] = [];
      let page: string | undefined;
      do {
        const read = await this.page({ from, to, page });
        if (read.kind !== 'page') throw new Error(JSON.stringify(read));
        movements.push(...read.movements);
        page = read.next;
      } while (page !== undefined);
      return movements;
    },

    /** Where nothing moves before a case is lost: one leg, and none back. */
    async hasLoss(
      from: number,
      of: { readonly chargeReference: string; readonly dispute: string },
    ) {
      const { chargeReference, dispute } = of;
      await world().closeDispute(dispute, 'lost');
      const legs = (await this.all(from)).filter(({ kind }) => kind.startsWith('dispute'));
      expect(legs).toMatchObject([
        { kind: 'dispute', chargeReference, amount: money(1999, 'USD') },
      ]);
    },

    async about(from: number, chargeReference: string): Promise<Movement[]> {
      const movements = await this.all(from);
      return movements.filter((movement) => movement.chargeReference === chargeReference);
    },
  };
}
