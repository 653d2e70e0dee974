/** A capture that shows as reversed: a dispute books what it took, everything else came back for good. */
import { describe, expect, it } from 'vitest';

import type { FrozenCharge } from '../../../gateways/gateway.js';
import { paypal } from '../../../gateways/paypal/index.js';
import { accountAt, chargeOf, issue, json, orderOf, startPaypal } from './stub.js';

/** A dispute as PayPal shows it: in its list, and by itself. */
function disputeOf(more: object = {}) {
  return {
    dispute_id: 'PP-D-1',
    create_time: '2026-11-01T10:00:00.000Z',
    disputed_transactions: [{ seller_transaction_id: 'CAPTURE1' }],
    status: 'UNDER_REVIEW',
    dispute_amount: { currency_code: 'USD', value: '19.99' },
    dispute_life_cycle_stage: 'CHARGEBACK',
    ...more,
  };
}

function ended(outcome_code: string, value?: string, more: object = {}) {
  const amount_refunded = value === undefined ? undefined : { currency_code: 'USD', value };
  const dispute_outcome = { outcome_code, ...(value !== undefined && { amount_refunded }) };
  return disputeOf({ status: 'RESOLVED', dispute_outcome, ...more });
}

const NONE = [200, { items: [] }] as const;
const ONE = [200, { items: [disputeOf()] }] as const;

/** A PayPal where the charge's capture is reversed, and which says this of its disputes. */
async function reversed(
  disputes: readonly [number, unknown],
  more: Partial<FrozenCharge> = {},
  refunds: readonly object[] = [],
) {
  const charge = chargeOf({ reference: 'ORDER1', ...more });
  const order = orderOf(charge, { status: 'REVERSED' });
  Object.assign(order.purchase_units[0]!.payments!, { refunds });
  const stub = await startPaypal(({ path }, response) => {
    if (path.startsWith('/v1/customer/disputes/')) {
      const { items } = disputes[1] as { items: { dispute_id: string }[] };
      const found = items.find(({ dispute_id: id }) => path.endsWith(id));
      return json(response, found ? 200 : 404, found ?? {});
    }
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

  const wanted = (value: string, more: object = {}) =>
    disputeOf({ dispute_amount: { currency_code: 'USD', value }, ...more });
  const refund = (value: string, status = 'COMPLETED') => ({
    id: 'REFUND1',
    status,
    create_time: '2026-11-01T09:00:00.000Z',
    amount: { currency_code: 'USD', value },
  });
  const other = { dispute_id: 'PP-D-2' };

  it.each([
    ['one that was won', [ended('RESOLVED_SELLER_FAVOUR')], [], RETURNED],
    ['one that the buyer has withdrawn', [ended('CANCELED_BY_BUYER')], [], RETURNED],
    ['a question', [disputeOf({ dispute_life_cycle_stage: 'INQUIRY' })], [], RETURNED],
    [
      'a question that was answered',
      [ended('RESOLVED_BUYER_FAVOUR', undefined, { dispute_life_cycle_stage: 'INQUIRY' })],
      [],
      RETURNED,
    ],
    ['one that was lost, and took nothing', [ended('ACCEPTED', '0.00')], [], RETURNED],
    ['one that was lost over a part', [ended('ACCEPTED', '7.00')], [], RETURNED],
    ['an open one over a part', [wanted('7.00')], [], RETURNED],
    ['one that was lost over all of it', [ended('ACCEPTED', '19.99')], [], SUCCEEDED],
    ['one that was lost, nobody says over what', [ended('ACCEPTED')], [], SUCCEEDED],
    ['one over what a refund had left', [ended('ACCEPTED', '14.99')], [refund('5.00')], SUCCEEDED],
    ['a refund that failed', [ended('ACCEPTED', '14.99')], [refund('5.00', 'FAILED')], RETURNED],
    [
      'one in another currency',
      [disputeOf({ dispute_amount: { currency_code: 'JPY', value: '3000' } })],
      [],
      SUCCEEDED,
    ],
    ['two over a part each', [wanted('10.00'), wanted('9.99', other)], [], SUCCEEDED],
    ['one that was won, and one that is open', [ended('DENIED'), disputeOf(other)], [], SUCCEEDED],
  ])('is told by what the disputes account for: %s', async (_, items, refunds, answer) => {
    const { charge, account } = await reversed([200, { items }], {}, refunds);
    expect(await paypal.lookUp(account, charge)).toMatchObject(answer);
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
