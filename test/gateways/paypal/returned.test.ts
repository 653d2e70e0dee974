/** A capture that shows as reversed: a dispute books what it took, everything else came back for good. */
import { describe, expect, it } from 'vitest';

import type { FrozenCharge } from '../../../gateways/gateway.js';
import { paypal } from '../../../gateways/paypal/index.js';
import { accountAt, chargeOf, issue, json, orderOf, startPaypal } from './stub.js';

const NONE = [200, { items: [] }] as const;
const ONE = [200, { items: [{ dispute_id: 'PP-D-1' }] }] as const;

/** A PayPal where the charge's capture is reversed, and which says this of its disputes. */
async function reversed(disputes: readonly [number, unknown], more: Partial<FrozenCharge> = {}) {
  const charge = chargeOf({ reference: 'ORDER1', ...more });
  const order = orderOf(charge, { status: 'REVERSED' });
  const stub = await startPaypal(({ path }, response) => {
    if (path.startsWith('/v1/customer/disputes')) return json(response, ...disputes);
    if (path.startsWith('/v2/payments/captures/')) {
      const related = { supplementary_data: { related_ids: { order_id: 'ORDER1' } } };
      const [capture] = order.purchase_units[0]!.payments!.captures;
      return json(response, 200, { ...capture, ...related });
    }
    return json(response, 200, order);
  });
  return { charge, account: accountAt(stub.url), seen: stub.seen };
}

const RETURNED = {
  kind: 'returned',
  reference: 'ORDER1',
  chargeReference: 'CAPTURE1',
  decline: { class: 'consent_revoked' },
};
const SUCCEEDED = { kind: 'succeeded', reference: 'ORDER1', chargeReference: 'CAPTURE1' };

describe('a capture that is reversed', () => {
  it('was paid, and taken back for good when nobody disputes it', async () => {
    const { charge, account, seen } = await reversed(NONE);
    expect(await paypal.lookUp(account, charge)).toMatchObject(RETURNED);
    expect(seen.at(-1)!.path).toBe('/v1/customer/disputes?disputed_transaction_id=CAPTURE1');
  });

  it('had succeeded when there is a dispute, whose own run books the rest', async () => {
    const { charge, account } = await reversed(ONE);
    expect(await paypal.lookUp(account, charge)).toEqual(SUCCEEDED);
  });

  it('is read so by its capture, too', async () => {
    for (const [disputes, answer] of [
      [NONE, RETURNED],
      [ONE, SUCCEEDED],
    ] as const) {
      const { charge, account } = await reversed(disputes, { reference: 'capture:CAPTURE1' });
      expect(await paypal.lookUp(account, charge)).toMatchObject(answer);
    }
  });

  it('is read so on a page, and when its request is sent again', async () => {
    const { charge, account } = await reversed(ONE);
    expect(await paypal.completePage(account, charge)).toEqual(SUCCEEDED);
    expect(await paypal.submit(account, charge)).toEqual(SUCCEEDED);
  });

  it.each([
    ['in an outage', 503, {}, false],
    ['without the permission', 403, issue('PERMISSION_DENIED', 'NOT_AUTHORIZED'), true],
    ['in a form nobody knows', 200, {}, true],
  ] as const)(
    'is unknown while disputes cannot be read: %s',
    async (_, status, body, attention) => {
      const { charge, account } = await reversed([status, body]);
      expect(await paypal.lookUp(account, charge)).toMatchObject({
        kind: 'unknown',
        reference: 'ORDER1',
        attention,
      });
    },
  );

  it('is the only one that anybody asks about', async () => {
    const charge = chargeOf({ reference: 'ORDER1' });
    const stub = await startPaypal((_, response) =>
      json(response, 200, orderOf(charge, { status: 'COMPLETED' })),
    );
    await paypal.lookUp(accountAt(stub.url), charge);
    expect(stub.seen.some(({ path }) => path.includes('disputes'))).toBe(false);
  });
});
