/** The control API under /_emulator: for tests and demos, which may do what Stripe, banks and customers do. */
import { z } from 'zod';

import * as common from '../common/control.js';
import type { Act } from '../common/control.js';
import { type Answer, type Incoming, jsonAnswer } from '../common/exchange.js';
import { type Account, NOBODY, accountIdOf, silently } from './account.js';
import { alterBooks, bookChange, movementsOf } from './books.js';
import { complete, completion } from './completion.js';
import { payByHand, paymentByHand, refundByHand, refundMadeByHand } from './dashboard.js';
import { closeDispute, openDispute } from './disputes.js';
import type { Emulator } from './emulator.js';
import { StripeError } from './errors.js';
import { isFate } from './fates.js';
import { failRefund, settleRefund } from './refunds.js';
import { authenticate, settlePayment } from './settlement.js';
import { authenticateSetup } from './setup-intents.js';

export function createControl(emulator: Emulator): (incoming: Incoming) => Promise<Answer> {
  const acts = {
    ...settings(emulator),
    ...desk(emulator),
    ...bank(emulator),
    ...dashboard(emulator),
  };
  return common.createControl(emulator, acts, (error) =>
    error instanceof StripeError ? jsonAnswer(error.status, { error: error.body }) : undefined,
  );
}

function settings({ endpoints, store }: Emulator): Record<string, Act> {
  return {
    'POST /_emulator/search': (body) => {
      const { index_delay_seconds: delay } = searchSettings.parse(body);
      store.table<number>('settings').put('index_delay_seconds', delay);
      return { index_delay_seconds: delay };
    },
    'POST /_emulator/webhook_endpoints': (body) => {
      const { url, secret, enabled_events: types, api_key: key } = endpoint.parse(body);
      const { shown } = endpoints.register(key ? accountIdOf(key) : null, url, secret, types);
      return { id: shown.id, url, enabled_events: types };
    },
  };
}

/** What happens at the customer's desk. */
function desk(emulator: Emulator): Record<string, Act> {
  const ownerOf = ownerIn(emulator);
  const cardState = (id: string) => {
    const account = ownerOf('payment method', id, ({ cardStates }) => cardStates);
    return { account, state: account.cardStates.get(id)! };
  };
  return {
    'POST /_emulator/authenticate': (body) => {
      const { payment_intent: id, setup_intent: setup, outcome } = authentication.parse(body);
      const passed = outcome === 'succeeded';
      if (id)
        return authenticate(
          ownerOf('payment intent', id, (a) => a.paymentIntents),
          id,
          passed,
        );
      const account = ownerOf('setup intent', setup!, ({ setupIntents }) => setupIntents);
      return authenticateSetup(
        { account, cause: NOBODY, path: '', ids: {}, params: {} },
        setup!,
        passed,
      );
    },
    'POST /_emulator/complete': (body) => {
      const asked = completion.parse(body);
      const account = ownerOf('payment intent', asked.payment_intent, (a) => a.paymentIntents);
      return complete(account, asked);
    },
    'GET /_emulator/payment_methods/:id/fate': (_, id) => cardState(id).state,
    'PUT /_emulator/payment_methods/:id/fate': (body, id) => {
      const { fate } = z.strictObject({ fate: z.string().refine(isFate) }).parse(body);
      const { account, state } = cardState(id);
      // A new fate counts its declines anew.
      account.cardStates.put(id, { ...state, fate, declines: 0 });
      return account.cardStates.get(id);
    },
  };
}

/** What happens at the bank. */
function bank(emulator: Emulator): Record<string, Act> {
  const ownerOf = ownerIn(emulator);
  return {
    'POST /_emulator/settle': (body) => {
      const {
        payment_intent: id,
        outcome,
        decline_code: code = 'generic_decline',
        silent,
      } = settlement.parse(body);
      const account = ownerOf('payment intent', id, ({ paymentIntents }) => paymentIntents);
      const declined = outcome === 'declined' ? code : undefined;
      return settlePayment(telling(account, silent), id, declined);
    },
    'POST /_emulator/refunds/:id/settle': (body, id) => {
      const { outcome, silent } = outcomeOf('succeeded', 'failed').parse(body);
      const account = telling(
        ownerOf('refund', id, ({ refunds }) => refunds),
        silent,
      );
      return outcome === 'failed' ? failRefund(account, id) : settleRefund(account, id);
    },
    'POST /_emulator/charges/:id/dispute': (body, id) => {
      const { reason, amount_minor: amount, silent } = complaint.parse(body);
      const account = ownerOf('charge', id, ({ charges }) => charges);
      return openDispute(telling(account, silent), id, { reason, amount });
    },
    'POST /_emulator/disputes/:id/close': (body, id) => {
      const { outcome, silent } = outcomeOf('won', 'lost').parse(body);
      const account = ownerOf('dispute', id, ({ disputes }) => disputes);
      return closeDispute(telling(account, silent), id, outcome);
    },
  };
}

/** What people do by hand, and other systems, past whoever tests. */
function dashboard(emulator: Emulator): Record<string, Act> {
  const ownerOf = ownerIn(emulator);
  return {
    'POST /_emulator/dashboard/payments': (body) => {
      const asked = paymentByHand.parse(body);
      const account = ownerOf('customer', asked.customer, ({ customers }) => customers);
      return payByHand(telling(account, asked.silent), asked);
    },
    'POST /_emulator/dashboard/refunds': (body) => {
      const asked = refundMadeByHand.parse(body);
      const account = ownerOf('charge', asked.charge, ({ charges }) => charges);
      return refundByHand(telling(account, asked.silent), asked);
    },
    'POST /_emulator/books': (body) => {
      const change = bookChange.parse(body);
      const named = (change.line ?? change.source)!;
      return alterBooks(
        ownerOf('movement', named, (account) => ({ get: (id) => movementsOf(account, id)[0] })),
        change,
      );
    },
  };
}

function telling(account: Account, silent: boolean): Account {
  return silent ? silently(account) : account;
}

type TableOf = (account: Account) => { get(id: string): unknown };

function ownerIn(emulator: Emulator): (kind: string, id: string, table: TableOf) => Account {
  return (kind, id, table) => {
    const owner = emulator.accounts().find((account) => table(account).get(id) !== undefined);
    if (!owner) throw new Error(`No such ${kind}: ${id}`);
    return owner;
  };
}

function outcomeOf<T extends string>(...outcomes: [T, ...T[]]) {
  return z.strictObject({ outcome: z.enum(outcomes), silent });
}

/** Nobody is told. */
const silent = z.boolean().default(false);
const complaint = z.strictObject({
  reason: z.string().default('fraudulent'),
  amount_minor: z.int().min(1).optional(),
  silent,
});
const searchSettings = z.strictObject({ index_delay_seconds: z.number().min(0) });
const endpoint = z.strictObject({
  url: z.url(),
  secret: z.string().min(1),
  enabled_events: z.array(z.string()).default(['*']),
  api_key: z.string().optional(),
});
const settlement = z.strictObject({
  payment_intent: z.string(),
  outcome: z.enum(['succeeded', 'declined']),
  decline_code: z.string().optional(),
  silent,
});
const authentication = z
  .strictObject({
    payment_intent: z.string().optional(),
    setup_intent: z.string().optional(),
    outcome: z.enum(['succeeded', 'failed']).default('succeeded'),
  })
  .refine((asked) => asked.payment_intent ?? asked.setup_intent, 'payment_intent is missing');
