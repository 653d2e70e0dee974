/** Payment pages: the link that a merchant asks for, and what the customer does behind it. */
import { type IssuedLink, issueLink } from '../../activities/payment-link.js';
import type { House } from './house.js';

const addresses = { returnUrl: 'https://app.test/back', cancelUrl: 'https://app.test/canceled' };

/** A link for a renewal, good for a day. */
export function aLink(
  house: House,
  renewalId: string,
  expiresAt = new Date(Date.now() + 86_400_000),
): Promise<IssuedLink> {
  return house.db.$transaction((tx) =>
    issueLink(house.deps, tx, { renewalId, addresses, expiresAt }, new Date()),
  );
}

/** The customer confirms on Stripe's page, by default with a good card. */
export function completeOnPage(
  house: House,
  paymentIntent: string,
  outcome = 'succeeded',
  token = 'pm_card_visa',
) {
  return house.emulator.call('POST', 'complete', { payment_intent: paymentIntent, token, outcome });
}

/** The payments that moved money for a renewal, at both gateways. */
export async function paidAnywhere(house: House, renewalId: string): Promise<number> {
  const { length } = await house.emulator.paid(renewalId);
  return length + (await house.paypal.emulator.paid(renewalId)).length;
}
