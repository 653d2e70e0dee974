/** Launching: the few ways in which the rest of Dunlin speaks to its workflows. */
import {
  type Client,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';

import type { ChargeTicket } from '../domain/charge.js';
import type { DisputeName } from '../domain/dispute.js';
import { DomainError } from '../domain/errors.js';
import type { SubscriptionId } from '../domain/ids.js';
import { parsePeriodStart, periodStartText, renewalWorkflowId } from '../domain/workflow-ids.js';
import type { HoldWish, Verdict, Wish } from '../workflows/messages.js';
import { attributes } from '../workflows/search-attributes.js';
import { type Reconciling, reconciling } from './reconciling.js';

/** A row owed to Temporal, as PostgreSQL keeps it. */
export interface OwedMessage {
  readonly id: string;
  readonly merchantId: string;
  readonly workflowType: string;
  readonly workflowId: string;
  readonly input: unknown;
  readonly kind: string;
  readonly notBefore: Date | null;
}

export interface RunAddress {
  readonly merchantId: string;
  readonly workflowType: 'renewal' | 'dunning' | 'refund' | 'dispute' | 'delivery';
  readonly workflowId: string;
  readonly input: RunInput;
  /** For operators' filters, where the input does not name it. */
  readonly subscriptionId?: string;
}

type RunInput = RenewalInput | DunningInput | RefundInput | DisputeName | DeliveryInput;

interface RenewalInput {
  readonly subscriptionId: string;
  readonly periodStart: string;
}

interface DunningInput {
  readonly renewalId: string;
}

/** One refund of ours, or the ones that somebody made of a charge at the gateway. */
type RefundInput = { readonly renewalId: string } & (
  { readonly refundId: string } | { readonly chargeId: string }
);

interface DeliveryInput {
  readonly subscriptionId: string;
  readonly eventId: string;
  readonly endpointId: string;
}

/** The updates an operator may send, and what each needs to say. */
interface Wishes {
  readonly retryNow: Wish;
  readonly holdUntil: HoldWish;
  readonly writeOff: Wish;
  readonly cancelCase: Wish;
  readonly resolveUnknown: Verdict;
}

export interface Launch extends Reconciling {
  /** Starts the sleeping run of a period; the one that exists already counts. */
  startRenewal(run: {
    readonly merchantId: string;
    readonly subscriptionId: string;
    readonly periodStart: number;
    readonly wakeAt: number;
  }): Promise<void>;
  /** Sends what a row owes: a start, or a wake that starts the run if there is none. */
  send(owed: OwedMessage): Promise<void>;
  /** Starts a run at once; the one that exists already counts. */
  start(address: RunAddress): Promise<void>;
  /** Tells the run that owns a charge to ask its gateway now; started if there is none. */
  reportCharge(address: RunAddress, charge: ChargeTicket): Promise<void>;
  /** An operator's wish, answered once the run has taken it. Sent once. Refusals are conflicts. */
  wish<K extends keyof Wishes>(
    workflowId: string,
    kind: K,
    wish: Wishes[K],
    commandId: string,
  ): Promise<void>;
  /** Ends a sleeping run that nobody needs. Sent once; a leftover wakes, sees, and ends. */
  terminateSleeper(workflowId: string, reason: string): Promise<void>;
  isRunning(workflowId: string): Promise<boolean>;
  /** Resolves when Temporal answers. */
  ping(): Promise<void>;
}

const REUSE = {
  // A terminated run can be started again: the guards against doing a thing twice are rows.
  workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  workflowIdConflictPolicy: 'USE_EXISTING',
} as const;

export function launchOn(client: Client, taskQueue: string): Launch {
  const { workflow } = client;

  function startOptions(address: RunAddress) {
    const { workflowId, input, merchantId, subscriptionId } = address;
    const named = {
      ...(subscriptionId && { SubscriptionId: subscriptionId }),
      ...('subscriptionId' in input && { SubscriptionId: input.subscriptionId }),
      ...('renewalId' in input && { RenewalId: input.renewalId }),
    };
    return {
      ...REUSE,
      taskQueue,
      workflowId,
      args: [input] as [unknown],
      staticSummary: summaryOf(input),
      typedSearchAttributes: attributes({ MerchantId: merchantId, ...named }),
    };
  }

  return {
    async startRenewal({ merchantId, subscriptionId, periodStart, wakeAt }) {
      const workflowId = renewalWorkflowId(subscriptionId as SubscriptionId, periodStart);
      const input = { subscriptionId, periodStart: periodStartText(periodStart) };
      const address = { merchantId, workflowType: 'renewal', workflowId, input } as const;
      const startDelay = Math.max(0, wakeAt - Date.now());
      await workflow.start('renewal', { ...startOptions(address), startDelay });
    },

    async send(owed) {
      const address = owed as RunAddress & OwedMessage;
      const options = startOptions(address);
      if (owed.kind === 'start') {
        const startDelay = Math.max(0, (owed.notBefore?.getTime() ?? 0) - Date.now());
        await workflow.start(owed.workflowType, { ...options, startDelay });
      } else {
        const signal = { signal: 'wake', signalArgs: [{ id: owed.id }] };
        await workflow.signalWithStart(owed.workflowType, { ...options, ...signal });
      }
    },

    async start(address) {
      await workflow.start(address.workflowType, startOptions(address));
    },

    async reportCharge(address, charge) {
      const signal = { signal: 'gatewayEvent', signalArgs: [{ charge }] };
      await workflow.signalWithStart(address.workflowType, { ...startOptions(address), ...signal });
    },

    wish: (workflowId, kind, wish, commandId) =>
      sendWish(client, workflowId, kind, { args: [wish], updateId: commandId }),

    ...reconciling(client, taskQueue),

    async terminateSleeper(workflowId, reason) {
      try {
        await workflow.getHandle(workflowId).terminate(reason);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },

    async isRunning(workflowId) {
      try {
        return (await workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },

    async ping() {
      await client.withDeadline(Date.now() + 2_000, () => client.workflowService.getSystemInfo({}));
    },
  };
}

const UPDATE_DEADLINE_MS = 10_000;

async function sendWish(
  client: Client,
  workflowId: string,
  kind: string,
  update: { readonly args: [Wish]; readonly updateId: string },
): Promise<void> {
  try {
    await client.withDeadline(Date.now() + UPDATE_DEADLINE_MS, () =>
      client.workflow.getHandle(workflowId).executeUpdate<void, [Wish]>(kind, update),
    );
  } catch (error) {
    throw refusal(error);
  }
}

function refusal(error: unknown): unknown {
  if (error instanceof WorkflowUpdateFailedError)
    return new DomainError('conflict', 'refused', error.cause?.message ?? 'The run refused it');
  if (error instanceof WorkflowNotFoundError)
    return new DomainError('conflict', 'not_running', 'No run is working on it any more');
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)
    return new DomainError(
      'unavailable',
      'no_worker',
      'No worker took the command in time: try again',
    );
  return error;
}

/** One line for the list and the header of a run. What it says must stay true: no amount, which may change. */
function summaryOf(input: RunInput): string {
  if ('endpointId' in input) return `Delivery of ${input.eventId} to ${input.endpointId}`;
  if ('refundId' in input) return `Refund ${input.refundId}`;
  if ('chargeId' in input) return `Refunds made of ${input.chargeId} at the gateway`;
  if ('reference' in input) return `Dispute ${input.reference}`;
  if ('renewalId' in input) return `Recovery of ${input.renewalId}`;
  const day = new Date(parsePeriodStart(input.periodStart)).toISOString().slice(0, 10);
  return `Billing of ${input.subscriptionId} for the period from ${day}`;
}
