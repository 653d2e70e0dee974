/** What happens after the answer: pending payments settle, customers authenticate, refunds fail, disputes open. */
import type Stripe from 'stripe';

import { type Account, causeOf } from './account.js';
import type { Task } from './agenda.js';
import { openDispute } from './disputes.js';
import { isDebit } from './debit-fates.js';
import { debitFailure, declineOf } from './declines.js';
import { refused } from './errors.js';
import { judge } from './fates.js';
import { approve, decline, park } from './payment-outcomes.js';
import { paymentIntentOf, unexpectedState } from './payment-intents.js';
import { failRefund, settleRefund } from './refunds.js';

/** An appointment may find that somebody else has settled the matter: then there is nothing to do. */
export function perform(account: Account, task: Task): void {
  switch (task.kind) {
    case 'settle_payment':
      if (account.paymentIntents.get(task.id)?.status === 'processing')
        settlePayment(account, task.id, task.decline);
      return;
    case 'settle_refund':
      if (account.refunds.get(task.id)?.status === 'pending') settleRefund(account, task.id);
      return;
    case 'fail_refund':
      if (account.refunds.get(task.id)?.status !== 'failed') failRefund(account, task.id);
      return;
    case 'open_dispute':
      if (!account.charges.get(task.id)?.disputed) openDispute(account, task.id, task);
  }
}

export function settlePayment(
  account: Account,
  id: string,
  declineCode: string | undefined,
): Stripe.PaymentIntent {
  const intent = paymentIntentOf(account, id);
  if (intent.status !== 'processing') throw unexpectedState(intent, 'settled');
  const cause = causeOf(account, id);
  if (declineCode === undefined) return approve(account, intent, cause);
  const kind = account.paymentMethods.get(intent.payment_method as string)?.type;
  const reason = isDebit(kind) ? debitFailure(declineCode) : declineOf(declineCode);
  return decline(account, intent, reason, cause);
}

/** The customer has come back from 3-D Secure. */
export function authenticate(account: Account, id: string, passed: boolean): Stripe.PaymentIntent {
  const intent = paymentIntentOf(account, id);
  if (intent.status !== 'requires_action') throw unexpectedState(intent, 'authenticated');
  const state = account.cardStates.get(intent.payment_method as string);
  if (!state) throw refused('This PaymentIntent has no payment method to authenticate.');
  const cause = causeOf(account, id);
  const attempt = { ...intent, next_action: null };
  if (!passed)
    return decline(account, attempt, declineOf('payment_intent_authentication_failure'), cause);
  const verdict = judge(state, { offSession: false, authenticated: true });
  if (verdict.kind === 'declined') return decline(account, attempt, verdict.decline, cause);
  if (verdict.kind === 'pending') return park(account, attempt, verdict, cause);
  return approve(account, attempt, cause);
}
