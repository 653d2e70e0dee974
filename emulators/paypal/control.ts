/** The control API under /_emulator: for tests and demos, which may do what PayPal, banks and payers do. */
import { z } from 'zod';

import * as common from '../common/control.js';
import type { Act } from '../common/control.js';
import { type Answer, type Incoming, jsonAnswer } from '../common/exchange.js';
import { fateOf } from './account.js';
import { LEAVES } from './certificates.js';
import type { Emulator } from './emulator.js';
import { OauthError, PaypalError, errorBody } from './errors.js';
import { EVENT_KINDS } from './events.js';
import { isFate } from './fates.js';
import { newDebugId } from './ids.js';
import { type HolderOf, moneyActs } from './money-control.js';
import { approveOrder, renderOrder } from './orders.js';
import { agree, forgetPaymentToken, renderPaymentToken } from './payment-tokens.js';
import { approveSetupToken, grantSetupToken, renderSetupToken } from './setup-tokens.js';
import { transmissionHeaders } from './transmissions.js';
import { webhookUrl } from './webhooks.js';

export function createControl(emulator: Emulator): (incoming: Incoming) => Promise<Answer> {
  const holderOf = holder(emulator);
  const acts = {
    ...settings(emulator),
    ...webhookActs(emulator),
    ...world(emulator, holderOf),
    ...moneyActs(emulator, holderOf),
  };
  return common.createControl(emulator, acts, (error) => {
    if (error instanceof PaypalError)
      return jsonAnswer(error.status, errorBody(error, newDebugId()));
    return error instanceof OauthError
      ? jsonAnswer(400, { error: { message: error.message } })
      : undefined;
  });
}

/** Accounts and their settings. */
function settings(emulator: Emulator): Record<string, Act> {
  const { credentials } = emulator;
  const change =
    (name: 'unique_invoice_ids' | 'replay_declines'): Act =>
    (body) => {
      const { client_id: client, enabled } = setting.parse(body);
      const accounts = client === undefined ? emulator.accounts() : [emulator.account(client)];
      for (const account of accounts) account.change({ [name]: enabled });
      return { accounts: accounts.length, enabled };
    };
  return {
    'POST /_emulator/clients': (body) => {
      const { client_id: client, secret } = registration.parse(body);
      credentials.register(client, secret);
      return { client_id: client, account: emulator.account(client).id };
    },
    'POST /_emulator/tokens/revoke': (body) => {
      const { client_id: client } = z.strictObject({ client_id: text.optional() }).parse(body);
      return { revoked: credentials.revoke(client) };
    },
    'POST /_emulator/tokens': (body) => {
      const { lifetime_seconds: seconds } = lifetime.parse(body);
      credentials.setLifetime(seconds);
      return { lifetime_seconds: seconds };
    },
    'POST /_emulator/duplicates': change('unique_invoice_ids'),
    'POST /_emulator/declines': change('replay_declines'),
    'POST /_emulator/transactions': (body) => {
      const { lag_seconds: seconds } = lag.parse(body);
      emulator.setReportingLag(seconds);
      return { lag_seconds: seconds };
    },
  };
}

function webhookActs({ webhooks, certificates, url, account }: Emulator): Record<string, Act> {
  return {
    'POST /_emulator/webhook_endpoints': (body) => {
      const { client_id: client, event_types, url: target, id } = endpoint.parse(body);
      const owner = client === undefined ? null : account(client).id;
      return webhooks.register({ account: owner, url: target, event_types }, id);
    },
    'POST /_emulator/webhooks/forge': (body) => {
      const { webhook_id: webhookId, event, cert: leaf } = forgery.parse(body);
      const sent = JSON.stringify(event);
      return {
        headers: transmissionHeaders(certificates, { url, webhookId, body: sent, leaf }),
        body: sent,
      };
    },
  };
}

/** What happens at the payer's desk. */
function world(emulator: Emulator, holderOf: HolderOf): Record<string, Act> {
  const tokenAt = (id: string) => holderOf('payment token', id, (a) => a.paymentTokens);
  return {
    'POST /_emulator/setup_tokens': (body) => {
      const { client_id: client, ...asked } = grant.parse(body);
      const account = emulator.account(client);
      return renderSetupToken(account, grantSetupToken(account, asked));
    },
    'POST /_emulator/billing_agreements': (body) => {
      const { client_id: client, fate } = agreement.parse(body);
      const account = emulator.account(client);
      return renderPaymentToken(account, agree(account, fate));
    },
    'POST /_emulator/approve': (body) => {
      const { setup_token: token, order, fate } = approval.parse(body);
      if (order !== undefined) {
        const account = holderOf('order', order, (a) => a.orders);
        approveOrder(account, order, fate);
        return renderOrder(account, order, false);
      }
      const account = holderOf('setup token', token!, (a) => a.setupTokens);
      return renderSetupToken(account, approveSetupToken(account, token!, fate));
    },
    'GET /_emulator/payment_tokens/:id/fate': (_, id) => fateOf(tokenAt(id), id),
    'PUT /_emulator/payment_tokens/:id/fate': (body, id) => {
      const { fate } = z.strictObject({ fate: knownFate }).parse(body);
      // A new fate counts its refusals anew.
      tokenAt(id).fates.put(id, { fate, refusals: 0 });
      return fateOf(tokenAt(id), id);
    },
    'POST /_emulator/payment_tokens/:id/remove': (_, id) => {
      forgetPaymentToken(tokenAt(id), id);
      return {};
    },
  };
}

function holder(emulator: Emulator): HolderOf {
  return (kind, id, table) => {
    const found = emulator.accounts().find((account) => table(account).get(id) !== undefined);
    if (!found) throw new Error(`No such ${kind}: ${id}`);
    return found;
  };
}

const text = z.string().min(1).max(300);
const knownFate = z.string().refine(isFate);
const setting = z.strictObject({ enabled: z.boolean(), client_id: text.optional() });
const registration = z.strictObject({ client_id: text, secret: text });
const lifetime = z.strictObject({ lifetime_seconds: z.number().int().min(1) });
const lag = z.strictObject({ lag_seconds: z.number().min(0) });
const endpoint = z.strictObject({
  url: webhookUrl,
  client_id: text.optional(),
  event_types: z.array(z.enum(['*', ...EVENT_KINDS])).default(['*']),
  id: text.optional(),
});
const forgery = z.strictObject({
  webhook_id: text,
  event: z.record(z.string(), z.unknown()),
  cert: z.enum(LEAVES).default('foreign'),
});
const grant = z.strictObject({
  client_id: text,
  fate: knownFate.default('succeed'),
  customer_id: text.optional(),
  kind: z.enum(['paypal', 'card']).default('paypal'),
  brand: z.enum(['VISA', 'MASTERCARD', 'AMEX', 'DISCOVER']).optional(),
});
const agreement = z.strictObject({ client_id: text, fate: knownFate.default('succeed') });
const approval = z
  .strictObject({
    setup_token: text.optional(),
    order: text.optional(),
    fate: knownFate.optional(),
  })
  .refine((asked) => (asked.order === undefined) !== (asked.setup_token === undefined));
