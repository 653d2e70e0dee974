/** The real adapter, pointed at an emulator, with shorthand for what its callers keep in their rows. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import type Stripe from 'stripe';
import { onTestFinished } from 'vitest';

import { type Money, money } from '../../../domain/money.js';
import type { Account, ChargeOrder, Composed, FrozenCharge } from '../../../gateways/gateway.js';
import { stripe as gateway } from '../../../gateways/stripe/index.js';
import { type Bench, useEmulator } from '../../emulators/stripe/emulator.js';

const TOKENS = {
  card: 'pm_card_attachThen_',
  sepa_debit: 'pm_sepaDebit_attachThen_',
  us_bank_account: 'pm_usBankAccount_attachThen_',
} as const;
export type Kind = keyof typeof TOKENS;

export function useGateway() {
  const bench = useEmulator();
  const control: Bench['control'] = (method, path, body) => bench.control(method, path, body);
  return { gateway, control, merchant: () => newMerchant(bench) };
}

let merchants = 0;

/** An account of its own at the gateway, so that tests do not see each other's objects. */
function newMerchant(bench: Bench) {
  const secret = `sk_test_merchant${++merchants}`;
  const account = accountAt(bench.url(), secret);
  const client = bench.client(secret);
  let charges = 0;

  return {
    account,
    client,
    attach: (token: string, more: { customer?: string; key?: string } = {}) =>
      gateway.attachMethod(account, {
        token,
        customer: more.customer,
        email: undefined,
        name: undefined,
        merchantId: 'mer_1',
        customerId: 'cus_ours',
        key: more.key ?? crypto.randomUUID(),
      }),
    /** An order for a saved method of the given fate. */
    async order(kind: Kind, fate: string, more: Partial<ChargeOrder> = {}): Promise<ChargeOrder> {
      const attached = await this.attach(`${TOKENS[kind]}${fate}`);
      if (attached.kind !== 'attached') throw new Error(JSON.stringify(attached));
      return orderOf(`chg_${secret}_${++charges}`, kind, {
        customer: attached.customer,
        method: attached.reference,
        ...more,
      });
    },
    read: (id: string): Promise<Stripe.PaymentIntent> =>
      client.paymentIntents.retrieve(id, { expand: ['latest_charge'] }),
  };
}

function accountAt(apiBase: string, secret: string): Account {
  return { name: 'stripe-eu', secret, mode: 'test', apiBase, trustedRoots: [], deadlineMs: 5_000 };
}

export type Merchant = ReturnType<typeof newMerchant>;

export function orderOf(
  chargeId: string,
  kind: string,
  more: Partial<ChargeOrder> = {},
): ChargeOrder {
  return {
    chargeId,
    merchantId: 'mer_1',
    renewalId: `rnw_${chargeId}`,
    reversals: 0,
    amount: amountFor(kind),
    description: undefined,
    customer: 'cus_1',
    method: 'pm_1',
    kind,
    living: undefined,
    ...more,
  };
}

function amountFor(kind: string): Money {
  return money(1999, kind === 'us_bank_account' ? 'USD' : 'EUR');
}

export function frozen(
  order: ChargeOrder,
  { request }: Composed,
  more: Partial<FrozenCharge> = {},
): FrozenCharge {
  return {
    id: order.chargeId,
    renewalId: order.renewalId,
    amount: order.amount,
    request: JSON.parse(JSON.stringify(request)) as unknown,
    firstSentAt: Date.now(),
    resendable: true,
    askedAt: Date.now(),
    baseline: undefined,
    reference: undefined,
    otherReferences: [],
    ...more,
  };
}

/** A Stripe that has one answer for everything, for what the emulator never says. */
export async function oneAnswer(status: number, headers: Record<string, string>, body: object) {
  let asked = 0;
  const server = createServer((_, response) => {
    asked++;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { account: accountAt(`http://127.0.0.1:${port}`, 'sk_test_answers'), asked: () => asked };
}
