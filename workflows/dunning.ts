/**
 * Dunning: the patient recovery of one unpaid renewal.
 *
 * The rules are pure and live in domain/dunning.ts; activities apply them to what is in the database and name the next
 * step. This file waits for that step, does it, and lets an operator, a new card or a cancellation interrupt the wait.
 */
import { continueAsNew } from '@temporalio/workflow';

import type { Decision, Step } from '../domain/dunning.js';
import type { RenewalId } from '../domain/ids.js';
import {
  closeDunningCase,
  enterStage,
  readDunningCase,
  recordCommand,
  recordRetry,
} from './activities.js';
import { askAboutReported, collect, follow } from './collect.js';
import { atDesk } from './desk.js';
import type { Command } from './messages.js';
import { showCase, showEnd, wordsFor } from './words.js';

export interface DunningInput {
  readonly renewalId: RenewalId;
}

export interface DunningResult {
  readonly outcome: 'recovered' | 'unpaid' | 'canceled';
}

export function dunning({ renewalId }: DunningInput): Promise<DunningResult> {
  return atDesk(async (desk) => {
    desk.renewalId = renewalId;
    let decision = await readDunningCase(renewalId);
    while (decision.kind === 'next') {
      if (desk.isFull) return continueAsNew<typeof dunning>({ renewalId });
      const { step } = decision;
      showCase(decision, step);
      const command = await desk.until(step.at, wordsFor(step));
      if (command) decision = await heed(command, renewalId);
      else if (step.kind === 'enter_stage')
        decision = await enterStage({ renewalId, stage: step.stage });
      else if (step.kind === 'await_operator') decision = await readDunningCase(renewalId);
      else decision = await retry(step, renewalId);
    }
    const outcome = await close(decision, renewalId);
    await askAboutReported();
    return { outcome };
  });
}

type Retry = Extract<Step, { kind: 'retry' }>;

async function retry(step: Retry, renewalId: RenewalId): Promise<Decision> {
  const collection = await collect({ renewalId, owner: 'dunning' }, step.round);
  return recordRetry({ renewalId, step, collection });
}

/** A wake says that the facts have changed; a wish is recorded first, and becomes a fact by that. */
async function heed(command: Command, renewalId: RenewalId): Promise<Decision> {
  if (command.kind !== 'wake') return recordCommand({ renewalId, command });
  await askAboutReported();
  return readDunningCase(renewalId);
}

async function close(
  decision: Exclude<Decision, { kind: 'next' }>,
  renewalId: RenewalId,
): Promise<DunningResult['outcome']> {
  if (decision.kind === 'exhausted') {
    const outcome = await closeDunningCase(renewalId);
    showEnd(decision.title, outcome);
    return outcome;
  }
  // Nothing is owed here any more, but a charge that is still open is followed to its end.
  for (const charge of decision.openCharges) await follow(charge, renewalId);
  showEnd(decision.title, decision.outcome);
  return decision.outcome;
}
