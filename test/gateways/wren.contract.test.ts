import { money } from '../../domain/money.js';
import type { Account } from '../../gateways/gateway.js';
import { type Fate, type World, describeGateway } from './contract.js';
import { wren } from './wren/adapter/index.js';
import { SECRET, startWren } from './wren/server.js';

describeGateway('Wren', openWren);

const WEBHOOK_SECRET = 'whsec_wren';

const TOKENS: Readonly<Record<Fate, string>> = {
  succeeds: 'tok_good',
  declines: 'tok_refused',
  has_no_funds: 'tok_no_funds',
  needs_the_payer: 'tok_payer_needed',
  pending: 'tok_pending',
};

async function openWren(): Promise<World> {
  const server = await startWren();
  const account = (apiBase: string, secret = SECRET): Account => ({
    name: 'wren-contract',
    secret,
    mode: 'test',
    apiBase,
    trustedRoots: [],
    deadlineMs: 5_000,
  });

  let keys = 0;
  return {
    gateway: wren,
    url: server.url,
    account,
    stranger: (apiBase) => account(apiBase, 'wren_nobody'),
    async method(fate, customer) {
      const attached = await wren.attachMethod(account(server.url), {
        token: TOKENS[fate],
        customer,
        email: undefined,
        name: undefined,
        merchantId: 'mer_1',
        customerId: 'cus_1',
        key: `method_${++keys}`,
      });
      if (attached.kind !== 'attached') throw new Error(attached.why);
      const { customer: owner, reference: method, methodKind: kind } = attached;
      return { customer: owner, method, kind };
    },
    token: (kind) => Promise.resolve(kind === 'good' ? 'tok_good' : 'tok_void'),
    isCharge: (method, path) => method === 'POST' && path === '/charges',
    refuse: async (kind) => server.strike(kind),
    withAnotherAmount: (body) => body.replaceAll('1999', '2999'),
    moved: async (renewalId) =>
      server.paid(renewalId).map(({ amount, currency }) => money(amount, currency)),
    settle: async ({ reference }, outcome) =>
      server.settle(reference, outcome === 'succeeded' ? 'good' : 'refused'),
    approve: async (reference) => server.approve(reference),
    advance: async (seconds) => server.advance(seconds),
    async sendWebhooksTo(url) {
      server.sendWebhooksTo(url, WEBHOOK_SECRET);
      return WEBHOOK_SECRET;
    },
    webhookAccount(webhookSecrets) {
      const { secret: _, ...rest } = account(server.url);
      return { ...rest, webhookSecrets, askWith: undefined };
    },
    webhookLifeMs: 300_000,
    charges: [money(1999, 'USD'), money(500, 'JPY')],
    refuses: [money(5120, 'KWD'), money(0, 'USD')],
    close: () => server.close(),
  };
}
