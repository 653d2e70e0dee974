import Stripe from 'stripe';

import { money } from '../../domain/money.js';
import { startStripeEmulator } from '../../emulators/stripe/server.js';
import type { Account } from '../../gateways/gateway.js';
import { fromStripeAmount, toStripeAmount } from '../../gateways/stripe/amount.js';
import { stripe } from '../../gateways/stripe/index.js';
import { emulatorAt } from '../support/emulator.js';
import { type BooksWorld, describeBooks } from './books.js';
import { type Fate, describeGateway } from './contract.js';
import { type DisputeHow, type DisputeWorld, type HandedIn, describeDisputes } from './disputes.js';
import type { RefundWorld } from './refund-bench.js';
import { describeRefunds } from './refunds.js';

describeGateway('Stripe', openStripe);
describeRefunds('Stripe', openStripe);
describeDisputes('Stripe', openStripe);
describeBooks('Stripe', openStripe);

const KEY = 'sk_test_contract';
const SECRET = 'whsec_contract';

const FATES: Readonly<Record<Fate, string>> = {
  succeeds: 'succeed',
  declines: 'generic_decline',
  has_no_funds: 'insufficient_funds',
  needs_the_payer: 'authentication_required',
  pending: 'pending',
};

const FAULTS = {
  server_error: { fault: 'error_before' },
  server_error_after_effect: { fault: 'error_after' },
  rate_limit: { fault: 'rate_limit', retry_after: 7 },
};

interface Moved {
  readonly kind: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly charge: string;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Charged {
  readonly latest_charge: string;
}

type StripeWorld = RefundWorld & DisputeWorld & BooksWorld;

async function openStripe(): Promise<StripeWorld> {
  const emulator = await startStripeEmulator({ port: 0, stateFile: undefined });
  const client = new Stripe(KEY, {
    host: '127.0.0.1',
    port: emulator.port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
  });

  const { call } = emulatorAt(emulator.url);
  const account = (apiBase: string, secret = KEY): Account => ({
    name: 'stripe-contract',
    secret,
    mode: 'test',
    apiBase,
    trustedRoots: [],
    deadlineMs: 5_000,
  });

  async function methodOf(fate: string, whose?: string) {
    const customer = whose ?? (await client.customers.create()).id;
    const token = `pm_card_attachThen_${fate}`;
    const method = await client.paymentMethods.attach(token, { customer });
    return { customer, method: method.id, kind: method.type };
  }
  async function refuse(kind: keyof typeof FAULTS, path: string) {
    await call('POST', 'faults', { ...FAULTS[kind], match: { method: 'POST', path }, times: 1 });
  }
  const advance = (seconds: number) => call<void>('POST', 'clock', { advance_seconds: seconds });

  return {
    gateway: stripe,
    url: emulator.url,
    account,
    stranger: (apiBase) => account(apiBase, 'sk_nobody'),
    method: (fate, whose) => methodOf(FATES[fate], whose),
    token: (kind) => Promise.resolve(kind === 'good' ? 'pm_card_visa' : 'pm_card_chargeDeclined'),
    isCharge: (method, path) =>
      method === 'POST' && /^\/v1\/payment_intents(\/[^/]+\/confirm)?$/.test(path),
    refuse: (kind) => refuse(kind, '/v1/payment_intents'),
    withAnotherAmount: (body) => body.replaceAll('1999', '2999'),
    async moved(renewalId) {
      const { entries } = await call<{ entries: Moved[] }>('GET', 'journal');
      return entries
        .filter(
          ({ kind, metadata }) => kind === 'charge' && metadata['dunlin_renewal'] === renewalId,
        )
        .map(({ amount_minor: wire, currency }) => fromStripeAmount(wire, currency));
    },
    async settle({ reference }, outcome) {
      await call('POST', 'settle', { payment_intent: reference, outcome });
    },
    async approve(reference) {
      await client.paymentIntents.confirm(reference, {
        payment_method: 'pm_card_visa',
        return_url: 'https://shop.example/back',
      });
    },
    advance,
    async sendWebhooksTo(url) {
      await call('POST', 'webhook_endpoints', { url, secret: SECRET });
      return SECRET;
    },
    webhookAccount(webhookSecrets) {
      const { secret: _, ...rest } = account(emulator.url);
      return { ...rest, webhookSecrets, askWith: undefined };
    },
    webhookLifeMs: 300_000,
    charges: [money(1999, 'USD'), money(500, 'JPY'), money(150_050, 'HUF'), money(250, 'ISK')],
    refuses: [money(5121, 'KWD'), money(4550, 'MGA')],
    isRefund: (method, path) => method === 'POST' && path === '/v1/refunds',
    refuseRefund: (kind) => refuse(kind, '/v1/refunds'),
    slowly: () => methodOf('refund_pending'),
    async endRefund(reference, outcome) {
      if (outcome === 'succeeded') return advance(3);
      await call('POST', `refunds/${reference}/settle`, { outcome });
    },
    async dispute(charge) {
      await call('POST', `charges/${charge}/dispute`, {});
    },
    async refunded(charge) {
      const { entries } = await call<{ entries: Moved[] }>('GET', 'journal');
      return entries
        .filter((entry) => entry.kind === 'refund' && entry.charge === charge)
        .map(({ amount_minor: wire, currency }) => fromStripeAmount(wire, currency));
    },
    isEvidence: (method, path) => method === 'POST' && /^\/v1\/disputes\/[^/]+$/.test(path),
    async openDispute(charge, { inquiry = false, amount }: DisputeHow = {}) {
      const { id } = await call<{ id: string }>('POST', `charges/${charge}/dispute`, {
        ...(inquiry && { reason: 'inquiry' }),
        ...(amount && { amount_minor: toStripeAmount(amount) }),
      });
      return id;
    },
    async closeDispute(reference, outcome) {
      await call('POST', `disputes/${reference}/close`, { outcome });
    },
    handedIn: (reference) => handedIn(client, reference),
    now: async () => (await call<{ now_ms: number }>('GET', 'clock')).now_ms,
    catchUp: () => Promise.resolve(),
    async chargeByHand(amount) {
      const { id: customer } = await client.customers.create();
      const made = await call<Charged>('POST', 'dashboard/payments', {
        customer,
        amount_minor: toStripeAmount(amount),
        currency: amount.currency.toLowerCase(),
      });
      return made.latest_charge;
    },
    async refundByHand(charge, amount) {
      const amount_minor = toStripeAmount(amount);
      const made = await call<{ id: string }>('POST', 'dashboard/refunds', {
        charge,
        amount_minor,
      });
      return made.id;
    },
    close: () => emulator.close(),
  };
}

async function handedIn(client: Stripe, reference: string): Promise<HandedIn[]> {
  const { evidence, evidence_details: details } = await client.disputes.retrieve(reference);
  const ids = [evidence.uncategorized_file, evidence.customer_communication];
  const files = ids.filter((id) => typeof id === 'string').map((id) => client.files.retrieve(id));
  const names = (await Promise.all(files)).map((file) => file.filename ?? '');
  const text = evidence.uncategorized_text ?? '';
  return Array.from({ length: details.submission_count }, () => ({ text, files: names }));
}
