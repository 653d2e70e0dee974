/** The emulated Stripe without its HTTP: state, clock, and everything that happens by itself. */
import { createAgenda } from '../common/agenda.js';
import { type Clock, createClock } from '../common/clock.js';
import { type Faults, createFaults } from '../common/faults.js';
import { createJournal } from '../common/journal.js';
import { type Requests, createRequests } from '../common/requests.js';
import { type Store, openStore } from '../common/store.js';
import { type Account, openAccount } from './account.js';
import type { Task } from './agenda.js';
import { eventOf } from './events.js';
import { type Idempotency, createIdempotency } from './idempotency.js';
import type { Journal, JournalEntry } from './journal.js';
import { perform } from './settlement.js';
import { type WebhookEndpoints, createWebhookEndpoints } from './webhook-endpoints.js';
import { type Webhooks, createWebhooks } from './webhooks.js';

export interface Emulator {
  readonly store: Store;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly faults: Faults;
  readonly requests: Requests;
  readonly idempotency: Idempotency;
  readonly endpoints: WebhookEndpoints;
  readonly webhooks: Webhooks;
  account(id: string): Account;
  accounts(): Account[];
  /** Does what has fallen due: settlements on the emulator's clock, deliveries on the machine's. */
  tick(): void;
  reset(): void;
}

export function createEmulator(stateFile: string | undefined): Emulator {
  const store = openStore(stateFile);
  const clock = createClock(store);
  const journal = createJournal<JournalEntry>(store);
  const agenda = createAgenda<Task>(store, clock);
  const endpoints = createWebhookEndpoints(store);
  const webhooks = createWebhooks(store, endpoints);
  const faults = createFaults();
  const requests = createRequests();
  const open = new Map<string, Account>();

  return {
    store,
    clock,
    journal,
    faults,
    requests,
    idempotency: createIdempotency(store, clock),
    endpoints,
    webhooks,
    account,
    accounts: () => store.table<string>('accounts').all().map(account),
    tick() {
      store.commit(() => {
        for (const { account: id, task } of agenda.takeDue()) perform(account(id), task);
      });
      webhooks.deliverDue();
    },
    reset() {
      store.clear();
      open.clear();
      faults.clear();
      requests.clear();
    },
  };

  function account(id: string): Account {
    const known = open.get(id);
    if (known) return known;
    const opened = openAccount(id, { store, clock, agenda, journal, publish });
    open.set(id, opened);
    return opened;
  }

  function publish(of: Account, ...what: Parameters<Account['emit']>): void {
    const event = eventOf(of, ...what);
    of.events.put(event.id, event);
    webhooks.owe(of.id, event);
  }
}
