import { describe, expect, test } from 'vitest';

import { ORDERS, amount, captureIn, issueIn, renewal, useEmulator } from './emulator.js';

const bench = useEmulator();

async function renew(fate: string, kind: 'paypal' | 'card' = 'paypal', unit: object = {}) {
  const merchant = bench.merchant();
  const vaultId = await merchant.vaulted(fate, kind);
  const body =
    kind === 'paypal'
      ? renewal(vaultId, unit)
      : { ...renewal(vaultId, unit), payment_source: { card: { vault_id: vaultId } } };
  const requestId = crypto.randomUUID();
  const answer = await merchant.post(ORDERS, body, { requestId });
  return { merchant, vaultId, body, requestId, answer };
}

describe('a renewal', () => {
  test('is created and captured by one call, and the money moves once', async () => {
    const unit = { custom_id: 'ch_1', invoice_id: 'rnw_1', description: 'Pro, December' };
    const { merchant, vaultId, requestId, answer } = await renew('succeed', 'paypal', unit);
    expect(answer.status).toBe(201);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('paypal-debug-id')).toMatch(/^\w{13}$/);
    expect(answer.body).toMatchObject({
      status: 'COMPLETED',
      intent: 'CAPTURE',
      payment_source: { paypal: { account_status: 'VERIFIED' } },
      purchase_units: [{ reference_id: 'default', ...unit, amount: amount('19.99') }],
    });
    const capture = captureIn(answer.body);
    expect(capture).toMatchObject({
      status: 'COMPLETED',
      final_capture: true,
      amount: amount('19.99'),
      custom_id: 'ch_1',
      invoice_id: 'rnw_1',
      seller_receivable_breakdown: {
        gross_amount: amount('19.99'),
        paypal_fee: amount('1.19'),
        net_amount: amount('18.80'),
      },
    });
    expect(await bench.journal(merchant)).toMatchObject([
      {
        kind: 'charge',
        id: capture.id,
        capture: capture.id,
        order: answer.body.id,
        payment_token: vaultId,
        amount_minor: 1999,
        currency: 'USD',
        custom_id: 'ch_1',
        invoice_id: 'rnw_1',
        request_id: requestId,
        idempotency_key: requestId,
        metadata: {},
      },
    ]);
    const again = await merchant.get(`/v2/payments/captures/${capture.id}`);
    expect(again.body).toMatchObject({
      id: capture.id,
      supplementary_data: { related_ids: { order_id: answer.body.id } },
    });
    expect((await merchant.get(`${ORDERS}/${answer.body.id}`)).body).toEqual(answer.body);
  });

  test('shows next to nothing unless the whole is preferred', async () => {
    const merchant = bench.merchant();
    const body = renewal(await merchant.vaulted());
    const ask = { requestId: 'minimal', prefer: 'return=minimal' };
    const { body: order } = await merchant.post(ORDERS, body, ask);
    expect(Object.keys(order).toSorted()).toEqual(['id', 'links', 'status']);
  });

  test('by card has the processor and the network in its capture', async () => {
    const { answer } = await renew('succeed', 'card');
    expect(captureIn(answer.body)).toMatchObject({
      status: 'COMPLETED',
      processor_response: { response_code: '0000' },
      network_transaction_reference: { network: 'VISA' },
    });
    expect(answer.body.payment_source.card).toMatchObject({ last_digits: '1111', brand: 'VISA' });
    expect(answer.body.payer).toBeUndefined();
  });

  test('can be declined although the order is completed', async () => {
    const { merchant, answer } = await renew('declined_5120_advice_02', 'card');
    expect(answer.status).toBe(201);
    expect(answer.body.status).toBe('COMPLETED');
    expect(captureIn(answer.body)).toMatchObject({
      status: 'DECLINED',
      processor_response: { response_code: '5120', payment_advice_code: '02' },
    });
    expect(captureIn(answer.body).seller_receivable_breakdown).toBeUndefined();
    expect(await bench.journal(merchant)).toEqual([]);
  });

  test('can fail while it is captured', async () => {
    const { merchant, answer } = await renew('capture_failed');
    expect([answer.body.status, captureIn(answer.body).status]).toEqual(['COMPLETED', 'FAILED']);
    expect(await bench.journal(merchant)).toEqual([]);
  });

  test('shows the brand of the card', async () => {
    const merchant = bench.merchant();
    const grant = { client_id: merchant.clientId, kind: 'card', brand: 'MASTERCARD' };
    const { id } = await bench.control('POST', 'setup_tokens', grant);
    const source = { payment_source: { token: { id, type: 'SETUP_TOKEN' } } };
    const ask = { requestId: 'brand' };
    const { body: token } = await merchant.post('/v3/vault/payment-tokens', source, ask);
    const body = { ...renewal(token.id), payment_source: { card: { vault_id: token.id } } };
    const { body: order } = await merchant.post(ORDERS, body, ask);
    expect(order.payment_source.card).toMatchObject({ brand: 'MASTERCARD', last_digits: '4444' });
    expect(captureIn(order).network_transaction_reference.network).toBe('MASTERCARD');
  });

  test.each([
    ['issue_INSTRUMENT_DECLINED', 422, 'UNPROCESSABLE_ENTITY'],
    ['PAYER_ACCOUNT_RESTRICTED', 422, 'UNPROCESSABLE_ENTITY'],
    ['issue_CONSENT_NEEDED', 403, 'NOT_AUTHORIZED'],
    ['issue_PERMISSION_DENIED', 403, 'NOT_AUTHORIZED'],
    ['issue_INVALID_ACCOUNT_STATUS', 401, 'AUTHENTICATION_FAILURE'],
    ['issue_INVALID_RESOURCE_ID', 404, 'RESOURCE_NOT_FOUND'],
    ['issue_INTERNAL_SERVER_ERROR', 500, 'INTERNAL_SERVER_ERROR'],
  ])('of the fate %s is refused with %i %s', async (fate, status, name) => {
    const { merchant, answer } = await renew(fate);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ name, debug_id: expect.any(String) });
    expect(issueIn(answer)).toBe(fate.replace('issue_', ''));
    expect(await bench.journal(merchant)).toEqual([]);
  });

  test.each(['INSTRUMENT_DECLINED_times_2', 'declined_0500_times_2'])(
    'of the fate %s is refused twice, then paid',
    async (fate) => {
      const { merchant, body, answer } = await renew(fate);
      const outcome = ({ status, body: order }: typeof answer) =>
        status === 201 ? captureIn(order).status : status;
      const outcomes = [outcome(answer)];
      for (const requestId of ['second', 'third'])
        outcomes.push(outcome(await merchant.post(ORDERS, body, { requestId })));
      const refusal = fate.startsWith('declined') ? 'DECLINED' : 422;
      expect(outcomes).toEqual([refusal, refusal, 'COMPLETED']);
      expect(await bench.journal(merchant)).toHaveLength(1);
    },
  );

  test('can be charged to an old billing agreement, by either name', async () => {
    const merchant = bench.merchant();
    const { id } = await bench.control('POST', 'billing_agreements', {
      client_id: merchant.clientId,
    });
    for (const source of [
      { token: { id, type: 'BILLING_AGREEMENT' } },
      { paypal: { billing_agreement_id: id } },
    ]) {
      const body = { ...renewal(id), payment_source: source };
      const { body: order } = await merchant.post(ORDERS, body, { requestId: crypto.randomUUID() });
      expect(captureIn(order).status).toBe('COMPLETED');
    }
  });

  test('that needs the payer waits for him, and is captured when he has come', async () => {
    const { merchant, answer } = await renew('payer_action_required');
    expect(answer.status).toBe(201);
    expect(answer.body.status).toBe('PAYER_ACTION_REQUIRED');
    expect(answer.body.links.map(({ rel }: { rel: string }) => rel)).toContain('payer-action');
    await bench.control('POST', 'approve', { order: answer.body.id });
    const captured = await merchant.post(`${ORDERS}/${answer.body.id}/capture`, {});
    expect(captureIn(captured.body).status).toBe('COMPLETED');
    expect(await bench.journal(merchant)).toHaveLength(1);
  });
});

