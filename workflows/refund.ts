/**
 * Refund: one sum of one charge on its way back to the customer, until the gateway has said what became of it.
 *
 * It runs again whenever the gateway reports on it: a refund that had arrived may still come back.
 */
import { continueAsNew, workflowInfo } from '@temporalio/workflow';

import type { RefundLook, RefundStatus } from '../domain/refund.js';
import { adoptRefunds, followRefund } from './activities.js';
import { type Watch, watching } from './watch.js';
import { showRefund } from './words.js';

/** A refund of ours; or a charge of which somebody has refunded something at the gateway itself. */
type RefundInput = { readonly renewalId: string } & (
  { readonly refundId: string } | { readonly chargeId: string }
);

interface RefundResult {
  readonly outcome: RefundStatus | 'booked';
}

export function refund(input: RefundInput): Promise<RefundResult> {
  return watching((watch) =>
    'refundId' in input ? follow(watch, input) : adopt(watch, input.chargeId),
  );
}

async function follow(
  watch: Watch,
  input: Extract<RefundInput, { refundId: string }>,
): Promise<RefundResult> {
  let look = await watch.look(() => followRefund(input.refundId));
  while (look.kind === 'open' || watch.hasNews) {
    if (workflowInfo().continueAsNewSuggested && !watch.hasNews)
      return continueAsNew<typeof refund>(input);
    showRefund(input.refundId, look);
    await watch.until(askAgainAt(look), `Awaiting the gateway's word on ${input.refundId}`);
    look = await watch.look(() => followRefund(input.refundId));
  }
  showRefund(input.refundId, look);
  return { outcome: look.status };
}

function askAgainAt(look: RefundLook): number {
  return Date.now() + (look.kind === 'open' ? look.askAgainMs : 0);
}

async function adopt(watch: Watch, chargeId: string): Promise<RefundResult> {
  await watch.look(() => adoptRefunds(chargeId));
  while (watch.hasNews) {
    await watch.until(Date.now(), 'The gateway reported again meanwhile');
    await watch.look(() => adoptRefunds(chargeId));
  }
  return { outcome: 'booked' };
}
