/** Connecting to Temporal, and making sure that its namespace has what Dunlin needs. */
import {
  Client,
  Connection,
  ScheduleNotFoundError,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
} from '@temporalio/client';

import { reconcileWorkflowId } from '../domain/workflow-ids.js';
import { SEARCH_ATTRIBUTES } from '../workflows/search-attributes.js';
import { type ReconciledAccount, reconcileRun } from './reconcile-run.js';

export interface TemporalTarget {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
}

/** Lazy: a process can start, and answer that it is not ready, while Temporal is away. */
export function connectLazily({ address, namespace }: TemporalTarget): Client {
  return new Client({ connection: Connection.lazy({ address }), namespace });
}

/** Creates what is missing, changes nothing that exists, and sweeps once. Safe for any number of processes. */
export async function prepareNamespace(client: Client, target: TemporalTarget): Promise<void> {
  await registerSearchAttributes(client, target.namespace);
  await ensureSweep(client, target.taskQueue);
  // What a crash left behind need not wait for the next turn.
  await client.schedule.getHandle(sweepOn(target.taskQueue)).trigger();
}

const ALREADY_EXISTS = 6;
/** `INDEXED_VALUE_TYPE_KEYWORD` of Temporal's protocol. */
const KEYWORD = 2;

async function registerSearchAttributes(client: Client, namespace: string): Promise<void> {
  const { operatorService } = client.connection as Connection;
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const missing = Object.keys(SEARCH_ATTRIBUTES).filter((name) => !(name in customAttributes));
  if (missing.length === 0) return;
  const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
  try {
    await operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    if ((error as { code?: number }).code !== ALREADY_EXISTS) throw error;
  }
}

function sweepOn(taskQueue: string): string {
  return `sweep/${taskQueue}`;
}

/** One sweep every two minutes for the whole installation, however many workers it has. */
async function ensureSweep(client: Client, taskQueue: string): Promise<void> {
  const scheduleId = sweepOn(taskQueue);
  await ensureSchedule(client, {
    scheduleId,
    spec: { intervals: [{ every: '2 minutes' }] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 hour' },
    action: {
      type: 'startWorkflow',
      workflowType: 'sweep',
      workflowId: scheduleId,
      taskQueue,
      args: [],
      staticSummary: 'Repairs what a crash left between PostgreSQL and Temporal',
    },
  });
}

/** One comparison of an account's books per interval; accounts do not all begin in the same moment. */
export async function ensureReconciliation(
  client: Client,
  taskQueue: string,
  account: ReconciledAccount,
  everyMs: number,
): Promise<void> {
  const workflowId = reconcileWorkflowId(account.id);
  await ensureSchedule(client, {
    scheduleId: workflowId,
    spec: { intervals: [{ every: everyMs }], jitter: Math.min(everyMs / 4, LONGEST_JITTER_MS) },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' },
    action: { type: 'startWorkflow', ...reconcileRun(account, taskQueue) },
  });
}

const LONGEST_JITTER_MS = 900_000;

async function ensureSchedule(client: Client, options: ScheduleOptions): Promise<void> {
  try {
    await client.schedule.getHandle(options.scheduleId).describe();
    return;
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
  try {
    await client.schedule.create(options);
  } catch (error) {
    // Another process was faster.
    if ((error as Error).name !== 'ScheduleAlreadyRunning') throw error;
  }
}
