import { startPaypalEmulator } from '../../emulators/paypal/server.js';
import { money } from '../../domain/money.js';
import type { Account } from '../../gateways/gateway.js';
import { toPaypalAmount } from '../../gateways/paypal/amount.js';
import { paypal } from '../../gateways/paypal/index.js';
import { emulatorAt } from '../support/emulator.js';
import { type BooksWorld, describeBooks } from './books.js';
import { type Fate, describeGateway } from './contract.js';
import { type DisputeWorld, describeDisputes } from './disputes.js';
import type { RefundWorld } from './refund-bench.js';
import { describeRefunds } from './refunds.js';

describeGateway('PayPal', openPaypal);
describeRefunds('PayPal', openPaypal);
describeDisputes('PayPal', openPaypal);
describeBooks('PayPal', openPaypal);

const CLIENT = 'client_contract';

const FATES: Readonly<Record<Fate, string>> = {
  succeeds: 'succeed',
  declines: 'INSTRUMENT_DECLINED',
  has_no_funds: 'declined_5120',
  needs_the_payer: 'payer_action_required',
  pending: 'pending_ECHECK',
};

const FAULTS = {
  server_error: { fault: 'error_before' },
  server_error_after_effect: { fault: 'error_after' },
  rate_limit: { fault: 'rate_limit', retry_after: 7 },
};

interface Moved {
  readonly kind: string;
  readonly capture: string;
  readonly invoice_id: string;
  readonly amount_minor: number;
  readonly currency: string;
}

async function openPaypal(): Promise<
  RefundWorld &
    Omit<DisputeWorld, 'gateway'> &
    Omit<BooksWorld, 'gateway' | 'openDispute'> & { readonly gateway: typeof paypal }
> {
  const emulator = await startPaypalEmulator({ port: 0, stateFile: undefined });
  const root = await (await fetch(`${emulator.url}/_emulator/root_certificate`)).text();

  const { call } = emulatorAt(emulator.url);
  const account = (apiBase: string, secret = `${CLIENT}:secret_contract`): Account => ({
    name: 'paypal-contract',
    secret,
    mode: 'test',
    apiBase,
    trustedRoots: [root],
    deadlineMs: 5_000,
  });
  await call('POST', 'clients', { client_id: CLIENT, secret: 'secret_contract' });
  const grant = (fate: string) =>
    call<{ id: string }>('POST', 'setup_tokens', { client_id: CLIENT, fate });

  let keys = 0;
  async function methodOf(fate: string) {
    const { id: token } = await grant(fate);
    const attached = await paypal.attachMethod(account(emulator.url), {
      token,
      customer: undefined,
      email: undefined,
      name: undefined,
      merchantId: 'mer_1',
      customerId: 'cus_1',
      key: `method_${++keys}`,
    });
    if (attached.kind !== 'attached') throw new Error(attached.why);
    const { customer, reference, methodKind } = attached;
    return { customer, method: reference, kind: methodKind };
  }
  async function refuse(kind: keyof typeof FAULTS, path: string) {
    await call('POST', 'faults', { ...FAULTS[kind], match: { method: 'POST', path }, times: 1 });
  }
  const advance = (seconds: number) => call<void>('POST', 'clock', { advance_seconds: seconds });

  return {
    gateway: paypal,
    url: emulator.url,
    account,
    stranger: (apiBase) => account(apiBase, `${CLIENT}:another_secret`),
    method: (fate) => methodOf(FATES[fate]),
    token: async (kind) => (kind === 'good' ? (await grant('succeed')).id : 'NOSUCHTOKEN'),
    isCharge: (method, path) => method === 'POST' && path === '/v2/checkout/orders',
    refuse: (kind) => refuse(kind, '/v2/checkout/orders'),
    withAnotherAmount: (body) => body.replaceAll('19.99', '29.99'),
    async moved(renewalId) {
      const { entries } = await call<{ entries: Moved[] }>('GET', 'journal');
      return entries
        .filter(({ kind, invoice_id: invoice }) => kind === 'charge' && invoice === renewalId)
        .map(({ amount_minor: minor, currency }) => money(minor, currency));
    },
    async settle({ chargeReference }, outcome) {
      await call('POST', 'settle', { capture: chargeReference, outcome });
    },
    async approve(order) {
      await call('POST', 'approve', { order });
    },
    advance,
    async sendWebhooksTo(url) {
      const endpoint = { url, client_id: CLIENT, event_types: ['*'] };
      return (await call<{ id: string }>('POST', 'webhook_endpoints', endpoint)).id;
    },
    webhookAccount(webhookSecrets) {
      const { secret: _, ...rest } = account(emulator.url);
      return { ...rest, webhookSecrets, askWith: undefined };
    },
    webhookLifeMs: 3 * 86_400_000,
    charges: [money(1999, 'USD'), money(500, 'JPY'), money(150_000, 'HUF'), money(100, 'TWD')],
    refuses: [money(5120, 'KWD'), money(150_050, 'HUF'), money(101, 'TWD'), money(100, 'INR')],
    isRefund: (method, path) =>
      method === 'POST' && /^\/v2\/payments\/captures\/[^/]+\/refund$/.test(path),
    refuseRefund: (kind) => refuse(kind, '/v2/payments/captures/:id/refund'),
    slowly: (outcome) => methodOf(outcome === 'succeeded' ? 'refund_pending' : 'refund_fail'),
    endRefund: () => advance(3),
    async dispute(capture) {
      await call('POST', `captures/${capture}/dispute`, {});
    },
    async refunded(capture) {
      const { entries } = await call<{ entries: Moved[] }>('GET', 'journal');
      return entries
        .filter((entry) => entry.kind === 'refund' && entry.capture === capture)
        .map(({ amount_minor: minor, currency }) => money(minor, currency));
    },
    takesMoneyLate: true,
    takesNoFiles: true,
    takesNoAnswers: true,
    isEvidence: (method, path) => method === 'POST' && path.endsWith('/provide-evidence'),
    async openDispute(capture, { inquiry = false, amount } = {}) {
      const { id } = await call<{ id: string }>('POST', `captures/${capture}/dispute`, {
        stage: inquiry ? 'INQUIRY' : 'CHARGEBACK',
        ...(amount && { amount: toPaypalAmount(amount) }),
      });
      return id;
    },
    async closeDispute(reference, outcome) {
      await call('POST', `disputes/${reference}/close`, { outcome });
    },
    async handedIn(reference) {
      const { evidences } = await call<{ evidences: { notes: string }[] }>(
        'GET',
        `disputes/${reference}/evidence`,
      );
      return evidences.map(({ notes }) => ({ text: notes, files: [] }));
    },
    now: async () => (await call<{ now_ms: number }>('GET', 'clock')).now_ms,
    catchUp: () => advance(3 * 3600 + 5),
    async chargeByHand(amount) {
      const payment = { amount: toPaypalAmount(amount), client_id: CLIENT };
      return (await call<{ id: string }>('POST', 'dashboard/payments', payment)).id;
    },
    async refundByHand(capture, amount) {
      const refund = { capture, amount: toPaypalAmount(amount) };
      return (await call<{ id: string }>('POST', 'dashboard/refunds', refund)).id;
    },
    close: () => emulator.close(),
  };
}
