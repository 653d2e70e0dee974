/** How activities are called: their timeouts and retries, and what becomes of a step that nobody foresaw. */
import {
  ActivityFailure,
  type ActivityFunctionWithOptions,
  ApplicationFailure,
  TimeoutFailure,
  proxyActivities,
  workflowInfo,
} from '@temporalio/workflow';

import type { Activities } from '../activities/index.js';
import type { Healed, Healing } from '../activities/heal.js';
import type { BooksRead } from '../activities/read-books.js';
import type { ChargeOutcome, ChargeTicket } from '../domain/charge.js';
import type { DeliveryTicket } from '../activities/deliver.js';
import { type DeliveryTry, deliveryLane } from '../domain/delivery.js';
import type { DisputeLook, DisputeName, DisputeTicket } from '../domain/dispute.js';
import type { ReconcileTicket } from '../domain/reconciliation.js';
import type { RefundLook, RefundTicket } from '../domain/refund.js';
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

export const { sendOwed, restartLost, endOverdue, announceUpcoming, keepReconciling, sealAudit } =
  proxyActivities<Activities>({
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

/** One look at a refund, on the lane of its gateway account. It is repeated until it was had. */
export function followRefund(refundId: string): Promise<RefundLook> {
  const readTicket = () => patient.readRefundTicket({ refundId });
  return onLaneOfNow(readTicket, 'Follow', (lane) => lane.followRefund(refundId));
}

/** Books what somebody has refunded of a charge at the gateway itself. */
export function adoptRefunds(chargeId: string): Promise<number> {
  const readTicket = () => patient.readRefundTicket({ chargeId });
  return onLaneOfNow(readTicket, 'Book the', (lane) => lane.adoptRefunds(chargeId));
}

/** One look at a dispute, on the lane of its gateway account. It is repeated until it was had. */
export function followDispute(name: DisputeName): Promise<DisputeLook> {
  const readTicket = () => patient.readDisputeTicket(name);
  return onLaneOfNow(readTicket, 'Look at', (lane) => lane.followDispute(name));
}

async function onLaneOfNow<R>(
  readTicket: () => Promise<RefundTicket | DisputeTicket>,
  verb: string,
  look: (lane: Pick<Activities, 'followRefund' | 'adoptRefunds' | 'followDispute'>) => Promise<R>,
): Promise<R> {
  for (;;) {
    const { lane, timeoutMs, title } = await readTicket();
    try {
      return await look(
        proxyActivities<Activities>({
          taskQueue: lane,
          startToCloseTimeout: timeoutMs,
          // An account may have got another lane: then it is looked for there.
          scheduleToStartTimeout: '1 hour',
          summary: `${verb} ${title}`,
          retry: PATIENCE,
        }),
      );
    } catch (error) {
      if (!(error instanceof ActivityFailure && error.cause instanceof TimeoutFailure)) throw error;
    }
  }
}

/** One more try at bringing an event to an endpoint. What an app answers is a value; only our own faults repeat it. */
export function deliverAgain(ticket: DeliveryTicket): Promise<DeliveryTry> {
  const lane = proxyActivities<Activities>({
    taskQueue: deliveryLane(workflowInfo().taskQueue),
    startToCloseTimeout: '30 seconds',
    summary: `Try ${ticket.retry} at delivering ${ticket.eventId}`,
    retry: PATIENCE,
  });
  return lane.deliverAgain(ticket);
}

/** What fails is tried until it works: nobody is kept waiting but this run, whose pending activity shows why. */
const PATIENCE = { initialInterval: '1 second', maximumInterval: '10 minutes' } as const;

const patient = proxyActivities<Activities>({ startToCloseTimeout: '10 seconds', retry: PATIENCE });

/** Many rows of ours, in pages: what fails again and again fails this comparison, and the next one begins anew. */
export const { beginReconciliation, compareBooks, bookFees, finishReconciliation } =
  proxyActivities<Activities>({
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: '1 minute',
    retry: { maximumAttempts: 10, maximumInterval: '1 minute' },
  });

export function readBooks(ticket: ReconcileTicket, page: string | undefined): Promise<BooksRead> {
  return onBooksLane(ticket, 'Read').readBooks({ reconciliationId: ticket.id, page });
}

export function healDifferences(ticket: ReconcileTicket, at?: Healing['at']): Promise<Healed> {
  return onBooksLane(ticket, 'Heal').healDifferences({ ticket, at });
}

function onBooksLane({ lane, title }: ReconcileTicket, verb: string) {
  return proxyActivities<Activities>({
    taskQueue: lane,
    startToCloseTimeout: '20 minutes',
    heartbeatTimeout: '2 minutes',
    scheduleToStartTimeout: '1 hour',
    summary: `${verb} the books of ${title}`,
    retry: { maximumAttempts: 10, maximumInterval: '1 minute' },
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

export function messageOf(failure: ActivityFailure): string {
  const { cause } = failure;
  const said = cause instanceof ApplicationFailure ? cause.message : String(cause);
  return `The step ${failure.activityType} failed: ${said}`;
}
