import { describe, expect, test } from 'vitest';

import { money } from '../../../domain/money.js';
import { type Kind, frozen, orderOf, useGateway } from './bench.js';

const { gateway, merchant, control } = useGateway();
const HOUR = 3_600_000;
const DAY_SECONDS = 86_400;

const advance = (seconds: number) => control('POST', 'clock', { advance_seconds: seconds });

/** Sends a charge by a method of this fate, and keeps what its row would keep. */
async function sent(kind: Kind, fate: string) {
  const shop = merchant();
  const order = await shop.order(kind, fate);
  const charge = frozen(order, gateway.compose(order));
  const answer = await gateway.submit(shop.account, charge);
  if (!('reference' in answer) || !answer.reference) throw new Error(JSON.stringify(answer));
  const known = { ...charge, reference: answer.reference };
  return { shop, order, answer, charge: known, ask: () => gateway.lookUp(shop.account, known) };
}

describe('a bank debit is composed', () => {
  test.each([
    ['sepa_debit', 'USD'],
    ['us_bank_account', 'EUR'],
  ])('as %s never in %s', (kind, currency) => {
    const order = orderOf('chg_1', kind, { amount: money(1999, currency) });
    expect(() => gateway.compose(order)).toThrow(
      expect.objectContaining({ code: 'invalid', reason: 'currency_not_supported' }),
    );
    expect(() => gateway.compose({ ...order, living: 'pi_1' })).toThrow(/only in/);
  });

  test('with the mandate of its set-up: off session, and of its own kind', () => {
    const order = orderOf('chg_1', 'sepa_debit');
    expect(gateway.compose(order).request).toMatchObject({
      mode: 'create',
      params: { allowed_payment_method_types: ['sepa_debit'], off_session: true, confirm: true },
    });
    expect(gateway.compose({ ...order, living: 'pi_1' })).toEqual({
      request: {
        mode: 'confirm',
        paymentIntent: 'pi_1',
        params: {
          payment_method: 'pm_1',
          allowed_payment_method_types: ['sepa_debit'],
          off_session: true,
        },
      },
      continues: 'pi_1',
    });
  });
});

describe('a bank debit that is under way', () => {
  test.each<[Kind, number | undefined]>([
    ['sepa_debit', 24 * HOUR],
    ['us_bank_account', 12 * HOUR],
    ['card', undefined],
  ])('by %s is asked about again after %s ms', async (kind, askAgainMs) => {
    const { answer, ask } = await sent(kind, 'pending');
    expect(answer).toMatchObject({ kind: 'pending', chargeReference: expect.any(String) });
    expect('askAgainMs' in answer ? answer.askAgainMs : undefined).toBe(askAgainMs);
    expect(await ask()).toEqual(answer);
  });

  test('cannot be released', async () => {
    const { shop, charge } = await sent('sepa_debit', 'pending');
    expect(await gateway.release(shop.account, charge, 1)).toEqual({ kind: 'still_open' });
  });

  test('succeeds after its days', async () => {
    const { answer, ask } = await sent('sepa_debit', 'succeed');
    await advance(5 * DAY_SECONDS);
    expect(await ask()).toEqual({
      kind: 'succeeded',
      reference: (answer as { reference: string }).reference,
      chargeReference: expect.stringMatching(/^ch_/),
    });
  });

  test.each([
    ['sepa_debit', 'insufficient_funds', 'insufficient_funds'],
    ['sepa_debit', 'refer_to_customer', 'issuer_soft'],
    ['sepa_debit', 'generic_could_not_process', 'technical'],
    ['sepa_debit', 'recipient_deceased', 'hard_stop'],
    ['sepa_debit', 'authorization_revoked', 'consent_revoked'],
    ['us_bank_account', 'debit_not_authorized', 'consent_revoked'],
    ['us_bank_account', 'no_account', 'new_method'],
  ] as const)('by %s fails for %s: %s, and stays here', async (kind, code, expected) => {
    const { ask } = await sent(kind, code);
    await advance(5 * DAY_SECONDS);
    const decline = { class: expected, code, elsewhere: false };
    expect(await ask()).toMatchObject({ kind: 'declined', decline });
  });

  test('is tried again on the same object by a card', async () => {
    const { shop, order, ask, charge } = await sent('sepa_debit', 'pending_1_insufficient_funds');
    await advance(1);
    expect(await ask()).toMatchObject({ kind: 'declined' });
    const { id: method } = await shop.client.paymentMethods.attach('pm_card_visa', {
      customer: order.customer,
    });
    const next = { ...order, chargeId: 'chg_next', kind: 'card', method };
    const composed = gateway.compose({ ...next, living: charge.reference });
    const prepared = await gateway.prepare(shop.account, frozen(next, composed));
    if (prepared.kind !== 'ready') throw new Error(prepared.kind);
    const again = frozen(next, composed, { baseline: prepared.baseline });
    expect((await gateway.submit(shop.account, again)).kind).toBe('succeeded');
  });

  test('without a valid mandate needs a new one, and nothing is attempted', async () => {
    const shop = merchant();
    const { id: customer } = await shop.client.customers.create();
    const token = 'pm_sepaDebit_attachThen_succeed';
    const { id: method } = await shop.client.paymentMethods.attach(token, { customer });
    const order = orderOf('chg_bare', 'sepa_debit', { customer, method });
    const answer = await gateway.submit(shop.account, frozen(order, gateway.compose(order)));
    const decline = { class: 'new_method', code: 'payment_intent_mandate_invalid' };
    expect(answer).toMatchObject({ kind: 'declined', decline });
  });
});

