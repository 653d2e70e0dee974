/** The clocks of runs: Temporal moves each ahead by itself, while the machine's and the gateways' go on as ever. */
import { randomUUID } from 'node:crypto';

import type { Parts } from '../../processes/compose.js';

/** Moves a run's clock ahead by so much, through whatever falls due on the way, and waits until that is done. */
export async function fastForward(parts: Parts, workflowId: string, ms: number): Promise<void> {
  const id = randomUUID();
  const duration = { seconds: Math.round(ms / 1000) };
  await skip(parts, workflowId, { fastForwardConfig: { id, duration }, maxSessionSkipCount: MANY });
  const { client, target } = parts;
  const asked = {
    namespace: target.namespace,
    workflowExecution: { workflowId },
    fastForwardId: id,
  };
  for (;;) {
    const polled = await client.workflowService.pollWorkflowExecutionTimeSkipping(asked as never);
    if (polled.fastForwardPollingResult === COMPLETED) return;
    if (polled.fastForwardPollingResult === FAILED)
      throw new Error(`${workflowId} was not moved: ${polled.failedReason}`);
  }
}

/** Lets a run pass over its next few waits, each as soon as nothing of it is under way, and no more than those. */
export function skipWaits(parts: Parts, workflowId: string, count: number): Promise<void> {
  return skip(parts, workflowId, { maxSessionSkipCount: count });
}

async function skip({ client, target }: Parts, workflowId: string, how: object): Promise<void> {
  await client.workflowService.updateWorkflowExecutionOptions({
    namespace: target.namespace,
    workflowExecution: { workflowId },
    // What it starts, such as a recovery, keeps to the machine's clock.
    workflowExecutionOptions: {
      timeSkippingConfig: { enabled: true, disablePropagation: true, ...how },
    },
    updateMask: { paths: ['time_skipping_config'] },
  } as never);
}

const MANY = 1_000;
/** `FastForwardPollingResult` of Temporal's protocol. */
const COMPLETED = 2;
const FAILED = 3;
