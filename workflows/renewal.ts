/**
 * Renewal: one billing period of one subscription, from the day it falls due until a bank has answered.
 *
 * The run is started a whole period early and sleeps in Temporal's start delay, so a sleeping renewal is bound to no
 * version of this code. Opening it also starts the next period's, whatever becomes of this one.
 */
import { continueAsNew } from '@temporalio/workflow';

import type { Decline } from '../domain/decline.js';
import { afterOutage } from '../domain/outage.js';
import type { ClosedOutcome, Opening, RenewalStatus } from '../domain/renewal.js';
import {
  commandRenewal,
  openDunningCase,
  openRenewal,
  raiseAttention,
  recordCommand,
} from './activities.js';
import { type Collection, askAboutReported, collect, follow } from './collect.js';
import { type Desk, atDesk, deskOfThisRun } from './desk.js';
import { startDunning } from './hand-over.js';
import type { Command } from './messages.js';
import { showCollecting, showEnd, showParked, showWaiting } from './words.js';

interface RenewalInput {
  readonly subscriptionId: string;
  /** UTC instant at which the period begins: "2026-12-01T00:00Z". */
  readonly periodStart: string;
}

interface RenewalResult {
  readonly outcome: ClosedOutcome | 'in_dunning';
}

export function renewal(input: RenewalInput): Promise<RenewalResult> {
  return atDesk(async (desk) => {
    const opening = await whenDue(desk, input);
    const outcome = opening.kind === 'closed' ? await close(opening) : await bill(desk, opening);
    if (outcome === 'goes_on') return continueAsNew<typeof renewal>(input);
    await askAboutReported();
    return { outcome };
  });
}

/** Woken early, or held back by an earlier period's recovery: look again when there is a reason to. */
async function whenDue(desk: Desk, input: RenewalInput): Promise<Extract<Opening, Decided>> {
  const asked: Command[] = [];
  for (;;) {
    const opening = await openRenewal(input);
    if (opening.kind === 'opened' || opening.kind === 'closed') {
      // What was asked while there was no renewal yet is heeded before anything is charged.
      for (const command of asked) desk.take(command);
      return opening;
    }
    const [at, what] =
      opening.kind === 'not_yet'
        ? [opening.dueAt, 'Until the period begins']
        : [opening.lookAgainAt, 'Held back while an earlier period is in recovery'];
    showWaiting(input.periodStart, what, at);
    const command = await desk.until(at, what);
    if (command && command.kind !== 'wake') asked.push(command);
  }
}

type Decided = { kind: 'opened' | 'closed' };
type Opened = Extract<Opening, { kind: 'opened' }>;

async function bill(desk: Desk, opening: Opened): Promise<RenewalResult['outcome'] | 'goes_on'> {
  desk.renewalId = opening.renewalId;
  showCollecting(opening.title);
  const collection = await collectPatiently(desk, opening);
  if (collection === 'goes_on') return collection;
  if (collection.kind === 'declined') return recover(opening, collection.decline);
  const outcome = collection.kind === 'not_owed' ? closedOutcome(collection.status) : 'paid';
  showEnd(opening.title, outcome);
  return outcome;
}

/** Round after round until a bank has answered: without a gateway it waits, with a fault of ours it parks. */
async function collectPatiently(desk: Desk, opening: Opened): Promise<Settled | 'goes_on'> {
  const collector = { renewalId: opening.renewalId, owner: 'renewal' } as const;
  const since = Date.now();
  let { round, waits } = opening;
  let collection = await collect(collector, round, opening.plan);
  while (!isSettled(collection)) {
    if (desk.isFull) return 'goes_on';
    const outage = collection.kind === 'no_gateway';
    const command = await waitFor(desk, opening, collection, outage ? ++waits : waits, since);
    if (command?.kind === 'wake') await askAboutReported();
    else if (command) await commandRenewal({ renewalId: opening.renewalId, command });

    // In its own round a parked renewal tries nothing but what is new, such as another card.
    if (command?.kind === 'retryNow') round = command.id;
    else if (outage) round = `first+${waits}`;
    collection = await collect(collector, round);
  }
  return collection;
}

type Settled = Extract<Collection, { kind: 'paid' | 'not_owed' | 'declined' }>;

function isSettled(collection: Collection): collection is Settled {
  return ['paid', 'not_owed', 'declined'].includes(collection.kind);
}

function waitFor(
  desk: Desk,
  opening: Opened,
  collection: Exclude<Collection, Settled>,
  wait: number,
  since: number,
): Promise<Command | undefined> {
  switch (collection.kind) {
    case 'parked':
      return waitForAPerson(desk, opening, collection.why);
    case 'later':
      showWaiting(opening.title, collection.why, collection.at);
      return desk.until(collection.at, collection.why);
    case 'no_gateway':
      return waitForAGateway(desk, opening, wait, since);
    default:
      return collection satisfies never;
  }
}

async function waitForAGateway(
  desk: Desk,
  { renewalId, title }: Opened,
  wait: number,
  since: number,
) {
  const until = Date.now() + afterOutage(wait);
  const why = 'No gateway can be reached: trying again later';
  if (Date.now() - since > DAY_MS)
    await raiseAttention({
      renewalId,
      why: `${why}, for more than a day`,
      next: 'It goes on trying',
    });
  showWaiting(title, why, until);
  return desk.until(until, why);
}

async function waitForAPerson(desk: Desk, { renewalId }: Opened, why: string) {
  const next = 'Nothing is sent before an operator sends retryNow';
  await raiseAttention({ renewalId, why, next });
  showParked(why);
  return desk.park();
}

/** Recovery takes weeks and outlives this run: it is started, not awaited. */
async function recover(
  { renewalId, title }: Opened,
  decline: Decline,
): Promise<RenewalResult['outcome']> {
  const status = await openDunningCase({ renewalId, decline });
  for (const command of deskOfThisRun().leave()) await recordCommand({ renewalId, command });
  if (status !== 'past_due') return closedOutcome(status);
  await startDunning(renewalId, title);
  showEnd(title, 'declined, in recovery');
  return 'in_dunning';
}

/** Decided already: a charge that is still open is followed to its end, a recovery under way has its run. */
async function close({
  outcome,
  renewal,
  openCharges,
}: Extract<Opening, { kind: 'closed' }>): Promise<ClosedOutcome> {
  if (!renewal) return outcome;
  if (outcome === 'past_due') await startDunning(renewal.id, renewal.title);
  else for (const charge of openCharges) await follow(charge, renewal.id);
  return outcome;
}

function closedOutcome(status: RenewalStatus): ClosedOutcome {
  return status === 'collecting' ? 'not_owed' : status;
}

const DAY_MS = 86_400_000;
