import { z } from 'zod';

import { idOf, shownInstant, webAddress } from './common.js';

const address = webAddress(2_000).meta({ example: 'https://app.example.com/billing' });

const WEEK_HOURS = 168;

export const newPaymentLink = z.strictObject({
  return_url: address.meta({
    description: "Where the gateway's page sends a customer who has paid",
  }),
  cancel_url: address.meta({ description: 'Where it sends one who has not' }),
  expires_in_hours: z
    .number()
    .int()
    .min(1)
    .max(30 * 24)
    .default(WEEK_HOURS)
    .meta({ description: 'How long the link waits for its first use' }),
});

export const paymentLink = z
  .object({
    charge: idOf('chg').meta({ description: 'The charge that begins when the link is first used' }),
    renewal: idOf('rnw'),
    expires_at: shownInstant,
    secret: z
      .string()
      .optional()
      .meta({ description: 'Opens the payment. Shown once; a replay leaves it out.' }),
  })
  .meta({ id: 'PaymentLink' });

export const openedPayment = z.object({
  url: z.string().nullable(),
  client_secret: z.string().nullable(),
});
