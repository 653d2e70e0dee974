/** What can be said to a run: signals are facts, updates are wishes of a person. */
import { defineSignal, defineUpdate } from '@temporalio/workflow';

import type { ChargeTicket } from '../domain/charge.js';

/** Something this run waits for has changed: look again. */
export const wake = defineSignal<[Wake]>('wake');
/** A gateway reported on a charge. It carries no verdict: it means "ask the gateway now". */
export const gatewayEvent = defineSignal<[GatewayEvent]>('gatewayEvent');

export const retryNow = defineUpdate<void, [Wish]>('retryNow');
export const holdUntil = defineUpdate<void, [HoldWish]>('holdUntil');
export const writeOff = defineUpdate<void, [Wish]>('writeOff');
export const cancelCase = defineUpdate<void, [Wish]>('cancelCase');
export const resolveUnknown = defineUpdate<void, [Verdict]>('resolveUnknown');

export interface Wake {
  /** The row that owes it. */
  readonly id: string;
}

export interface GatewayEvent {
  readonly charge: ChargeTicket;
}

export interface Wish {
  /** Who asks: a person or an API key's name. It goes into the audit trail, as does the reason. */
  readonly actor: string;
  readonly reason: string;
}

export interface HoldWish extends Wish {
  /** ISO instant before which nothing is tried: "2026-12-01T09:00:00Z". */
  readonly until: string;
}

/** A person's decision about an unknown charge; `reason` holds the evidence. */
export interface Verdict extends Wish {
  readonly chargeId: string;
  readonly outcome: 'succeeded' | 'not_sent';
  /** The gateway's own reference of the payment, required when it succeeded. */
  readonly reference?: string;
}

/** A wish as a run takes it up. Its id names the round of charges it causes. */
export type Command =
  | ({ readonly kind: 'wake' } & Wake)
  | ({ readonly kind: 'retryNow' | 'writeOff' | 'cancelCase'; readonly id: string } & Wish)
  | ({ readonly kind: 'holdUntil'; readonly id: string } & HoldWish);

/** The commands that are recorded, with actor and reason, as the run's first act on them. */
export type RecordedCommand = Exclude<Command, { kind: 'wake' }>;
