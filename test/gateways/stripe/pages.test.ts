import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';

import { money } from '../../../domain/money.js';
import type { FrozenCharge } from '../../../gateways/gateway.js';
import { type Merchant, frozen, orderOf, useGateway } from './bench.js';

const { gateway, merchant, control } = useGateway();
const ADDRESSES = { returnUrl: 'https://shop.example/back', cancelUrl: 'https://shop.example/' };

/** A page of its own, opened; its charge as its row knows it then. */
async function opened(shop: Merchant, fate = 'insufficient_funds') {
  const order = await shop.order('card', fate);
  const composed = gateway.composePage(order);
  const charge = frozen(order, composed);
  const prepared = await gateway.prepare(shop.account, charge);
  if (prepared.kind !== 'ready') throw new Error(prepared.kind);
  const page = await gateway.openPage(shop.account, charge, ADDRESSES);
  if (page.kind !== 'ready') throw new Error(JSON.stringify(page));
  const known = { ...charge, baseline: prepared.baseline, reference: page.reference };
  return { order, page, charge: known };
}

/** A page that continues the object of a charge that was declined. */
async function continued(shop: Merchant) {
  const order = await shop.order('card', 'insufficient_funds');
  const answer = await gateway.submit(shop.account, frozen(order, gateway.compose(order)));
  if (answer.kind !== 'declined') throw new Error(answer.kind);
  const next = { ...order, chargeId: `${order.chargeId}_page`, living: answer.reference };
  const composed = gateway.composePage(next);
  const charge = frozen(next, composed, { reference: composed.continues });
  const prepared = await gateway.prepare(shop.account, charge);
  if (prepared.kind !== 'ready') throw new Error(prepared.kind);
  return { first: answer, charge: { ...charge, baseline: prepared.baseline } };
}

/** What the customer's browser does. */
function pay(shop: Merchant, { reference }: FrozenCharge, token = 'pm_card_visa') {
  return shop.client.paymentIntents.confirm(reference!, { payment_method: token });
}

const failToPay = (shop: Merchant, charge: FrozenCharge) =>
  pay(shop, charge, 'pm_card_chargeDeclined').catch(() => undefined);

describe('a page is composed', () => {
  test('as an object that nobody has confirmed, and that saves what pays it', () => {
    const { request, continues } = gateway.composePage(orderOf('chg_1', 'card'));
    expect(request).toEqual({
      mode: 'page',
      params: {
        amount: 1999,
        currency: 'eur',
        customer: 'cus_1',
        allowed_payment_method_types: ['card'],
        metadata: {
          dunlin_merchant: 'mer_1',
          dunlin_renewal: 'rnw_chg_1',
          dunlin_page: 'chg_1',
        },
        setup_future_usage: 'off_session',
      },
    });
    expect(continues).toBeUndefined();
  });

  test('for a debit with cards beside it, or instead of it where it has no currency', () => {
    const types = (order: ReturnType<typeof orderOf>) =>
      (gateway.composePage(order).request as { params: { allowed_payment_method_types: string[] } })
        .params.allowed_payment_method_types;
    expect(types(orderOf('chg_1', 'sepa_debit'))).toEqual(['card', 'sepa_debit']);
    const dollars = { amount: money(1999, 'USD') };
    expect(types(orderOf('chg_1', 'sepa_debit', dollars))).toEqual(['card']);
  });

  test('to continue the living object', () => {
    expect(gateway.composePage(orderOf('chg_1', 'card', { living: 'pi_1' }))).toEqual({
      request: { mode: 'continued_page', paymentIntent: 'pi_1' },
      continues: 'pi_1',
    });
  });
});