describe('an invoice id', () => {
  const unit = { invoice_id: 'rnw_7' };
  const tell = async (merchant: ReturnType<typeof bench.merchant>, fate: string) => {
    const body = renewal(await merchant.vaulted(fate), unit);
    return merchant.post(ORDERS, body, { requestId: crypto.randomUUID() });
  };

  test('is paid once', async () => {
    const merchant = bench.merchant();
    await tell(merchant, 'succeed');
    const second = await tell(merchant, 'succeed');
    expect(second.status).toBe(422);
    expect(issueIn(second)).toBe('DUPLICATE_INVOICE_ID');
    expect(await bench.journal(merchant)).toHaveLength(1);
  });

  test('is not used up by refusals, but by a pending capture until that is denied', async () => {
    const merchant = bench.merchant();
    await tell(merchant, 'INSTRUMENT_DECLINED');
    await tell(merchant, 'declined_5120');
    const pending = await tell(merchant, 'pending_ECHECK');
    expect(issueIn(await tell(merchant, 'succeed'))).toBe('DUPLICATE_INVOICE_ID');
    const { id } = captureIn(pending.body);
    await bench.control('POST', 'settle', { capture: id, outcome: 'declined' });
    expect((await tell(merchant, 'succeed')).status).toBe(201);
  });

  test('may come again when the account is set so', async () => {
    const merchant = bench.merchant();
    await tell(merchant, 'succeed');
    const setting = { client_id: merchant.clientId, enabled: false };
    await bench.control('POST', 'duplicates', setting);
    expect((await tell(merchant, 'succeed')).status).toBe(201);
  });
});

