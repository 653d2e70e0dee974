import { z } from 'zod';

import { accountNamed, currency, idOf, shownAccount, webAddress } from './common.js';

const kind = z.enum(['card', 'paypal', 'sepa_debit', 'us_bank_account']);

const address = webAddress(2_000).meta({ example: 'https://app.example.com/billing' });

export const newPaymentMethodSession = z.strictObject({
  customer: idOf('cus'),
  kind,
  gateway_account: accountNamed.optional().meta({
    description:
      "By default the first open account of the routing rule that fits the customer's country, the currency and the " +
      'kind; without such a rule the only open account that offers the kind. Of the mode of the API key.',
  }),
  currency: currency.optional().meta({ description: 'What will be charged, for the rules' }),
  return_url: address.meta({
    description:
      "Where the gateway's page sends the customer who has approved. https, or in test mode this machine",
  }),
  cancel_url: address.meta({ description: 'Where it sends one who has not' }),
});

const shownOnce = 'Kept nowhere; null when a replay cannot fetch it from the gateway once more.';

export const paymentMethodSession = z
  .object({
    reference: z.string().meta({
      description:
        "The gateway's name of it. Where there is a `url`, it is the token to attach once the customer is back.",
    }),
    customer: idOf('cus'),
    kind,
    gateway: z.string(),
    gateway_account: shownAccount,
    url: z
      .string()
      .nullable()
      .meta({
        description: `The gateway's page, to send the customer to. ${shownOnce}`,
      }),
    client_secret: z
      .string()
      .nullable()
      .meta({
        description: `For the gateway's own fields in your page. ${shownOnce}`,
      }),
  })
  .meta({ id: 'PaymentMethodSession' });