describe('opening a page', () => {
  test('makes the object once and moves no money', async () => {
    const shop = merchant();
    const { page, charge, order } = await opened(shop);
    expect(page).toMatchObject({ clientSecret: expect.stringMatching(/^pi_\w+_secret_/) });
    const again = await gateway.openPage(
      shop.account,
      { ...charge, reference: undefined },
      ADDRESSES,
    );
    expect(again).toEqual(page);
    const { data } = await shop.client.paymentIntents.list({ customer: order.customer });
    expect(data).toMatchObject([{ status: 'requires_payment_method', latest_charge: null }]);
  });

  test('says what has become of the object meanwhile, known or not', async () => {
    const shop = merchant();
    const { charge } = await opened(shop);
    const unknown = { ...charge, reference: undefined };
    await pay(shop, charge);
    for (const asked of [charge, unknown])
      expect(await gateway.openPage(shop.account, asked, ADDRESSES)).toEqual({ kind: 'duplicate' });

    const other = await opened(shop);
    await shop.client.paymentIntents.cancel(other.page.reference);
    const lost = { ...other.charge, reference: undefined };
    for (const asked of [other.charge, lost])
      expect((await gateway.openPage(shop.account, asked, ADDRESSES)).kind).toBe('gone');
  });

  test('takes the living object', async () => {
    const shop = merchant();
    const { charge } = await continued(shop);
    expect(await gateway.openPage(shop.account, charge, ADDRESSES)).toMatchObject({
      kind: 'ready',
      reference: charge.reference,
    });
    await pay(shop, charge, 'pm_card_attachThen_pending');
    expect((await gateway.openPage(shop.account, charge, ADDRESSES)).kind).toBe('unavailable');
  });

  test('is refused or unavailable as the gateway says', async () => {
    const shop = merchant();
    const order = orderOf('chg_strange', 'card', { customer: 'cus_nobody' });
    const charge = frozen(order, gateway.composePage(order));
    expect((await gateway.openPage(shop.account, charge, ADDRESSES)).kind).toBe('refused');
    await control('POST', 'faults', { fault: 'rate_limit', times: 1 });
    expect((await gateway.openPage(shop.account, charge, ADDRESSES)).kind).toBe('unavailable');
  });
});

describe.each(['a page of its own', 'a page that continues an object'])('%s', (which) => {
  const open = async (shop: Merchant) =>
    (which === 'a page of its own' ? await opened(shop) : await continued(shop)).charge;

  test('is pending before the customer pays, and after a failure', async () => {
    const shop = merchant();
    const charge = await open(shop);
    const pending = { kind: 'pending', reference: charge.reference };
    expect(await gateway.completePage(shop.account, charge)).toEqual(pending);
    await failToPay(shop, charge);
    expect(await gateway.completePage(shop.account, charge)).toEqual(pending);
    await pay(shop, charge);
    const paid = await shop.read(charge.reference!);
    const succeeded = {
      kind: 'succeeded',
      reference: charge.reference,
      chargeReference: (paid.latest_charge as Stripe.Charge).id,
    };
    expect(await gateway.completePage(shop.account, charge)).toEqual(succeeded);
    expect(await gateway.lookUp(shop.account, charge)).toEqual(succeeded);
    expect(await gateway.release(shop.account, charge, 1)).toEqual({ kind: 'still_open' });
  });

  test('is pending while the customer authenticates, and can be released then', async () => {
    const shop = merchant();
    const charge = await open(shop);
    await pay(shop, charge, 'pm_card_authenticationRequired');
    expect((await gateway.completePage(shop.account, charge)).kind).toBe('pending');
    expect(await gateway.release(shop.account, charge, 1)).toEqual({ kind: 'released' });
    expect(await gateway.release(shop.account, charge, 2)).toEqual({ kind: 'released' });
    expect((await gateway.completePage(shop.account, charge)).kind).toBe('gone');
    await expect(pay(shop, charge)).rejects.toThrow(/canceled/);
  });

  test('is never sent', async () => {
    const shop = merchant();
    const charge = await open(shop);
    expect(await gateway.submit(shop.account, charge)).toMatchObject({ kind: 'unknown' });
    const intent = await shop.read(charge.reference!);
    expect(intent.status).toBe('requires_payment_method');
  });
});

