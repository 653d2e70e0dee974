/** What happens after the answer: pending captures and refunds settle, buyers dispute. */
import type { Account, Task } from './account.js';
import { settleCapture } from './captures.js';
import { openDispute } from './disputes.js';
import { settleRefund } from './refunds.js';

/** An appointment may find that somebody else has settled the matter: then there is nothing to do. */
export function perform(account: Account, task: Task): void {
  switch (task.kind) {
    case 'settle_capture':
      if (account.captures.get(task.id)?.status === 'PENDING')
        settleCapture(account, task.id, task.outcome);
      return;
    case 'settle_refund':
      if (account.refunds.get(task.id)?.status === 'PENDING')
        settleRefund(account, task.id, task.outcome);
      return;
    case 'open_dispute':
      if (account.captures.get(task.id)?.dispute === undefined)
        openDispute(account, task.id, { reason: task.reason });
  }
}