describe('a bank debit that came back', () => {
  test.each([
    ['insufficient_funds', 'insufficient_funds'],
    ['debit_not_authorized', 'consent_revoked'],
    ['incorrect_account_details', 'new_method'],
    ['bank_cannot_process', 'technical'],
  ])('for %s is a return: %s', async (reason, expected) => {
    const { ask, answer } = await sent('us_bank_account', `pending_1_return_${reason}_after_1`);
    await advance(1);
    expect(await ask()).toMatchObject({ kind: 'succeeded' });
    await advance(1);
    expect(await ask()).toEqual({
      kind: 'returned',
      reference: (answer as { reference: string }).reference,
      chargeReference: (answer as { chargeReference: string }).chargeReference,
      decline: {
        class: expected,
        code: reason,
        message: `The bank took the money back: ${reason}.`,
        elsewhere: false,
      },
    });
  });

  test('is found without its reference, and never confirmed again', async () => {
    const { shop, order, charge } = await sent('sepa_debit', 'pending_1_return_general_after_1');
    await advance(1);
    await advance(1);
    const lost = { ...charge, reference: undefined };
    expect(await gateway.lookUp(shop.account, lost)).toMatchObject({ kind: 'returned' });
    const others = { ...lost, otherReferences: [charge.reference] };
    expect(await gateway.lookUp(shop.account, others)).toEqual({ kind: 'absent' });
    const next = { ...order, chargeId: 'chg_later', living: charge.reference };
    const again = frozen(next, gateway.compose(next));
    expect(await gateway.prepare(shop.account, again)).toEqual({ kind: 'duplicate' });
  });

  test('belongs to the attempt that had succeeded, not to an earlier one that failed', async () => {
    const { shop, order, charge } = await sent(
      'sepa_debit',
      'pending_1_return_customer_initiated_after_1',
    );
    await control('POST', 'settle', { payment_intent: charge.reference, outcome: 'declined' });
    const next = { ...order, chargeId: 'chg_second', living: charge.reference };
    const composed = gateway.compose(next);
    const prepared = await gateway.prepare(shop.account, frozen(next, composed));
    const baseline = 'baseline' in prepared ? prepared.baseline : undefined;
    const second = frozen(next, composed, { baseline, reference: charge.reference });
    const answer = await gateway.submit(shop.account, second);
    await advance(1);
    await advance(1);
    const back = await gateway.lookUp(shop.account, second);
    expect(back).toMatchObject({ kind: 'returned', decline: { class: 'consent_revoked' } });
    const its = (answer as { chargeReference: string }).chargeReference;
    expect(back).toMatchObject({ chargeReference: its });
  });

  test('is not what a card’s dispute is', async () => {
    const { shop, charge, ask } = await sent('card', 'dispute_fraudulent');
    await advance(2);
    const intent = await shop.read(charge.reference);
    expect(intent.latest_charge).toMatchObject({ disputed: true });
    expect(await ask()).toMatchObject({ kind: 'succeeded' });
  });
});