describe('a page of a bank debit', () => {
  test('is asked about at the pace of banks, and cannot be released', async () => {
    const shop = merchant();
    const order = await shop.order('sepa_debit', 'succeed');
    const charge = frozen(order, gateway.composePage(order));
    const page = await gateway.openPage(shop.account, charge, ADDRESSES);
    if (page.kind !== 'ready') throw new Error(page.kind);
    await shop.client.paymentIntents.confirm(page.reference, {
      payment_method: 'pm_sepaDebit_success_de',
      mandate_data: { customer_acceptance: { type: 'offline' } },
    });
    const known = { ...charge, reference: page.reference };
    expect(await gateway.completePage(shop.account, known)).toMatchObject({
      kind: 'pending',
      askAgainMs: 86_400_000,
    });
    expect(await gateway.release(shop.account, known, 1)).toEqual({ kind: 'still_open' });
    expect((await gateway.openPage(shop.account, known, ADDRESSES)).kind).toBe('unavailable');
  });
});

describe('a page after a failed debit', () => {
  test('takes cards as well', async () => {
    const shop = merchant();
    const order = await shop.order('sepa_debit', 'pending');
    const sent = await gateway.submit(shop.account, frozen(order, gateway.compose(order)));
    const living = (sent as { reference: string }).reference;
    await control('POST', 'settle', { payment_intent: living, outcome: 'declined' });
    const next = { ...order, chargeId: `${order.chargeId}_page`, living };
    const charge = frozen(next, gateway.composePage(next), { reference: living });
    const prepared = await gateway.prepare(shop.account, charge);
    const baseline = prepared.kind === 'ready' ? prepared.baseline : undefined;
    const page = await gateway.openPage(shop.account, charge, ADDRESSES);
    expect(page).toMatchObject({ kind: 'ready', reference: living });
    expect(await gateway.openPage(shop.account, charge, ADDRESSES)).toEqual(page);
    await pay(shop, charge);
    const answer = await gateway.completePage(shop.account, { ...charge, baseline });
    expect(answer).toMatchObject({ kind: 'succeeded', reference: living });
  });
});

describe('a page whose answer was lost', () => {
  test('is found again, unconfirmed as it is', async () => {
    const shop = merchant();
    const { charge, page } = await opened(shop);
    const lost = { ...charge, reference: undefined };
    const pending = { kind: 'pending', reference: page.reference };
    expect(await gateway.lookUp(shop.account, lost)).toEqual(pending);
    expect(await gateway.release(shop.account, lost, 1)).toEqual({ kind: 'released' });
    expect((await shop.read(page.reference)).status).toBe('canceled');
  });

  test('is absent when it was never made, and then there is nothing to release', async () => {
    const shop = merchant();
    const order = await shop.order('card', 'succeed');
    const charge = frozen(order, gateway.composePage(order));
    expect(await gateway.lookUp(shop.account, charge)).toEqual({ kind: 'absent' });
    expect(await gateway.release(shop.account, charge, 1)).toEqual({ kind: 'released' });
  });

  test('is not taken for another charge’s object, nor another’s for it', async () => {
    const shop = merchant();
    const { order, charge } = await opened(shop, 'succeed');
    const sent = { ...order, chargeId: `${order.chargeId}_sent` };
    const create = frozen(sent, gateway.compose(sent));
    expect(await gateway.lookUp(shop.account, create)).toEqual({ kind: 'absent' });
    const answer = await gateway.submit(shop.account, create);
    expect(await gateway.lookUp(shop.account, create)).toEqual(answer);
    const lost = { ...charge, reference: undefined };
    expect(await gateway.lookUp(shop.account, lost)).toMatchObject({ kind: 'pending' });
    const second = { ...lost, id: 'chg_second_page' };
    expect(await gateway.lookUp(shop.account, second)).toEqual({ kind: 'absent' });
  });
});

describe('before a page that continues an object', () => {
  test('a canceled one is gone, a paid one a duplicate', async () => {
    const shop = merchant();
    const { charge } = await continued(shop);
    const paid = await continued(shop);
    await shop.client.paymentIntents.cancel(charge.reference!);
    expect(await gateway.prepare(shop.account, charge)).toEqual({ kind: 'gone' });
    await pay(shop, paid.charge);
    expect(await gateway.prepare(shop.account, paid.charge)).toEqual({ kind: 'duplicate' });
    const unread = { ...paid.charge, baseline: undefined };
    expect((await gateway.completePage(shop.account, unread)).kind).toBe('duplicate');
  });
});
