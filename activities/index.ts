/** Every activity, bound to what it works with. A workflow knows them by these names: renaming one breaks runs. */
import { announceUpcoming } from './announce.js';
import { sealAudit } from './audit.js';
import { commandRenewal, decideCharge, raiseAttention, recordCommand } from './command.js';
import { resolveCharge, submitCharge } from './charge.js';
import { compareBooks } from './compare-books.js';
import type { Deps } from './deps.js';
import { deliverAgain } from './deliver.js';
import { sendOwed } from './dispatch.js';
import { closeDunningCase, enterStage, openDunningCase, readDunningCase } from './dunning-case.js';
import { followDispute, readDisputeTicket } from './follow-dispute.js';
import { healDifferences } from './heal.js';
import { openRenewal } from './open-renewal.js';
import { planCharge } from './plan-charge.js';
import { adoptRefunds } from './adopt-refunds.js';
import { followRefund, readRefundTicket } from './refund.js';
import { bookFees, readBooks } from './read-books.js';
import { beginReconciliation, finishReconciliation, keepReconciling } from './reconcile.js';
import { recordRetry } from './record-retry.js';
import { endOverdue, restartLost } from './sweep.js';

export function createActivities(deps: Deps) {
  return { ...bookActivities(deps), ...gatewayActivities(deps) };
}

export type Activities = ReturnType<typeof createActivities>;

/** They talk to the database and to Temporal, on the default queue. */
export function bookActivities(deps: Deps) {
  return {
    openRenewal: bind(deps, openRenewal),
    planCharge: bind(deps, planCharge),
    openDunningCase: bind(deps, openDunningCase),
    readDunningCase: bind(deps, readDunningCase),
    enterStage: bind(deps, enterStage),
    recordRetry: bind(deps, recordRetry),
    closeDunningCase: bind(deps, closeDunningCase),
    recordCommand: bind(deps, recordCommand),
    commandRenewal: bind(deps, commandRenewal),
    decideCharge: bind(deps, decideCharge),
    raiseAttention: bind(deps, raiseAttention),
    readRefundTicket: bind(deps, readRefundTicket),
    readDisputeTicket: bind(deps, readDisputeTicket),
    sendOwed: () => sendOwed(deps),
    restartLost: () => restartLost(deps),
    endOverdue: () => endOverdue(deps),
    announceUpcoming: () => announceUpcoming(deps),
    keepReconciling: () => keepReconciling(deps),
    sealAudit: () => sealAudit(deps),
    beginReconciliation: bind(deps, beginReconciliation),
    compareBooks: bind(deps, compareBooks),
    bookFees: bind(deps, bookFees),
    finishReconciliation: bind(deps, finishReconciliation),
  };
}

/** They talk to gateways, each on the lane of the charge's gateway account, and to apps, on a lane of their own. */
export function gatewayActivities(deps: Deps) {
  return {
    submitCharge: bind(deps, submitCharge),
    resolveCharge: bind(deps, resolveCharge),
    followRefund: bind(deps, followRefund),
    adoptRefunds: bind(deps, adoptRefunds),
    followDispute: bind(deps, followDispute),
    readBooks: bind(deps, readBooks),
    healDifferences: bind(deps, healDifferences),
    deliverAgain: bind(deps, deliverAgain),
  };
}

function bind<A, R>(deps: Deps, activity: (deps: Deps, argument: A) => Promise<R>) {
  return (argument: A): Promise<R> => activity(deps, argument);
}
