/** Comparing books: now, because somebody asks, or again and again by a schedule. */
import type { Client } from '@temporalio/client';

import { ensureReconciliation } from './connect.js';
import { type ReconciledAccount, reconcileRun } from './reconcile-run.js';

export interface Reconciling {
  /** Compares the books of an account with ours now; a comparison under way already counts. */
  reconcile(account: ReconciledAccount): Promise<void>;
  /** Makes sure that they are compared again and again by themselves. */
  keepReconciling(account: ReconciledAccount, everyMs: number): Promise<void>;
}

export function reconciling(client: Client, taskQueue: string): Reconciling {
  /** Accounts whose schedule this process has seen. */
  const kept = new Set<string>();
  return {
    async reconcile(account) {
      const { workflowType, ...options } = reconcileRun(account, taskQueue);
      await client.workflow.start(workflowType, {
        ...options,
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'USE_EXISTING',
      });
    },

    async keepReconciling(account, everyMs) {
      if (kept.has(account.id)) return;
      await ensureReconciliation(client, taskQueue, account, everyMs);
      kept.add(account.id);
    },
  };
}
