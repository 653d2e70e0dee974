/** The desk of a run: what people and gateways say to it. A command ends a wait; its first act is to be recorded. */
import type { Duration } from '@temporalio/common';
import {
  AsyncLocalStorage,
  CancellationScope,
  allHandlersFinished,
  condition,
  currentUpdateInfo,
  setHandler,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';

import type { ChargeTicket } from '../domain/charge.js';
import type { ChargeId, RenewalId } from '../domain/ids.js';
import {
  type Command,
  type HoldWish,
  type RecordedCommand,
  type Verdict,
  type Wish,
  cancelCase,
  gatewayEvent,
  holdUntil,
  resolveUnknown,
  retryNow,
  wake,
  writeOff,
} from './messages.js';

export class Desk {
  /** The charges some gateway has reported on. */
  readonly reported = new Map<ChargeId, ChargeTicket>();
  /** Decisions about unknown charges. */
  readonly verdicts: (Verdict & { readonly id: string })[] = [];
  /** The charge under way: while there is one, only a verdict on it is taken. */
  chargeUnderWay: ChargeId | undefined;
  /** The renewal this run is about, once it is known. */
  renewalId: RenewalId | undefined;
  private readonly commands: Command[] = [];
  private parked = false;
  private leaving = false;

  /** A report on the charge under way ends the wait for it; on any other charge it is a reason to look again. */
  hear(charge: ChargeTicket): void {
    this.reported.set(charge.id, charge);
    if (charge.id !== this.chargeUnderWay) this.take({ kind: 'wake', id: charge.id });
  }

  take(command: Command): void {
    this.commands.push(command);
  }

  /**
   * Cancellations from the Temporal UI, which no validator can refuse while a charge is under way. They cannot undo
   * that charge, only keep others from following it.
   */
  takeCancellations(): RecordedCommand[] {
    return this.takeWhere(({ kind }) => kind === 'cancelCase');
  }

  /** Wishes that end the debt: they must be heard before the next charge, not after it. */
  takeEndings(): RecordedCommand[] {
    return this.takeWhere(({ kind }) => kind === 'writeOff' || kind === 'cancelCase');
  }

  /** The last wishes of a run that hands over; from now on it admits none. */
  leave(): RecordedCommand[] {
    this.leaving = true;
    return this.takeWhere(({ kind }) => kind !== 'wake');
  }

  private takeWhere(wanted: (command: Command) => boolean): RecordedCommand[] {
    const taken = this.commands.filter(wanted);
    const left = this.commands.filter((command) => !wanted(command));
    this.commands.splice(0, Infinity, ...left);
    return taken as RecordedCommand[];
  }

  /** Whether this run should go on under a new history: this one is long, and nobody's wish would be lost. */
  get isFull(): boolean {
    const unheard = this.commands.length + this.reported.size + this.verdicts.length;
    return workflowInfo().continueAsNewSuggested && unheard === 0;
  }

  /** Waits until then, or for a command, whichever comes first. */
  async until(at: number, summary: string): Promise<Command | undefined> {
    await condition(() => this.commands.length > 0, Math.max(1, at - Date.now()), { summary });
    return this.commands.shift();
  }

  private isCanceled(): boolean {
    return this.commands.some(({ kind }) => kind === 'cancelCase');
  }

  /** Waits for the gateway's word on a charge, or for a person's, or until it is time to ask. */
  async word(chargeId: ChargeId, waitMs: number, summary: string): Promise<void> {
    await condition(
      () => this.reported.has(chargeId) || this.verdicts.length > 0 || this.isCanceled(),
      Math.max(1, waitMs),
      { summary },
    );
    this.reported.delete(chargeId);
  }

  /** Waits for a person. While parked every command is taken, whatever is under way. */
  async park(atMost: Duration = '365 days'): Promise<Command | undefined> {
    this.parked = true;
    await condition(() => this.commands.length > 0, atMost, { summary: 'Needs attention' });
    this.parked = false;
    return this.commands.shift();
  }

  /** Refuses a wish that cannot be granted now. A refused one leaves no trace in the history. */
  readonly admit = ({ actor, reason }: Wish): void => {
    if (!actor || !reason)
      throw new Error('actor and reason are required: they go into the audit trail');
    if (this.leaving) throw new Error('This run is handing over: ask its successor in a moment');
    if (this.chargeUnderWay && !this.parked)
      throw new Error(
        'A charge is under way: wait for its outcome, or decide it with resolveUnknown',
      );
  };

  readonly admitVerdict = ({ actor, reason, chargeId, outcome, reference }: Verdict): void => {
    if (!actor || !reason) throw new Error('actor and reason are required: name the evidence');
    if (!this.chargeUnderWay) throw new Error(`${chargeId} is not an open charge here`);
    if (outcome !== 'succeeded' && outcome !== 'not_sent')
      throw new Error('outcome is "succeeded" or "not_sent"');
    if (outcome === 'succeeded' && !reference)
      throw new Error("reference is required: the gateway's own name of the payment");
  };
}

/**
 * Tells a story at a desk. The handlers are set before its first await, because a webhook can overtake the
 * gateway's own reply; a cancellation from the Temporal UI becomes a command, because it must not stop a charge.
 */
export async function atDesk<R>(story: (desk: Desk) => Promise<R>): Promise<R> {
  const desk = new Desk();
  listen(desk);
  CancellationScope.current().cancelRequested.catch(() =>
    desk.take({
      kind: 'cancelCase',
      id: `cancel_${uuid4()}`,
      actor: 'Temporal UI',
      reason: 'Cancellation was requested',
    }),
  );
  return CancellationScope.nonCancellable(async () => {
    const result = await present.run(desk, () => story(desk));
    await condition(allHandlersFinished);
    return result;
  });
}

const present = new AsyncLocalStorage<Desk>();

/** The desk of the run that is asking. */
export function deskOfThisRun(): Desk {
  const desk = present.getStore();
  if (!desk) throw new Error('This step is only taken inside a story told at a desk');
  return desk;
}

function listen(desk: Desk): void {
  setHandler(gatewayEvent, ({ charge }) => desk.hear(charge), {
    description: 'A gateway reported on one of our charges: ask it now',
  });
  setHandler(wake, ({ id }) => desk.take({ kind: 'wake', id }), {
    description: 'Look again now: something this run waits for has changed',
  });
  const validator = desk.admit;
  const id = () => currentUpdateInfo()!.id;
  setHandler(retryNow, (wish: Wish) => desk.take({ kind: 'retryNow', id: id(), ...wish }), {
    validator,
    description: 'Charge now, or repeat the step that needs attention. Spends no scheduled retry.',
  });
  setHandler(holdUntil, (wish: HoldWish) => desk.take({ kind: 'holdUntil', id: id(), ...wish }), {
    validator: (wish: HoldWish) => {
      desk.admit(wish);
      if (Number.isNaN(Date.parse(wish.until))) throw new Error('until is an ISO instant');
    },
    description: 'Try nothing before a time, e.g. after a promise to pay.',
  });
  setHandler(writeOff, (wish: Wish) => desk.take({ kind: 'writeOff', id: id(), ...wish }), {
    validator,
    description: 'Give up this debt for good.',
  });
  setHandler(cancelCase, (wish: Wish) => desk.take({ kind: 'cancelCase', id: id(), ...wish }), {
    validator,
    description: 'Drop this renewal: nothing more is collected.',
  });
  setHandler(resolveUnknown, (verdict) => void desk.verdicts.push({ ...verdict, id: id() }), {
    validator: desk.admitVerdict,
    description: 'Decide an unknown charge, with evidence from the gateway.',
  });
}
