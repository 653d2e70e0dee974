/** Payment methods, against the emulator where it has them, and a stub where it has not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type PaypalEmulator, startPaypalEmulator } from '../../../emulators/paypal/server.js';
import type { Account, AttachRequest, SetupRequest } from '../../../gateways/gateway.js';
import { paypal } from '../../../gateways/paypal/index.js';
import { accountAt, issue, json, startPaypal } from './stub.js';

const CLIENT = 'client_methods';
let emulator: PaypalEmulator;
let account: Account;
beforeAll(async () => {
  emulator = await startPaypalEmulator({ port: 0, stateFile: undefined });
  account = accountAt(emulator.url, { secret: `${CLIENT}:secret_methods` });
});
afterAll(() => emulator.close());

async function control(path: string, body: object): Promise<{ id: string }> {
  const url = `${emulator.url}/_emulator/${path}`;
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  return (await answer.json()) as { id: string };
}

const granted = (more: object = {}) => control('setup_tokens', { client_id: CLIENT, ...more });

let keys = 0;
const attaching = (token: string, more: Partial<AttachRequest> = {}): AttachRequest => ({
  token,
  customer: undefined,
  email: undefined,
  name: undefined,
  merchantId: 'mer_1',
  customerId: 'cus_1',
  key: `key_${++keys}`,
  ...more,
});
const setup = (more: Partial<SetupRequest> = {}): SetupRequest => ({
  customer: undefined,
  merchantId: 'mer_1',
  customerId: 'cus_1',
  kinds: [],
  returnUrl: 'https://shop.example/back',
  cancelUrl: 'https://shop.example/no',
  key: `key_${++keys}`,
  ...more,
});

describe('an approved setup token', () => {
  it('becomes a wallet to charge, shown without its address', async () => {
    const { id } = await granted();
    const attached = await paypal.attachMethod(account, attaching(id));
    expect(attached).toMatchObject({
      kind: 'attached',
      methodKind: 'paypal',
      display: `PayPal ${id[0]!.toLowerCase()}···@buyer.example.com`,
      fingerprint: expect.stringMatching(/^PAYER/) as string,
    });
    expect(JSON.stringify(attached)).not.toContain(id.toLowerCase());
  });

  it('becomes a card, which has no fingerprint', async () => {
    const { id } = await granted({ kind: 'card' });
    expect(await paypal.attachMethod(account, attaching(id))).toMatchObject({
      kind: 'attached',
      methodKind: 'card',
      display: 'Visa ···1111',
      fingerprint: undefined,
    });
  });

  it('becomes the same method under the same key', async () => {
    const request = attaching((await granted()).id);
    const once = await paypal.attachMethod(account, request);
    expect(await paypal.attachMethod(account, request)).toEqual(once);
  });

  it('serves once', async () => {
    const { id } = await granted();
    await paypal.attachMethod(account, attaching(id));
    expect(await paypal.attachMethod(account, attaching(id))).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('was used already') as string,
    });
  });

  it('dies after three days, and its refusal says so', async () => {
    const { id } = await granted();
    await control('clock', { advance_seconds: 3 * 86_400 + 60 });
    expect(await paypal.attachMethod(account, attaching(id))).toEqual({
      kind: 'refused',
      why: 'PayPal does not know this token: an approval that is not taken up dies after three days',
    });
  });
});

describe('a token is refused', () => {
  it('while the customer has not approved it', async () => {
    const begun = await paypal.createSetup(account, setup());
    const token = begun.kind === 'ready' ? begun.reference : '';
    expect(await paypal.attachMethod(account, attaching(token))).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('has not approved') as string,
    });
  });

  it.each(['nothing_like_it', '../../v1/oauth2/token', ''])('that is none: "%s"', async (token) => {
    const attached = await paypal.attachMethod(account, attaching(token));
    expect(attached.kind).toBe('refused');
  });

  it('that is a payment token of another customer, or of one we do not know', async () => {
    const owner = await paypal.attachMethod(account, attaching((await granted()).id));
    if (owner.kind !== 'attached') throw new Error(owner.why);
    const { reference, customer } = owner;
    for (const other of [undefined, 'SOMEBODY'])
      expect(
        await paypal.attachMethod(account, attaching(reference, { customer: other })),
      ).toMatchObject({
        kind: 'refused',
        why: 'This token belongs to another customer of PayPal',
      });
    const again = await paypal.attachMethod(account, attaching(reference, { customer }));
    expect(again).toEqual(owner);
  });
});

describe('a method is unavailable', () => {
  it.each([
    ['in an outage', 503, { name: 'X' }],
    ['when it is one too many', 429, { name: 'RATE_LIMIT_REACHED' }],
    ['when our account may not vault', 403, issue('NOT_ENABLED_TO_VAULT_PAYMENT_SOURCE')],
    ['when the answer is none', 201, { fine: true }],
  ])('%s', async (_, status, body) => {
    const stub = await startPaypal((__, response) => json(response, status, body));
    const at = accountAt(stub.url);
    expect((await paypal.attachMethod(at, attaching('TOKEN1'))).kind).toBe('unavailable');
    expect((await paypal.createSetup(at, setup())).kind).toBe('unavailable');
  });

  it('when PayPal cannot be reached', async () => {
    const at = accountAt('http://127.0.0.1:1');
    expect((await paypal.attachMethod(at, attaching('TOKEN1'))).kind).toBe('unavailable');
  });
});

describe('a set-up', () => {
  it('leads the customer to PayPal, and then to a method', async () => {
    const begun = await paypal.createSetup(account, setup());
    if (begun.kind !== 'ready') throw new Error(begun.why);
    expect(begun.url).toContain(begun.reference);
    expect(begun.customer).toBeDefined();
    await control('approve', { setup_token: begun.reference });
    const attached = await paypal.attachMethod(account, attaching(begun.reference));
    expect(attached).toMatchObject({ kind: 'attached', customer: begun.customer });
  });

  it('is for renewals, and for the customer PayPal knows', async () => {
    const stub = await startPaypal((_, response) => json(response, 201, { id: 'SETUP1' }));
    const request = setup({ customer: 'CUSTOMER1' });
    await paypal.createSetup(accountAt(stub.url), request);
    const sent = stub.seen.at(-1)!;
    expect(sent.headers['paypal-request-id']).toBe(`${request.key}:setup`);
    expect(JSON.parse(sent.body)).toMatchObject({
      customer: { id: 'CUSTOMER1' },
      payment_source: {
        paypal: {
          usage_type: 'MERCHANT',
          usage_pattern: 'SUBSCRIPTION_PREPAID',
          experience_context: {
            return_url: request.returnUrl,
            cancel_url: request.cancelUrl,
            vault_instruction: 'ON_PAYER_APPROVAL',
          },
        },
      },
    });
  });

  it('is refused for what PayPal’s page does not save', async () => {
    const begun = await paypal.createSetup(account, setup({ kinds: ['sepa_debit'] }));
    expect(begun.kind).toBe('refused');
  });
});
