/** One PayPal account: everything one client id can see. */
import { createHash } from 'node:crypto';

import type * as common from '../common/agenda.js';
import type { Clock } from '../common/clock.js';
import type * as journals from '../common/journal.js';
import type { Store, Table } from '../common/store.js';
import type { Capture } from './captures.js';
import type { Dispute } from './disputes.js';
import type { EventKind, PaypalEvent } from './events.js';
import type { FateState, Settlement } from './fates.js';
import type { Order } from './orders.js';
import type { PaymentToken } from './payment-tokens.js';
import type { Refund } from './refunds.js';
import type { SetupToken } from './setup-tokens.js';

export type Task =
  | { readonly kind: 'settle_capture'; readonly id: string; readonly outcome: Settlement }
  | {
      readonly kind: 'settle_refund';
      readonly id: string;
      readonly outcome: 'succeeded' | 'failed';
    }
  | { readonly kind: 'open_dispute'; readonly id: string; readonly reason: string };

type Agenda = common.Agenda<Task>;

/** What the journal says of money that moved at PayPal. */
export interface JournalEntry extends journals.MoneyMoved {
  readonly client_id: string;
  readonly order: string;
  readonly capture: string;
  readonly payment_token: string | null;
  /** A refund's own, or its capture's. */
  readonly custom_id: string | null;
  readonly invoice_id: string | null;
  /** The PayPal-Request-Id of the request that moved it; `idempotency_key` is the same. */
  readonly request_id: string | null;
}

export type Journal = journals.Journal<JournalEntry>;

interface Settings {
  /** The account setting that refuses an invoice id used before. */
  readonly unique_invoice_ids: boolean;
  /** Whether a refused payment is refused again under its request id, without another try. */
  readonly replay_declines: boolean;
}

export interface Account {
  readonly id: string;
  readonly clientId: string;
  /** Of the emulator, for links. */
  readonly url: string;
  readonly clock: Clock;
  readonly agenda: Agenda;
  readonly journal: Journal;
  readonly setupTokens: Table<SetupToken>;
  readonly paymentTokens: Table<PaymentToken>;
  readonly orders: Table<Order>;
  readonly captures: Table<Capture>;
  readonly refunds: Table<Refund>;
  readonly disputes: Table<Dispute>;
  /** Of setup tokens, payment tokens, and orders without either, by their id. */
  readonly fates: Table<FateState>;
  /** Which capture or refund has used an invoice id. */
  readonly invoices: Table<string>;
  readonly events: Table<PaypalEvent>;
  settings(): Settings;
  change(settings: Partial<Settings>): Settings;
  emit(kind: EventKind, resource: object, summary: string): void;
}

/** What an account shares with its neighbors. */
export interface Surroundings {
  readonly url: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly agenda: Agenda;
  readonly journal: Journal;
  /** Told of every event of every account. */
  readonly publish: (account: Account, kind: EventKind, resource: object, summary: string) => void;
}

export function openAccount(clientId: string, surroundings: Surroundings): Account {
  const { store, publish, ...shared } = surroundings;
  const id = accountIdOf(clientId);
  const table = <T>(name: string): Table<T> => store.table<T>(`${id}/${name}`);
  const accounts = store.table<string>('accounts');
  if (!accounts.get(id)) accounts.put(id, clientId);
  const kept = table<Settings>('settings');
  const settings = (): Settings =>
    kept.get('settings') ?? { unique_invoice_ids: true, replay_declines: true };
  const account: Account = {
    id,
    clientId,
    ...shared,
    setupTokens: table('setup_tokens'),
    paymentTokens: table('payment_tokens'),
    orders: table('orders'),
    captures: table('captures'),
    refunds: table('refunds'),
    disputes: table('disputes'),
    fates: table('fates'),
    invoices: table('invoices'),
    events: table('events'),
    settings,
    change(some) {
      kept.put('settings', { ...settings(), ...some });
      return settings();
    },
    emit: (kind, resource, summary) => publish(account, kind, resource, summary),
  };
  return account;
}

/** The same account, of which nobody is told. */
export function quietly(account: Account): Account {
  return { ...account, emit: () => undefined };
}

/** Like PayPal's merchant ids: thirteen capitals and digits. */
function accountIdOf(clientId: string): string {
  const digest = createHash('sha256').update(clientId).digest('hex');
  return BigInt(`0x${digest.slice(0, 20)}`)
    .toString(36)
    .toUpperCase()
    .padStart(13, '0')
    .slice(0, 13);
}

export function fateOf(account: Account, id: string): FateState {
  return account.fates.get(id) ?? { fate: 'succeed', refusals: 0 };
}

/** PayPal's timestamps are whole seconds. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
