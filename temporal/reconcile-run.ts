/** The run that compares one account's books, started by its schedule or by somebody who asks. */
import { reconcileWorkflowId } from '../domain/workflow-ids.js';
import { attributes } from '../workflows/search-attributes.js';

export interface ReconciledAccount {
  readonly id: string;
  readonly merchantId: string;
}

export function reconcileRun({ id, merchantId }: ReconciledAccount, taskQueue: string) {
  return {
    workflowType: 'reconcile',
    workflowId: reconcileWorkflowId(id),
    taskQueue,
    args: [{ gatewayAccountId: id }],
    staticSummary: `Compares the books of ${id} with ours`,
    typedSearchAttributes: attributes({ MerchantId: merchantId }),
  };
}
