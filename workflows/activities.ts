/** How activities are called: their timeouts and retries, and what becomes of a step that nobody foresaw. */
import {
  ActivityFailure,
  type ActivityFunctionWithOptions,
  ApplicationFailure,
  proxyActivities,
} from '@temporalio/workflow';

import type { Activities } from '../activities/index.js';
import type { ChargeOutcome, ChargeTicket } from '../domain/charge.js';
import { deskOfThisRun } from './desk.js';
import { showParked } from './words.js';

/** They talk to the database only, and are safe to repeat at any time. */
const books = proxyActivities<Activities>({
  startToCloseTimeout: '10 seconds',
  retry: {
    initialInterval: '500 ms',
    maximumInterval: '1 minute',
    // A quarter of an hour; then the run parks, and goes on trying once an hour.
    maximumAttempts: 20,
    nonRetryableErrorTypes: ['DomainError'],
  },
});

export const openRenewal = parking(summed(books.openRenewal, 'Open the period'));
export const planCharge = parking(summed(books.planCharge, 'Plan the next charge'));
export const openDunningCase = parking(summed(books.openDunningCase, 'Open a dunning case'));
export const readDunningCase = parking(summed(books.readDunningCase, 'See what comes next'));
export const enterStage = parking(summed(books.enterStage, 'Enter the stage'));
export const recordRetry = parking(summed(books.recordRetry, 'Record what became of the retry'));
export const recordCommand = parking(summed(books.recordCommand, 'Record the command'));
export const closeDunningCase = parking(summed(books.closeDunningCase, 'Close the case as unpaid'));
export const commandRenewal = parking(summed(books.commandRenewal, 'Record the command'));

/** Calling somebody is worth a try, not a failed run: the sweep and the next day call again. */
export function raiseAttention(...attention: Parameters<Activities['raiseAttention']>) {
  return unlessItFails(books.raiseAttention(...attention));
}

export const { sendOwed, restartLost, endOverdue } = proxyActivities<Activities>({
  startToCloseTimeout: '10 minutes',
  // A worker that was killed must not keep the next sweep waiting.
  heartbeatTimeout: '1 minute',
  retry: { maximumAttempts: 3 },
});

/** Sends a charge, on the lane of its gateway account. */
export function submitCharge(charge: ChargeTicket): Promise<ChargeOutcome> {
  return parking((id: string) => onLane(charge, 'Send').submitCharge(id))(charge.id);
}

export function resolveCharge(charge: ChargeTicket): Promise<ChargeOutcome> {
  return parking((id: string) => onLane(charge, 'Ask about').resolveCharge(id))(charge.id);
}

export function decideCharge(...decision: Parameters<Activities['decideCharge']>) {
  return parking(summed(books.decideCharge, 'Record the verdict'))(...decision);
}

function onLane(charge: ChargeTicket, verb: string) {
  return proxyActivities<Activities>({
    taskQueue: charge.lane,
    startToCloseTimeout: charge.timeoutMs,
    // A lane that nobody serves any more must become somebody's task.
    scheduleToStartTimeout: '1 day',
    summary: `${verb} ${charge.title}`,
    retry: {
      initialInterval: '1 second',
      maximumInterval: '1 minute',
      // A gateway's silence is a value: what fails so often is a fault of ours. The run parks and repeats it hourly.
      maximumAttempts: 50,
      nonRetryableErrorTypes: ['DomainError'],
    },
  });
}

/** An activity with the words under which the Temporal UI's timeline shows it. */
function summed<A, R>(
  activity: ActivityFunctionWithOptions<(argument: A) => Promise<R>>,
  summary: string,
) {
  return (argument: A): Promise<R> =>
    activity.executeWithOptions({ summary }, [argument]) as Promise<R>;
}

/** A run never dies of a surprise: the step waits for a person, and is repeated when they say so. */
function parking<A extends unknown[], R>(step: (...args: A) => Promise<R>) {
  return async (...args: A): Promise<R> => {
    for (;;) {
      try {
        return await step(...args);
      } catch (error) {
        if (!(error instanceof ActivityFailure)) throw error;
        await waitForAPerson(messageOf(error));
      }
    }
  };
}

async function waitForAPerson(why: string): Promise<void> {
  const desk = deskOfThisRun();
  showParked(why);
  const { renewalId } = desk;
  if (renewalId) await unlessItFails(books.raiseAttention({ renewalId, why, next: REPEATS }));
  const command = await desk.park(REPEAT_AFTER);
  if (command?.kind === 'retryNow' && renewalId)
    await unlessItFails(books.recordCommand({ renewalId, command, repeatsStep: true }));
  // Whatever else was asked is heeded by the story itself, once this step is done.
  else if (command) desk.take(command);
}

const REPEAT_AFTER = '1 hour';
const REPEATS = 'The step is repeated every hour, or when an operator sends retryNow';

/** The database itself may be what fails: the run is parked all the same. */
async function unlessItFails(step: Promise<unknown>): Promise<void> {
  try {
    await step;
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
  }
}

function messageOf(failure: ActivityFailure): string {
  const { cause } = failure;
  const said = cause instanceof ApplicationFailure ? cause.message : String(cause);
  return `The step ${failure.activityType} failed: ${said}`;
}
