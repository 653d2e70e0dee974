/** What people, banks and other systems do at a gateway, and Dunlin is not told of. Each says what must be found. */
import { SECRETS } from '../support/gateways.js';
import type { Injected } from './injections.js';
import type { OneCharge, World } from './population.js';

export function status(
  gateway: Injected['gateway'],
  object: Injected['object'],
  about: string,
): Injected {
  return { type: 'status', object, gateway, about, ends: 'healed' };
}

export async function dashboardRefund({ stripe }: World, { payment: charge }: OneCharge) {
  const asked = { charge, amount_minor: 500, silent: true };
  const { id } = await stripe.emulator.call<{ id: string }>('POST', 'dashboard/refunds', asked);
  return {
    type: 'missing_here',
    object: 'refund',
    gateway: 'stripe',
    about: id,
    ends: 'healed',
  } as const;
}

export async function walletRefund({ paypal }: World, { payment: capture }: OneCharge) {
  const asked = { capture, amount: { currency_code: 'EUR', value: '5.00' }, silent: true };
  const { id } = await paypal.emulator.call<{ id: string }>('POST', 'dashboard/refunds', asked);
  return {
    type: 'missing_here',
    object: 'refund',
    gateway: 'paypal',
    about: id,
    ends: 'healed',
  } as const;
}

export async function silentDispute({ stripe }: World, { payment }: OneCharge) {
  const asked = { silent: true };
  const { id } = await stripe.emulator.call<{ id: string }>(
    'POST',
    `charges/${payment}/dispute`,
    asked,
  );
  return {
    type: 'missing_here',
    object: 'dispute',
    gateway: 'stripe',
    about: id,
    ends: 'healed',
  } as const;
}

export async function reversal({ paypal }: World, { payment, id }: OneCharge) {
  await paypal.emulator.call('POST', `captures/${payment}/reverse`, { silent: true });
  return {
    type: 'missing_here',
    object: 'dispute',
    gateway: 'paypal',
    about: id,
    ends: 'healed',
  } as const;
}

export function marksOf({ stripe }: World, { renewal }: OneCharge) {
  return { metadata: { dunlin_merchant: stripe.account.merchantId, dunlin_renewal: renewal } };
}

async function byHand({ stripe }: World, payment: object): Promise<string> {
  const asked = { currency: 'eur', payment_method: 'pm_card_visa', silent: true, ...payment };
  const { latest_charge: charge } = await stripe.emulator.call<{ latest_charge: string }>(
    'POST',
    'dashboard/payments',
    asked,
  );
  return charge;
}

export async function paidByHand(world: World, charge: OneCharge) {
  const { payer: customer, amount: amount_minor } = charge;
  const about = await byHand(world, { customer, amount_minor, ...marksOf(world, charge) });
  return {
    type: 'missing_here',
    object: 'charge',
    gateway: 'stripe',
    about,
    ends: 'healed',
  } as const;
}

export async function removed({ stripe }: World, object: Injected['object'], source: string) {
  await stripe.emulator.call('POST', 'books', { op: 'remove', source });
  return {
    type: 'missing_there',
    object,
    gateway: 'stripe',
    about: source,
    ends: 'needs_person',
  } as const;
}

export async function removedAtPaypal({ paypal }: World, object: Injected['object'], id: string) {
  await paypal.emulator.call('POST', 'books', { op: 'remove', id });
  return {
    type: 'missing_there',
    object,
    gateway: 'paypal',
    about: id,
    ends: 'needs_person',
  } as const;
}

export async function changed(
  { stripe }: World,
  object: Injected['object'],
  source: string,
  change: { readonly amount_minor: number } | { readonly currency: string },
): Promise<Injected> {
  await stripe.emulator.call('POST', 'books', { op: 'alter', source, ...change });
  const type = 'currency' in change ? 'currency' : 'amount';
  return { type, object, gateway: 'stripe', about: source, ends: 'needs_person' };
}

export async function changedAtPaypal(
  { paypal }: World,
  object: Injected['object'],
  id: string,
  value: string,
  currency_code: string,
): Promise<Injected> {
  await paypal.emulator.call('POST', 'books', {
    op: 'alter',
    id,
    amount: { value, currency_code },
  });
  const type = currency_code === 'EUR' ? 'amount' : 'currency';
  return { type, object, gateway: 'paypal', about: id, ends: 'needs_person' };
}

export async function settled({ stripe }: World, { id, object: payment_intent }: OneCharge) {
  await stripe.emulator.call('POST', 'settle', {
    payment_intent,
    outcome: 'succeeded',
    silent: true,
  });
  return status('stripe', 'charge', id);
}

export async function settledAtPaypal({ paypal }: World, { id, payment: capture }: OneCharge) {
  await paypal.emulator.call('POST', 'settle', { capture, outcome: 'succeeded', silent: true });
  return status('paypal', 'charge', id);
}

export async function failed({ stripe }: World, refund: string) {
  await stripe.emulator.call('POST', `refunds/${refund}/settle`, {
    outcome: 'failed',
    silent: true,
  });
  return status('stripe', 'refund', refund);
}

export async function reinstated({ stripe }: World, dispute: string) {
  await stripe.emulator.call('POST', `disputes/${dispute}/close`, { outcome: 'won', silent: true });
  return status('stripe', 'dispute', dispute);
}

export async function stranger(world: World): Promise<Injected> {
  const answer = await fetch(`${world.stripe.emulator.url}/v1/customers`, {
    method: 'POST',
    headers: { authorization: `Bearer ${SECRETS.BENCH_STRIPE_KEY}` },
  });
  const { id: customer } = (await answer.json()) as { id: string };
  const about = await byHand(world, { customer, amount_minor: 4200 });
  return {
    type: 'unknown_object',
    object: 'charge',
    gateway: 'stripe',
    about,
    ends: 'needs_person',
  };
}

export async function strangerAtPaypal({ paypal }: World): Promise<Injected> {
  const asked = { amount: { currency_code: 'EUR', value: '42.00' }, silent: true };
  const { id } = await paypal.emulator.call<{ id: string }>('POST', 'dashboard/payments', asked);
  return {
    type: 'unknown_object',
    object: 'charge',
    gateway: 'paypal',
    about: id,
    ends: 'needs_person',
  };
}

export async function twin(
  world: World,
  { payer: customer, amount: amount_minor }: OneCharge,
  marks: object,
): Promise<Injected> {
  const about = await byHand(world, { customer, amount_minor, ...marks });
  return { type: 'duplicate', object: 'charge', gateway: 'stripe', about, ends: 'needs_person' };
}

export async function twinAtPaypal(
  { paypal }: World,
  { renewal, amount }: OneCharge,
): Promise<Injected> {
  const value = (amount / 100).toFixed(2);
  const marks = { invoice_id: `${renewal}-9` };
  const asked = { amount: { currency_code: 'EUR', value }, ...marks, silent: true };
  const { id } = await paypal.emulator.call<{ id: string }>('POST', 'dashboard/payments', asked);
  return {
    type: 'duplicate',
    object: 'charge',
    gateway: 'paypal',
    about: id,
    ends: 'needs_person',
  };
}
