/** The control API under /_emulator: for tests and demos, which may do what Stripe, banks and customers do. */
import { z } from 'zod';

import { type Account, NOBODY, accountIdOf } from './account.js';
import { closeDispute, openDispute } from './disputes.js';
import type { Emulator } from './emulator.js';
import { StripeError } from './errors.js';
import { type Answer, type Incoming, jsonAnswer } from './exchange.js';
import { faultRequest } from './faults.js';
import { isFate } from './fates.js';
import { failRefund, settleRefund } from './refunds.js';
import { authenticate, settlePayment } from './settlement.js';
import { authenticateSetup } from './setup-intents.js';
import { WEBHOOK_MODES } from './webhooks.js';

type Act = (body: unknown, id: string) => unknown;

export function createControl(emulator: Emulator): (incoming: Incoming) => Promise<Answer> {
  const acts = { ...machinery(emulator), ...world(emulator) };

  return async ({ method, path, body }) => {
    const segments = path.split('/');
    const id = segments[3] && segments[4] ? segments[3] : '';
    const name = id ? segments.with(3, ':id').join('/') : path;
    const act = acts[`${method} ${name}`];
    if (!act) return jsonAnswer(404, { error: { message: `No such control: ${method} ${path}` } });
    try {
      const result = await emulator.store.commit(() => act(body ? JSON.parse(body) : {}, id));
      emulator.tick();
      return jsonAnswer(method === 'POST' && CREATING.has(name) ? 201 : 200, result);
    } catch (error) {
      if (error instanceof StripeError) return jsonAnswer(error.status, { error: error.body });
      const message = error instanceof Error ? error.message : String(error);
      return jsonAnswer(400, { error: { message } });
    }
  };
}

const CREATING = new Set(['/_emulator/faults', '/_emulator/webhook_endpoints']);

/** The emulator's own machinery. */
function machinery(emulator: Emulator): Record<string, Act> {
  const { clock, endpoints, faults, journal, requests, store, webhooks } = emulator;
  const time = () => ({ now: new Date(clock.now()).toISOString(), now_ms: clock.now() });
  return {
    'GET /_emulator/journal': () => ({ entries: journal.entries() }),
    'GET /_emulator/requests': () => ({ requests: requests.all() }),
    'GET /_emulator/faults': () => ({ faults: faults.all() }),
    'POST /_emulator/faults': (body) => {
      const fault = faultRequest.parse(body);
      faults.add(fault);
      return fault;
    },
    'DELETE /_emulator/faults': () => {
      faults.clear();
      return {};
    },
    'GET /_emulator/clock': time,
    'POST /_emulator/clock': (body) => {
      clock.advance(
        z.strictObject({ advance_seconds: z.number().min(0) }).parse(body).advance_seconds,
      );
      return time();
    },
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
    'POST /_emulator/webhooks': (body) => {
      const { mode } = z.strictObject({ mode: z.enum(WEBHOOK_MODES) }).parse(body);
      webhooks.setMode(mode);
      return { mode };
    },
    'POST /_emulator/webhooks/flush': () => webhooks.flush(),
    'POST /_emulator/reset': () => {
      emulator.reset();
      return {};
    },
  };
}

/** What happens in the world outside: at the bank, and at the customer's desk. */
function world(emulator: Emulator): Record<string, Act> {
  return {
    'POST /_emulator/settle': (body) => {
      const {
        payment_intent: id,
        outcome,
        decline_code: code = 'generic_decline',
      } = settlement.parse(body);
      const account = ownerOf('payment intent', id, ({ paymentIntents }) => paymentIntents);
      return settlePayment(account, id, outcome === 'declined' ? code : undefined);
    },
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
    'GET /_emulator/payment_methods/:id/fate': (_, id) => cardState(id).state,
    'PUT /_emulator/payment_methods/:id/fate': (body, id) => {
      const { fate } = z.strictObject({ fate: z.string().refine(isFate) }).parse(body);
      const { account, state } = cardState(id);
      // A new fate counts its declines anew.
      account.cardStates.put(id, { ...state, fate, declines: 0 });
      return account.cardStates.get(id);
    },
    'POST /_emulator/refunds/:id/settle': (body, id) => {
      const { outcome } = outcomeOf('succeeded', 'failed').parse(body);
      const account = ownerOf('refund', id, ({ refunds }) => refunds);
      return outcome === 'failed' ? failRefund(account, id) : settleRefund(account, id);
    },
    'POST /_emulator/charges/:id/dispute': (body, id) => {
      const { reason } = z.strictObject({ reason: z.string().default('fraudulent') }).parse(body);
      return openDispute(
        ownerOf('charge', id, ({ charges }) => charges),
        id,
        reason,
      );
    },
    'POST /_emulator/disputes/:id/close': (body, id) => {
      const { outcome } = outcomeOf('won', 'lost').parse(body);
      return closeDispute(
        ownerOf('dispute', id, ({ disputes }) => disputes),
        id,
        outcome,
      );
    },
  };

  function cardState(id: string) {
    const account = ownerOf('payment method', id, ({ cardStates }) => cardStates);
    return { account, state: account.cardStates.get(id)! };
  }

  function ownerOf(
    kind: string,
    id: string,
    table: (account: Account) => { get(id: string): unknown },
  ): Account {
    const owner = emulator.accounts().find((account) => table(account).get(id) !== undefined);
    if (!owner) throw new Error(`No such ${kind}: ${id}`);
    return owner;
  }
}

function outcomeOf<T extends string>(...outcomes: [T, ...T[]]) {
  return z.strictObject({ outcome: z.enum(outcomes) });
}

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
});
const authentication = z
  .strictObject({
    payment_intent: z.string().optional(),
    setup_intent: z.string().optional(),
    outcome: z.enum(['succeeded', 'failed']).default('succeeded'),
  })
  .refine((asked) => asked.payment_intent ?? asked.setup_intent, 'payment_intent is missing');
