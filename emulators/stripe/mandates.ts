/** Mandates: the owner's permission to debit a bank account. Without a valid one nothing is attempted. */
import type Stripe from 'stripe';
import { z } from 'zod';

import { newId } from '../common/ids.js';
import { type Account, NOBODY } from './account.js';
import type { Call } from './call.js';
import { noSuch } from './errors.js';
import { expand, ignored, integer, read, text } from './params.js';

export const mandateData = z.strictObject({
  customer_acceptance: z.strictObject({
    accepted_at: integer.optional(),
    offline: ignored,
    online: z.strictObject({ ip_address: text, user_agent: text }).optional(),
    type: z.enum(['offline', 'online']),
  }),
});

export type MandateData = z.output<typeof mandateData>;

export function retrieveMandate({ account, ids, params }: Call): Stripe.Mandate {
  read(z.strictObject({ expand }), params);
  return mandateOf(account, ids['id']!);
}

export function giveMandate(
  account: Account,
  method: Stripe.PaymentMethod,
  { customer_acceptance: acceptance }: MandateData,
  status: 'active' | 'pending' = 'active',
): Stripe.Mandate {
  const { type, accepted_at: acceptedAt, online } = acceptance;
  const mandate: Stripe.Mandate = {
    id: newId('mandate'),
    object: 'mandate',
    customer_acceptance: {
      accepted_at: acceptedAt ?? account.clock.seconds(),
      ...(type === 'online'
        ? { online: online ?? { ip_address: null, user_agent: null } }
        : { offline: {} }),
      type,
    },
    livemode: false,
    multi_use: {},
    payment_method: method.id,
    payment_method_details: detailsOf(method),
    status,
    type: 'multi_use',
  };
  account.mandates.put(mandate.id, mandate);
  return mandate;
}

/** Once its bank account is verified. */
export function activateMandate(account: Account, id: string): void {
  const mandate = mandateOf(account, id);
  if (mandate.status !== 'pending') return;
  const active: Stripe.Mandate = { ...mandate, status: 'active' };
  account.mandates.put(id, active);
  account.emit('mandate.updated', active, NOBODY, { status: 'pending' });
}

/** The newest that is valid. */
export function activeMandate(account: Account, method: string): Stripe.Mandate | undefined {
  return account.mandates
    .all()
    .findLast((mandate) => mandate.payment_method === method && mandate.status === 'active');
}

/** The owner has told the bank to pay no more of these debits. */
export function withdrawMandate(account: Account, method: string): void {
  for (const mandate of account.mandates.all()) {
    if (mandate.payment_method !== method || mandate.status !== 'active') continue;
    const inactive: Stripe.Mandate = { ...mandate, status: 'inactive' };
    account.mandates.put(inactive.id, inactive);
    account.emit('mandate.updated', inactive, NOBODY, { status: 'active' });
  }
}

/** Failures and disputes that say that there is no permission. */
export function deniesMandate(reason: string): boolean {
  return reason === 'debit_not_authorized' || reason === 'authorization_revoked';
}

function mandateOf(account: Account, id: string): Stripe.Mandate {
  const mandate = account.mandates.get(id);
  if (!mandate) throw noSuch('mandate', id, 'mandate');
  return mandate;
}

function detailsOf({ type }: Stripe.PaymentMethod): Stripe.Mandate.PaymentMethodDetails {
  if (type !== 'sepa_debit') return { type, us_bank_account: {} };
  const reference = newId('EMU', 14).replace('_', '');
  const url = `https://hooks.stripe.com/adapter/sepa_debit/file/${reference}`;
  return { type, sepa_debit: { reference, url } };
}