describe('attaching a bank account', () => {
  test.each([
    ['pm_sepaDebit_success_de', 'sepa_debit', 'SEPA ···3000 (DE)'],
    ['pm_usBankAccount_success', 'us_bank_account', 'Bank ···6789'],
  ])('%s gives a mandate once, however often it is asked', async (token, methodKind, display) => {
    const shop = merchant();
    const { id: customer } = await shop.client.customers.create();
    const asked = { customer, key: `key_${methodKind}` };
    const first = await shop.attach(token, asked);
    expect(first).toMatchObject({ kind: 'attached', customer, methodKind, display });
    expect(first).toMatchObject({ fingerprint: expect.any(String) });
    expect(await shop.attach(token, asked)).toEqual(first);
    const { requests } = await control<{
      requests: { path: string; idempotency_key: string | null }[];
    }>('GET', 'requests');
    const keys = requests.map(({ idempotency_key }) => idempotency_key);
    expect(keys.filter((key) => key?.startsWith(asked.key))).toEqual([
      `${asked.key}:mandate`,
      `${asked.key}:mandate`,
    ]);
  });

  test('that a SetupIntent has saved changes nothing', async () => {
    const shop = merchant();
    const { id: customer } = await shop.client.customers.create();
    const { payment_method: method } = await shop.client.setupIntents.create({
      customer,
      payment_method: 'pm_sepaDebit_attachThen_succeed',
      allowed_payment_method_types: ['sepa_debit'],
      confirm: true,
      mandate_data: { customer_acceptance: { type: 'offline' } },
    });
    const key = 'key_saved';
    const attached = await shop.attach(method as string, { customer, key });
    expect(attached).toMatchObject({ kind: 'attached', reference: method, customer });
    const { requests } = await control<{ requests: { idempotency_key: string | null }[] }>(
      'GET',
      'requests',
    );
    expect(requests.filter(({ idempotency_key: used }) => used?.startsWith(key))).toEqual([]);
  });

  test('is recognized by whose customer it was saved to', async () => {
    const shop = merchant();
    const setup = await gateway.createSetup(shop.account, {
      customer: undefined,
      merchantId: 'mer_1',
      customerId: 'cus_ours',
      kinds: ['sepa_debit'],
      returnUrl: 'https://shop.example/back',
      cancelUrl: 'https://shop.example/',
      key: 'key_setup',
    });
    if (setup.kind !== 'ready') throw new Error(JSON.stringify(setup));
    const { payment_method: method } = await shop.client.setupIntents.confirm(setup.reference, {
      payment_method: 'pm_sepaDebit_attachThen_succeed',
      mandate_data: { customer_acceptance: { type: 'offline' } },
    });
    const ours = await shop.attach(method as string);
    expect(ours).toMatchObject({ kind: 'attached', customer: setup.customer });

    const { id: stranger } = await shop.client.customers.create();
    expect((await shop.attach(method as string, { customer: stranger })).kind).toBe('refused');
    const card = await shop.client.paymentMethods.attach('pm_card_visa', { customer: stranger });
    expect((await shop.attach(card.id)).kind).toBe('refused');
  });

  test('that nobody has verified is refused with a word on what to do', async () => {
    const answer = await merchant().attach('pm_usBankAccount_failMicrodeposits');
    expect(answer).toMatchObject({ kind: 'refused', why: expect.stringContaining('verified') });
  });

  test('a card needs no mandate', async () => {
    const attached = await merchant().attach('pm_card_visa');
    expect(attached).toMatchObject({ methodKind: 'card', display: 'Visa ···4242' });
    expect((await merchant().attach('pm_card_chargeDeclined')).kind).toBe('refused');
    expect((await merchant().attach('pm_nobody')).kind).toBe('refused');
  });
});
