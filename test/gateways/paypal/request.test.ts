import { describe, expect, it } from 'vitest';

import { money } from '../../../domain/money.js';
import type { ChargeOrder } from '../../../gateways/gateway.js';
import { paypal } from '../../../gateways/paypal/index.js';
import { readRequest } from '../../../gateways/paypal/request.js';

const order = (more: Partial<ChargeOrder> = {}): ChargeOrder => ({
  chargeId: 'chg_1',
  merchantId: 'mer_1',
  renewalId: 'rnw_1',
  reversals: 0,
  amount: money(1999, 'USD'),
  description: 'Pro',
  customer: 'CUSTOMER1',
  method: 'vault1',
  kind: 'paypal',
  living: undefined,
  ...more,
});

const unitOf = (more: Partial<ChargeOrder> = {}) =>
  readRequest(paypal.compose(order(more)).request).order.purchase_units[0];

describe('the frozen request', () => {
  it('continues nothing: each charge is an order of its own', () => {
    expect(paypal.compose(order({ living: 'ORDER1' })).continues).toBeUndefined();
  });

  it('is written in the same bytes after a database has shuffled its fields', () => {
    const { request } = paypal.compose(order());
    const shuffled = shuffle(request);
    expect(JSON.stringify(shuffled)).not.toBe(JSON.stringify(request));
    expect(JSON.stringify(readRequest(shuffled))).toBe(JSON.stringify(request));
  });

  it('asks for one invoice per renewal, and for the next after its money came back', () => {
    expect(unitOf().invoice_id).toBe('rnw_1');
    expect(unitOf({ chargeId: 'chg_2' }).invoice_id).toBe('rnw_1');
    expect(unitOf({ reversals: 1 }).invoice_id).toBe('rnw_1-1');
    expect(unitOf({ reversals: 2 }).invoice_id).toBe('rnw_1-2');
  });

  it('charges a saved card as the merchant does, again', () => {
    const { request } = paypal.compose(order({ kind: 'card' }));
    expect(request).toMatchObject({
      order: {
        payment_source: {
          card: {
            vault_id: 'vault1',
            stored_credential: {
              payment_initiator: 'MERCHANT',
              payment_type: 'RECURRING',
              usage: 'SUBSEQUENT',
            },
          },
        },
      },
    });
  });

  it.each([
    ['a kind PayPal does not save', { kind: 'sepa_debit' }, 'method_not_supported'],
    ['an amount PayPal cannot hold', { amount: money(150_050, 'HUF') }, 'amount_not_supported'],
    ['a currency PayPal does not take', { amount: money(100, 'KWD') }, 'amount_not_supported'],
  ])('is refused for %s', (_, more, reason) => {
    expect(() => paypal.compose(order(more))).toThrow(
      expect.objectContaining({ code: 'invalid', reason }),
    );
  });

  it('of a page names no source: the customer brings it', () => {
    const { request } = paypal.composePage(order({ kind: 'sepa_debit' }));
    expect(request).toMatchObject({ mode: 'page', order: { intent: 'CAPTURE' } });
    expect(JSON.stringify(request)).not.toContain('payment_source');
  });
});

it('is sent again for five of the six hours that PayPal remembers it', () => {
  expect(paypal.keyLifeMs).toBe(5 * 3_600_000);
});

describe('a description', () => {
  it.each([
    ['is left out when there is none', undefined, undefined],
    ['is left out when nothing of it is left', '\n\t ', undefined],
    ['loses what steers a terminal', 'Pro\u0000\n\u202Eplan', 'Pro plan'],
    ['is cut at 127 characters', 'x'.repeat(200), 'x'.repeat(127)],
    ['is cut between characters', `${'x'.repeat(126)}😀`, 'x'.repeat(126)],
  ])('%s', (_, description, sent) => {
    expect(unitOf({ description }).description).toBe(sent);
  });
});

/** Every object's fields in alphabetical order, as jsonb may give them back. */
function shuffle(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffle);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, shuffle(inner)]),
  );
}
