/** One Stripe account: everything one secret key can see. */
import { createHash } from 'node:crypto';

import type Stripe from 'stripe';

import type { Clock } from '../common/clock.js';
import type { Store, Table } from '../common/store.js';
import type { Agenda } from './agenda.js';
import type { EventObject, EventType } from './events.js';
import type { CardState } from './fates.js';
import type { Journal } from './journal.js';

/** The API call behind a change. A settlement keeps the call that began it. */
export interface Cause {
  readonly id: string | null;
  readonly idempotency_key: string | null;
}

export interface Account {
  readonly id: string;
  readonly clock: Clock;
  readonly agenda: Agenda;
  readonly journal: Journal;
  readonly customers: Table<Stripe.Customer>;
  readonly paymentMethods: Table<Stripe.PaymentMethod>;
  readonly cardStates: Table<CardState>;
  readonly paymentIntents: Table<Stripe.PaymentIntent>;
  /** How often a PaymentIntent was confirmed. */
  readonly confirmations: Table<number>;
  /** The call that set a PaymentIntent or a refund going, for what happens to it later. */
  readonly causes: Table<Cause>;
  readonly setupIntents: Table<Stripe.SetupIntent>;
  readonly mandates: Table<Stripe.Mandate>;
  readonly charges: Table<Stripe.Charge>;
  readonly refunds: Table<Stripe.Refund>;
  readonly disputes: Table<Stripe.Dispute>;
  readonly files: Table<Stripe.File>;
  readonly balanceTransactions: Table<Stripe.BalanceTransaction>;
  readonly events: Table<Stripe.Event>;
  emit(type: EventType, object: EventObject, cause: Cause, previous?: object): void;
}

/** For what nobody's call set going. */
export const NOBODY: Cause = { id: null, idempotency_key: null };

export function causeOf(account: Account, id: string): Cause {
  return account.causes.get(id) ?? NOBODY;
}

/** What an account shares with its neighbours. */
interface Surroundings {
  readonly store: Store;
  readonly clock: Clock;
  readonly agenda: Agenda;
  readonly journal: Journal;
  /** Told of every event of every account. */
  readonly publish: (
    account: Account,
    type: EventType,
    object: EventObject,
    cause: Cause,
    previous?: object,
  ) => void;
}

export function openAccount(id: string, surroundings: Surroundings): Account {
  const { store, clock, agenda, journal, publish } = surroundings;
  const table = <T>(name: string): Table<T> => store.table<T>(`${id}/${name}`);
  const accounts = store.table<string>('accounts');
  if (!accounts.get(id)) accounts.put(id, id);
  const account: Account = {
    id,
    clock,
    agenda,
    journal,
    customers: table('customers'),
    paymentMethods: table('payment_methods'),
    cardStates: table('card_states'),
    paymentIntents: table('payment_intents'),
    confirmations: table('confirmations'),
    causes: table('causes'),
    setupIntents: table('setup_intents'),
    mandates: table('mandates'),
    charges: table('charges'),
    refunds: table('refunds'),
    disputes: table('disputes'),
    files: table('files'),
    balanceTransactions: table('balance_transactions'),
    events: table('events'),
    emit: (type, object, cause, previous) => publish(account, type, object, cause, previous),
  };
  return account;
}

/** The same account, of whose changes nobody is told. */
export function silently(account: Account): Account {
  return { ...account, emit: () => undefined };
}

/** The key itself is never kept. */
export function accountIdOf(secretKey: string): string {
  return `acct_${createHash('sha256').update(secretKey).digest('hex').slice(0, 16)}`;
}
