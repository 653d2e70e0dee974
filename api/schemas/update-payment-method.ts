import { z } from 'zod';

import { newPaymentMethod } from './payment-method.js';
import { newPaymentMethodSession, paymentMethodSession } from './payment-method-session.js';

const { kind } = newPaymentMethodSession.shape;

export const methodPage = z.object({
  brand: z.string(),
  status: z.enum(['open', 'paid', 'closed']).meta({
    description: 'Only while it is open can a payment method be given here',
  }),
  amount_minor: z.int(),
  currency: z.string(),
  kinds: z.array(kind).meta({ description: 'What can be given' }),
});

export const customersSession = newPaymentMethodSession.pick({
  kind: true,
  return_url: true,
  cancel_url: true,
});

export const shownSession = z.object({
  gateway_account: z.string().meta({ description: 'To be named when the method is attached' }),
  ...paymentMethodSession.pick({
    kind: true,
    reference: true,
    gateway: true,
    url: true,
    client_secret: true,
  }).shape,
});

export const customersMethod = newPaymentMethod.pick({ gateway_account: true, token: true });

export const shownMethod = z.object({ kind: z.string(), display: z.string() });
