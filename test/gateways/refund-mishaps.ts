/** What networks and gateways do to a refund on its way. */
import { describe, expect, it } from 'vitest';

import type { RefundBench } from './refund-bench.js';

export function describeRefundMishaps(name: string, bench: RefundBench): void {
  describe(`${name}: whatever happens on the way, a refund moves once`, () => {
    it('nobody there: no byte has left', async () => {
      const refund = await bench.planned();
      expect((await bench.send(refund, bench.nowhere())).kind).toBe('unreachable');
      expect((await bench.resolve(refund)).kind).toBe('succeeded');
      expect(await bench.moved(refund)).toHaveLength(1);
    });

    it.each([
      ['the connection is reset before it is executed', 'reset_before', 0],
      ['the connection is reset after it was executed', 'reset_after', 1],
      ['silence beyond the deadline, not executed', 'hang_before', 0],
      ['silence beyond the deadline, executed', 'hang_after', 1],
      ['half an answer', 'truncate', 1],
      ['HTML instead of an answer, executed', 'html_after', 1],
      ['HTML at 200, executed', 'html_200_after', 1],
    ] as const)('%s', async (_, spoil, times) => {
      const refund = await bench.planned();
      bench.wire().spoil(spoil);
      const deadlineMs = spoil.startsWith('hang') ? 1_000 : 5_000;
      const answer = await bench.send(refund, bench.account({ deadlineMs }));
      expect(answer.kind).toBe('unknown');
      await bench.wire().quiet();
      expect(await bench.moved(refund)).toHaveLength(times);
      // Sent again, and looked up.
      expect((await bench.send(refund)).kind).toBe('succeeded');
      expect((await bench.resolve(refund)).kind).toBe('succeeded');
      expect(await bench.moved(refund)).toHaveLength(1);
    });

    it.each([
      ['its own error, not executed', 'server_error', 0],
      ['its own error, executed', 'server_error_after_effect', 1],
    ] as const)('%s', async (_, kind, times) => {
      const refund = await bench.planned();
      await bench.world().refuseRefund(kind);
      expect(await bench.send(refund)).toMatchObject({
        kind: 'unknown',
        serverError: true,
      });
      expect(await bench.moved(refund)).toHaveLength(times);
      expect((await bench.resolve(refund)).kind).toBe('succeeded');
      expect(await bench.moved(refund)).toHaveLength(1);
    });

    it('too many requests: nothing is executed, and it says for how long', async () => {
      const refund = await bench.planned();
      await bench.world().refuseRefund('rate_limit');
      expect(await bench.send(refund)).toMatchObject({
        kind: 'refused',
        attention: false,
        parks: false,
        retryAfterMs: 7_000,
      });
      expect(await bench.moved(refund)).toEqual([]);
      expect((await bench.resolve(refund)).kind).toBe('succeeded');
      expect(await bench.moved(refund)).toHaveLength(1);
    });

    it('another amount than was asked is no success, and a person hears of it', async () => {
      const refund = await bench.planned();
      bench.wire().alter((body) => bench.world().withAnotherAmount(body));
      expect(await bench.send(refund)).toMatchObject({
        kind: 'unknown',
        attention: true,
      });
    });

    it('a look-up that fails says nothing', async () => {
      const { refund } = await bench.sent(await bench.charged());
      for (const reference of [refund.reference, undefined])
        for (const spoil of ['reset_before', 'html_before', 'truncate'] as const) {
          bench.wire().spoil(spoil, () => true);
          const found = await bench.lookUp({ ...refund, reference });
          expect(found.kind).toBe('unknown');
        }
    });
  });
}
