/**
 * Dispute: a payer's bank questions a charge, from the first we hear of it until somebody has decided.
 *
 * What a webhook says is never believed: it ends the wait, and each look asks the gateway how the dispute stands. The
 * activity books what is new, reminds of the evidence that is due, and hands in what was put.
 */
import { continueAsNew, workflowInfo } from '@temporalio/workflow';

import type { DisputeLook, DisputeName, DisputeOutcome } from '../domain/dispute.js';
import { followDispute } from './activities.js';
import { watching } from './watch.js';
import { showDispute } from './words.js';

interface DisputeResult {
  readonly outcome: DisputeOutcome;
}

export function dispute(name: DisputeName): Promise<DisputeResult> {
  return watching(async (watch) => {
    const title = `Dispute ${name.reference}`;
    let look = await watch.look(() => followDispute(name));
    while (look.kind !== 'over' || watch.hasNews) {
      if (workflowInfo().continueAsNewSuggested && !watch.hasNews)
        return continueAsNew<typeof dispute>(name);
      showDispute(title, look);
      await watch.until(lookAgainAt(look), wordsFor(look));
      look = await watch.look(() => followDispute(name));
    }
    showDispute(title, look);
    return { outcome: look.outcome };
  });
}

function lookAgainAt(look: DisputeLook): number {
  return look.kind === 'over' ? Date.now() : look.lookAgainAt;
}

function wordsFor(look: DisputeLook): string {
  switch (look.kind) {
    case 'open':
      return look.card.status === 'needs_response'
        ? 'Awaiting our evidence'
        : "Awaiting the bank's decision";
    case 'too_early':
      return 'Awaiting what cannot be seen yet';
    case 'over':
      return 'The gateway reported again meanwhile';
    default:
      return look satisfies never;
  }
}