describe('an order with the buyer present', () => {
  const order = { intent: 'CAPTURE', purchase_units: [{ amount: amount('5.00') }] };

  test('is created, approved and captured', async () => {
    const merchant = bench.merchant();
    const { status, body } = await merchant.post(ORDERS, order);
    expect([status, body.status]).toEqual([201, 'CREATED']);
    const capture = `${ORDERS}/${body.id}/capture`;
    expect(issueIn(await merchant.post(capture))).toBe('ORDER_NOT_APPROVED');
    const approved = await bench.control('POST', 'approve', { order: body.id });
    expect(approved).toMatchObject({ status: 'APPROVED', payer: { payer_id: expect.any(String) } });
    const captured = await merchant.post(capture, undefined, { requestId: 'capture' });
    expect([captured.status, captureIn(captured.body).status]).toEqual([201, 'COMPLETED']);
    expect(issueIn(await merchant.post(capture))).toBe('ORDER_ALREADY_CAPTURED');
    expect(await bench.journal(merchant)).toHaveLength(1);
  });

  test('stays approved when the capture is refused, and can be tried again', async () => {
    const merchant = bench.merchant();
    const { body } = await merchant.post(ORDERS, order);
    await bench.control('POST', 'approve', {
      order: body.id,
      fate: 'INSTRUMENT_DECLINED_times_1',
    });
    const capture = `${ORDERS}/${body.id}/capture`;
    expect(issueIn(await merchant.post(capture))).toBe('INSTRUMENT_DECLINED');
    expect((await merchant.post(capture)).body.status).toBe('COMPLETED');
  });

  test('can save the wallet for later', async () => {
    const merchant = bench.merchant();
    const vault = { store_in_vault: 'ON_SUCCESS', usage_type: 'MERCHANT' };
    const source = { paypal: { attributes: { vault }, experience_context: {} } };
    const asked = { ...order, payment_source: source };
    const { body } = await merchant.post(ORDERS, asked, { requestId: 'save' });
    expect(body.status).toBe('PAYER_ACTION_REQUIRED');
    await bench.control('POST', 'approve', { order: body.id });
    const captured = await merchant.post(`${ORDERS}/${body.id}/capture`);
    const saved = captured.body.payment_source.paypal.attributes.vault;
    expect(saved).toMatchObject({ status: 'VAULTED' });
    const charged = await merchant.post(ORDERS, renewal(saved.id), { requestId: 'later' });
    expect(captureIn(charged.body).status).toBe('COMPLETED');
  });

  test('captures each of its units', async () => {
    const merchant = bench.merchant();
    const purchase_units = ['a', 'b'].map((reference_id) => ({
      reference_id,
      amount: amount('2.50'),
    }));
    const { body } = await merchant.post(ORDERS, { intent: 'CAPTURE', purchase_units });
    await bench.control('POST', 'approve', { order: body.id });
    const captured = await merchant.post(`${ORDERS}/${body.id}/capture`);
    expect(captured.body.purchase_units).toMatchObject(
      ['a', 'b'].map((reference_id) => ({
        reference_id,
        payments: { captures: [{ status: 'COMPLETED' }] },
      })),
    );
    expect(await bench.journal(merchant)).toHaveLength(2);
  });

  test('can be turned away from capture, for good', async () => {
    const merchant = bench.merchant();
    const { body } = await merchant.post(ORDERS, order);
    await bench.control('POST', 'approve', { order: body.id });
    const path = `${ORDERS}/${body.id}`;
    const turned = await merchant.send('PATCH', path, [
      { op: 'replace', path: '/intent', value: 'AUTHORIZE' },
    ]);
    expect([turned.status, turned.body]).toEqual([204, '']);
    expect((await merchant.get(path)).body).toMatchObject({
      status: 'APPROVED',
      intent: 'AUTHORIZE',
    });
    const captured = await merchant.post(`${path}/capture`);
    expect([captured.status, issueIn(captured)]).toEqual([422, 'ACTION_DOES_NOT_MATCH_INTENT']);
  });

  test('can be changed until it is paid', async () => {
    const merchant = bench.merchant();
    const { body } = await merchant.post(ORDERS, order);
    const path = `${ORDERS}/${body.id}`;
    const unit = "/purchase_units/@reference_id=='default'";
    const change = (op: string, at: string, value?: unknown) =>
      merchant.send('PATCH', path, [{ op, path: at, value }]);
    expect((await change('add', `${unit}/custom_id`, 'ch_9')).status).toBe(204);
    expect((await change('replace', `${unit}/amount`, amount('7.00'))).status).toBe(204);
    expect((await change('replace', `${unit}/amount`, amount('0'))).status).toBe(422);
    expect(issueIn(await change('replace', '/id', 'MINE'))).toBe('NOT_PATCHABLE');
    await bench.control('POST', 'approve', { order: body.id });
    const captured = await merchant.post(`${path}/capture`);
    expect(captureIn(captured.body)).toMatchObject({ amount: amount('7.00'), custom_id: 'ch_9' });
    expect(issueIn(await change('remove', `${unit}/custom_id`))).toBe('ORDER_ALREADY_COMPLETED');
  });

  test('is nobody else’s', async () => {
    const { body } = await bench.merchant().post(ORDERS, order);
    const other = await bench.merchant().get(`${ORDERS}/${body.id}`);
    expect([other.status, issueIn(other)]).toEqual([404, 'INVALID_RESOURCE_ID']);
  });
});
