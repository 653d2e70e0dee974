import type { Account, Gateway } from '../gateways/gateway.js';
import type { GatewayAccount } from '../prisma/charge.js';
import type { Database } from '../prisma/client.js';
import type { Messenger } from '../outbound/messenger.js';
import type { Launch } from '../temporal/launch.js';
import type { Breakers } from './breakers.js';
import type { Clock } from './clock.js';
import type { Pace } from './pace.js';

/** What activities work with. Composition hands it in; nothing is global. */
export interface Deps {
  readonly db: Database;
  readonly launch: Launch;
  /** The gateway by its name, such as "stripe". */
  readonly gateways: (name: string) => Gateway;
  /** Resolves an account's credentials, anew for each call. */
  readonly accountFor: (row: GatewayAccount) => Account;
  /** How long each gateway's keys may be re-sent, in milliseconds, by gateway name. */
  readonly keyLives: Readonly<Record<string, number>>;
  readonly breakers: Breakers;
  readonly pace: Pace;
  readonly tempo: Tempo;
  /** Carries events to apps. */
  readonly messenger: Messenger;
  readonly clock: Clock;
  /** Tells Temporal that a long activity goes on. */
  readonly alive: () => void;
}

/** The times that the work keeps, in milliseconds. */
export interface Tempo {
  /** One HTTP exchange with a gateway, in total. */
  readonly deadlineMs: number;
  /** One try at bringing an event to an app, in total. */
  readonly webhookDeadlineMs: number;
  /** One attempt at a charge: more than two exchanges. */
  readonly chargeTimeoutMs: number;
  readonly askLadderMs: readonly number[];
  readonly overdueEveryMs: number;
  /** How long a customer may take on a payment page. */
  readonly pageMs: number;
  /** How often each account's books are compared; 0: only when somebody asks. */
  readonly reconcileEveryMs: number;
  /** What moved so shortly before is left to the next comparison. */
  readonly reconcileMarginMs: number;
}
