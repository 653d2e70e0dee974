/** The emulated PayPal without its HTTP: state, clock, and everything that happens by itself. */
import { createAgenda } from '../common/agenda.js';
import { type Clock, createClock } from '../common/clock.js';
import { type Faults, createFaults } from '../common/faults.js';
import { createJournal } from '../common/journal.js';
import { type LoggedRequest, type Requests, createRequests } from '../common/requests.js';
import { type Store, openStore } from '../common/store.js';
import {
  type Account,
  type Journal,
  type JournalEntry,
  type Task,
  openAccount,
} from './account.js';
import { type Certificates, openCertificates } from './certificates.js';
import { type Credentials, createCredentials } from './credentials.js';
import { type EventKind, eventOf } from './events.js';
import { type Idempotency, createIdempotency } from './idempotency.js';
import { perform } from './settlement.js';
import { type Webhooks, createWebhooks } from './webhooks.js';

export interface PaypalRequest extends LoggedRequest {
  readonly query: string;
  readonly prefer: string | null;
}

export interface Emulator {
  readonly url: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly faults: Faults;
  readonly requests: Requests<PaypalRequest>;
  readonly idempotency: Idempotency;
  readonly credentials: Credentials;
  readonly certificates: Certificates;
  readonly webhooks: Webhooks;
  readonly account: (clientId: string) => Account;
  accounts(): Account[];
  /** How far reports are behind. */
  readonly reportingLag: () => number;
  setReportingLag(seconds: number): void;
  /** Does what has fallen due: settlements on the emulator's clock, deliveries on the machine's. */
  tick(): void;
  /** Forgets everything but the keys webhooks are signed with. */
  reset(): void;
}

export function createEmulator(stateFile: string | undefined, url: string): Emulator {
  const store = openStore(stateFile);
  const clock = createClock(store);
  const journal = createJournal<JournalEntry>(store);
  const agenda = createAgenda<Task>(store, clock);
  const certificates = openCertificates(store);
  const webhooks = createWebhooks(store, certificates, url);
  const faults = createFaults();
  const requests = createRequests<PaypalRequest>();
  const lags = store.table<number>('reporting_lag');
  const names = store.table<string>('accounts');
  const open = new Map<string, Account>();

  return {
    url,
    store,
    clock,
    journal,
    faults,
    requests,
    idempotency: createIdempotency(store, clock),
    credentials: createCredentials(store, clock),
    certificates,
    webhooks,
    account,
    accounts: () => names.all().map(account),
    reportingLag: () => lags.get('seconds') ?? REPORTING_LAG_SECONDS,
    setReportingLag: (seconds) => lags.put('seconds', seconds),
    tick() {
      store.commit(() => {
        for (const { account: id, task } of agenda.takeDue())
          perform(account(names.get(id)!), task);
      });
      webhooks.deliverDue();
    },
    reset() {
      store.clear();
      certificates.restore();
      open.clear();
      faults.clear();
      requests.clear();
    },
  };

  function account(clientId: string): Account {
    const known = open.get(clientId);
    if (known) return known;
    const opened = openAccount(clientId, { url, store, clock, agenda, journal, publish });
    open.set(clientId, opened);
    return opened;
  }

  function publish(of: Account, kind: EventKind, resource: object, summary: string): void {
    const event = eventOf(of, kind, resource, summary);
    of.events.put(event.id, event);
    webhooks.owe(of.id, event);
  }
}

const REPORTING_LAG_SECONDS = 3 * 3600;
