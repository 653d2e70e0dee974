import { z } from 'zod';

import { accountNamed, idOf, shownAccount, shownInstant, text } from './common.js';

const instrument = z
  .string()
  .max(100)
  .regex(/^[A-Za-z\d][\w.:-]*$/, { error: 'must be letters, digits and any of . : _ -' })
  .meta({
    description:
      'Your own name of the card or account behind it: methods with the same one are one instrument at several ' +
      'gateways',
    example: 'ada-visa-4242',
  });

export const newPaymentMethod = z.strictObject({
  gateway_account: accountNamed.meta({
    description: 'Id or name of the gateway account that made the token',
  }),
  token: text(255).meta({
    description:
      "What the gateway's own fields gave, or the `reference` of a session that the customer has approved on the " +
      "gateway's page. Never a card number.",
    example: 'pm_card_visa',
  }),
  instrument: instrument.optional(),
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
    gateway_account: shownAccount,
    kind: z.string().meta({ example: 'card' }),
    instrument: z.string().nullable(),
    display: z.string().meta({ example: 'Visa ···4242' }),
    default: z.boolean(),
    created_at: shownInstant,
    disabled_at: shownInstant.nullable(),
  })
  .meta({ id: 'PaymentMethod' });
