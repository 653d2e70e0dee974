/**
 * What every adapter that gives money back must keep to, tried against the vendor's emulator. Apart from the rest of
 * the contract: a gateway may be charged through without it.
 *
 * The emulator's journal has the last word: whatever was answered, no refund ever moves its money twice.
 */
import { describe, expect, it } from 'vitest';

import type { DomainError } from '../../domain/errors.js';
import { money } from '../../domain/money.js';
import { type RefundWorld, referenceIn, useRefunds } from './refund-bench.js';
import { describeRefundMishaps } from './refund-mishaps.js';

export function describeRefunds(name: string, openWorld: () => Promise<RefundWorld>): void {
  const bench = useRefunds(name, openWorld);

  describe(`${name}: a refund`, () => {
    it('of the whole charge gives it back once, and says where', async () => {
      const { refund, answer } = await bench.sent(await bench.charged());
      expect(answer).toEqual({ kind: 'succeeded', reference: expect.any(String) as string });
      expect(await bench.moved(refund)).toEqual([money(1999, 'USD')]);
      expect(await bench.lookUp(refund)).toEqual(answer);
    });

    it('of a part leaves the rest', async () => {
      const { refund, answer } = await bench.sent(await bench.charged(), money(500, 'USD'));
      expect(answer.kind).toBe('succeeded');
      expect(await bench.moved(refund)).toEqual([money(500, 'USD')]);
    });

    it('may be one of several, until nothing is left', async () => {
      const charge = await bench.charged();
      const parts = [700, 700, 599].map((minor) => money(minor, 'USD'));
      for (const part of parts)
        expect((await bench.sent(charge, part)).answer.kind).toBe('succeeded');
      expect(await bench.world().refunded(charge)).toEqual(parts);
      expect((await bench.sent(charge, money(1, 'USD'))).answer).toMatchObject({
        kind: 'failed',
        failure: 'already_refunded',
      });
      expect(await bench.world().refunded(charge)).toEqual(parts);
    });

    it('of more than was taken, or than is left, fails and moves nothing', async () => {
      const charge = await bench.charged();
      const tooMuch = { kind: 'failed', failure: 'exceeds_charge' };
      expect((await bench.sent(charge, money(2000, 'USD'))).answer).toMatchObject(tooMuch);
      expect(await bench.world().refunded(charge)).toEqual([]);
      await bench.sent(charge, money(1000, 'USD'));
      expect((await bench.sent(charge, money(1000, 'USD'))).answer).toMatchObject(tooMuch);
      expect(await bench.world().refunded(charge)).toEqual([money(1000, 'USD')]);
    });

    it('of the same amount as another is found as itself', async () => {
      const charge = await bench.charged();
      const [one, other] = [
        await bench.sent(charge, money(500, 'USD')),
        await bench.sent(charge, money(500, 'USD')),
      ];
      for (const { refund, answer } of [one, other]) {
        const forgotten = { ...refund, reference: undefined };
        expect(await bench.lookUp(forgotten)).toEqual(answer);
      }
      expect(one.answer).not.toEqual(other.answer);
    });

    it('under the name of another is not taken for it, and a person hears of it', async () => {
      const charge = await bench.charged();
      const { answer } = await bench.sent(charge, money(500, 'USD'));
      const stranger = { ...bench.plan(charge, money(500, 'USD')), reference: referenceIn(answer) };
      expect(await bench.lookUp(stranger)).toMatchObject({
        kind: 'unknown',
        attention: true,
      });
    });

    it.each(['succeeded', 'failed'] as const)('that is pending ends as %s', async (end) => {
      const charge = await bench.charged(undefined, await bench.world().slowly(end));
      const { refund, answer } = await bench.sent(charge);
      expect(answer).toEqual({
        kind: 'pending',
        reference: expect.any(String) as string,
        askAgainMs: expect.any(Number) as number,
      });
      await bench.world().endRefund(refund.reference!, end);
      await expect.poll(async () => (await bench.lookUp(refund)).kind).toBe(end);
      expect(await bench.moved(refund)).toHaveLength(end === 'succeeded' ? 1 : 0);
    });

    it('that failed leaves the charge to another', async () => {
      const charge = await bench.charged(undefined, await bench.world().slowly('failed'));
      const { refund } = await bench.sent(charge);
      await bench.world().endRefund(refund.reference!, 'failed');
      const look = () => bench.lookUp(refund);
      await expect.poll(async () => (await look()).kind).toBe('failed');
      expect(await look()).toMatchObject({ reference: refund.reference });
      expect((await bench.sent(charge)).answer.kind).toBe('pending');
    });

    it('of a disputed charge fails', async () => {
      const charge = await bench.charged();
      await bench.world().dispute(charge);
      const { answer } = await bench.sent(charge, money(500, 'USD'));
      expect(answer).toMatchObject({ kind: 'failed', failure: 'disputed' });
      expect(await bench.world().refunded(charge)).toEqual([]);
    });

    it('of a charge that is pending fails, for now', async () => {
      const charge = await bench.charged(undefined, await bench.world().method('pending'));
      const { answer } = await bench.sent(charge);
      expect(answer).toMatchObject({ kind: 'failed', failure: 'charge_pending' });
      expect(await bench.world().refunded(charge)).toEqual([]);
    });

    it('of a charge that does not exist is refused for a person', async () => {
      const { answer } = await bench.sent('NOSUCHCHARGE');
      expect(answer).toMatchObject({ kind: 'refused', attention: true, parks: true });
    });

    it('by a stranger is refused for a person, and moves nothing', async () => {
      const refund = await bench.planned();
      const answer = await bench.send(refund, bench.world().stranger(bench.wire().url));
      expect(answer).toMatchObject({ kind: 'refused', attention: true, parks: false });
      expect(await bench.moved(refund)).toEqual([]);
    });

    it('arrives as it was asked for in each currency, yen among them', async () => {
      for (const amount of bench.world().charges) {
        const { refund, answer } = await bench.sent(await bench.charged(amount), amount);
        expect(answer.kind).toBe('succeeded');
        expect(await bench.moved(refund)).toEqual([amount]);
      }
      const { refund } = await bench.sent(
        await bench.charged(money(500, 'JPY')),
        money(123, 'JPY'),
      );
      expect(await bench.moved(refund)).toEqual([money(123, 'JPY')]);
    });

    it('that it cannot hold is refused before anything is planned, never rounded', () => {
      for (const amount of bench.world().refuses)
        expect(() => bench.plan('CHARGE1', amount)).toThrow(
          expect.objectContaining({ reason: 'amount_not_supported' }) as DomainError,
        );
    });
  });

  describe(`${name}: the refunds of a charge`, () => {
    it('are none before the first', async () => {
      expect(await bench.list(await bench.charged())).toEqual({ kind: 'listed', refunds: [] });
    });

    it('are listed, each under the id it was asked for', async () => {
      const charge = await bench.charged();
      const parts = [money(500, 'USD'), money(700, 'USD')];
      const made = [await bench.sent(charge, parts[0]), await bench.sent(charge, parts[1])];
      const listed = await bench.list(charge);
      if (listed.kind !== 'listed') throw new Error(listed.why);
      expect(
        listed.refunds.toSorted((a, b) => a.amount.amountMinor - b.amount.amountMinor),
      ).toEqual(
        made.map(({ refund }) => ({
          reference: refund.reference,
          refundId: refund.id,
          amount: refund.amount,
          status: 'succeeded',
          at: expect.any(Number) as number,
        })),
      );
    });

    it.each(['succeeded', 'failed'] as const)(
      'are listed while pending, and as %s',
      async (end) => {
        const charge = await bench.charged(undefined, await bench.world().slowly(end));
        const { refund } = await bench.sent(charge);
        const listed = {
          kind: 'listed',
          refunds: [{ reference: refund.reference, status: 'pending' }],
        };
        expect(await bench.list(charge)).toMatchObject(listed);
        await bench.world().endRefund(refund.reference!, end);
        await expect
          .poll(() => bench.list(charge))
          .toMatchObject({
            kind: 'listed',
            refunds: [{ reference: refund.reference, status: end }],
          });
      },
    );

    it('cannot be listed while nothing readable answers, nor ever by a stranger', async () => {
      const charge = await bench.charged();
      for (const spoil of ['reset_before', 'html_before', 'truncate'] as const) {
        bench.wire().spoil(spoil, () => true);
        const { kind, ...more } = await bench.list(charge);
        expect(kind).toBe('unavailable');
        expect(more).not.toHaveProperty('attention', true);
      }
      const stranger = bench.world().stranger(bench.world().url);
      expect(await bench.list(charge, stranger)).toMatchObject({
        kind: 'unavailable',
        attention: true,
      });
    });
  });

  describeRefundMishaps(name, bench);

  describe(`${name}: one key, one refund`, () => {
    it('sent again it answers the same', async () => {
      const { refund, answer } = await bench.sent(await bench.charged(), money(500, 'USD'));
      expect(await bench.send(refund)).toEqual(answer);
      expect(await bench.moved(refund)).toHaveLength(1);
    });

    it('two at once move money once', async () => {
      const refund = await bench.planned(money(500, 'USD'));
      const send = () => bench.send(refund);
      for (const { kind } of await Promise.all([send(), send()]))
        expect(['succeeded', 'unknown']).toContain(kind);
      expect((await bench.resolve(refund)).kind).toBe('succeeded');
      expect(await bench.moved(refund)).toHaveLength(1);
    });

    it('a full refund whose key was forgotten is known by its mark', async () => {
      const refund = await bench.planned();
      bench.wire().spoil('reset_after');
      expect((await bench.send(refund)).kind).toBe('unknown');
      await bench
        .world()
        .advance(bench.world().gateway.refunding.refundKeyLifeMs / 1000 + 3 * 86_400);
      expect((await bench.send(refund)).kind).toBe('succeeded');
      expect(await bench.moved(refund)).toHaveLength(1);
    });

    it('still protects when the key’s life is nearly over', async () => {
      const refund = await bench.planned(money(500, 'USD'));
      bench.wire().spoil('reset_after');
      expect((await bench.send(refund)).kind).toBe('unknown');
      await bench.world().advance(bench.world().gateway.refunding.refundKeyLifeMs / 1000 - 60);
      expect((await bench.send(refund)).kind).toBe('succeeded');
      expect(await bench.moved(refund)).toHaveLength(1);
    });

    it('that has died leaves look-ups, which find and do not send', async () => {
      const refund = await bench.planned();
      const dead = { ...refund, resendable: false };
      expect(['absent', 'unknown']).toContain((await bench.lookUp(dead)).kind);
      expect(await bench.moved(refund)).toEqual([]);
      const { answer } = await bench.sent(refund.chargeReference, money(1, 'USD'));
      expect(answer.kind).toBe('succeeded');
      bench.wire().spoil('reset_after');
      const lost = bench.plan(refund.chargeReference, money(500, 'USD'));
      await bench.send(lost);
      const found = await bench.lookUp({ ...lost, resendable: false });
      expect(found.kind).toBe('succeeded');
    });
  });
}
