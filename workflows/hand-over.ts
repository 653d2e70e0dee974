/** Handing a renewal over to dunning: a child that outlives its parent, and is linked to it in the Temporal UI. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild, workflowInfo } from '@temporalio/workflow';

import type { RenewalId } from '../domain/ids.js';
import { dunningWorkflowId } from '../domain/workflow-ids.js';
import type { dunning } from './dunning.js';
import { SEARCH_ATTRIBUTES } from './search-attributes.js';

export async function startDunning(renewalId: RenewalId, title: string): Promise<void> {
  try {
    await startChild<typeof dunning>('dunning', {
      workflowId: dunningWorkflowId(renewalId),
      args: [{ renewalId }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `Recovery of ${title}`,
      typedSearchAttributes: workflowInfo().typedSearchAttributes.updateCopy([
        { key: SEARCH_ATTRIBUTES.RenewalId, value: renewalId },
      ]),
    });
  } catch (error) {
    // A run of this case exists already, from before a crash or a reset: the hand-over has happened.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
