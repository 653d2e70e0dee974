/** What an operator reads in the Temporal UI: current details (Markdown) and the summaries of waits. */
import { setCurrentDetails } from '@temporalio/workflow';

import type { DisputeLook } from '../domain/dispute.js';
import type { Step } from '../domain/dunning.js';
import type { RefundLook } from '../domain/refund.js';

/** What a case looks like to an operator; the activity that decides the next step says it. */
export interface CaseCard {
  readonly title: string;
  readonly stage: string;
  readonly retries: number;
  readonly lastDecline: string;
}

export function showCase(card: CaseCard, step: Step): void {
  setCurrentDetails(
    [
      `### ${card.title}: in recovery`,
      '',
      '| | |',
      '|---|---|',
      `| Next | **${wordsFor(step)}** |`,
      `| When | ${when(step.at)} |`,
      `| Why | ${step.why} |`,
      `| Stage | ${card.stage} |`,
      `| Retries so far | ${card.retries} |`,
      `| Last answer | ${card.lastDecline} |`,
      '',
      'Updates: `retryNow`, `holdUntil`, `writeOff`, `cancelCase`, each with `actor` and `reason`.',
    ].join('\n'),
  );
}

export function showWaiting(title: string, what: string, until: number): void {
  setCurrentDetails(`### ${title}\n\n${what}, until ${when(until)}.`);
}

export function showCollecting(title: string): void {
  setCurrentDetails(`### ${title}\n\nBeing collected now.`);
}

/** While nobody knows whether the money moved nothing else happens to the renewal. */
export function showUnknown(charge: string, why: string): void {
  setCurrentDetails(
    `### ${charge}: outcome unknown\n\n${why}\n\nIt is asked about again by itself; while its key lives it may be sent ` +
      'again under the same key. Whoever sees at the gateway what became of it can send the update `resolveUnknown` ' +
      'with `chargeId`, `outcome` (`succeeded` with `reference`, or `not_sent`), `actor` and `reason`.',
  );
}

export function showParked(why: string): void {
  setCurrentDetails(
    `### Needs attention\n\n${why}\n\nSend the update \`retryNow\` with \`actor\` and \`reason\` to go on.`,
  );
}

export function showRefund(refundId: string, look: RefundLook): void {
  const why = look.kind === 'open' && look.why ? `\n\n${look.why}` : '';
  const next = look.kind === 'open' ? '\n\nIt is asked about again by itself.' : '';
  setCurrentDetails(`### ${refundId}: ${look.status}${why}${next}`);
}

/** Who waits for whom in a dispute, and until when. */
export function showDispute(title: string, look: DisputeLook): void {
  if (look.kind === 'over') return showEnd(title, look.outcome.replace('_', ' '));
  if (look.kind === 'too_early') return showWaiting(title, look.why, look.lookAgainAt);
  const { id, status, inquiry, amount, reason, respondBy, evidence } = look.card;
  setCurrentDetails(
    [
      `### ${title}: ${status.replace('_', ' ')}`,
      '',
      '| | |',
      '|---|---|',
      `| Dispute | ${id}${inquiry ? ', an inquiry: no money has moved' : ''} |`,
      `| Amount | ${amount} |`,
      `| Reason | ${reason} |`,
      `| Evidence | ${evidence}${respondBy ? `, taken until ${when(respondBy)}` : ''} |`,
      `| Looked at again | ${when(look.lookAgainAt)}, or when the gateway reports |`,
      '',
      `Evidence is put with \`PUT /v1/disputes/${id}/evidence\`.`,
    ].join('\n'),
  );
}

/** Why an app has not taken an event yet. */
export function showDelivery(eventId: string, endpointId: string, why: string, at: number): void {
  setCurrentDetails(
    `### ${eventId} for ${endpointId}\n\n${why}\n\nTried again at ${when(at)}; the signal \`wake\` tries now. ` +
      'Later events of the same subscription wait behind it.',
  );
}

export function showEnd(title: string, outcome: string): void {
  setCurrentDetails(`### ${title}: ${outcome}`);
}

/** How far the comparison of an account's books has come. */
export function showReconciling(account: string, what: string): void {
  setCurrentDetails(`### Books of ${account}\n\n${what}`);
}

/** "Enter stage restricted", "Charge again": what a waiting timer is for. */
export function wordsFor(step: Step): string {
  switch (step.kind) {
    case 'retry':
      return `Charge again (${step.round})`;
    case 'enter_stage':
      return `Enter stage "${step.stage}"`;
    case 'await_operator':
      return 'Needs attention: waits for retryNow';
    default:
      return step satisfies never;
  }
}

function when(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
