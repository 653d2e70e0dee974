import { z } from 'zod';

import { idOf, shownInstant, text } from './common.js';

export const newPaymentMethod = z.strictObject({
  gateway_account: text(64).meta({
    description: 'Id or name of the gateway account that made the token',
    example: 'stripe-eu',
  }),
  token: text(255).meta({
    description: "What the gateway's own fields gave for the card. Never a card number.",
    example: 'pm_card_visa',
  }),
  default: z.boolean().default(true).meta({ description: 'Whether renewals are charged to it' }),
  gateway_customer: text(255).optional().meta({
    description: "The gateway's customer, if one exists already",
    example: 'cus_NffrFeUfNV2Hib',
  }),
});

export const paymentMethod = z
  .object({
    id: idOf('pm'),
    customer: idOf('cus'),
    gateway: z.string().meta({ example: 'stripe' }),
    gateway_account: idOf('gwa'),
    kind: z.string().meta({ example: 'card' }),
    display: z.string().meta({ example: 'Visa ···4242' }),
    default: z.boolean(),
    created_at: shownInstant,
    disabled_at: shownInstant.nullable(),
  })
  .meta({ id: 'PaymentMethod' });
