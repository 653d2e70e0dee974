import { z } from 'zod';

import {
  accountNamed,
  amountMinor,
  currency,
  idOf,
  metadata,
  shownInstant,
  text,
} from './common.js';
import { country } from './customer.js';

export const methodKind = z
  .string()
  .max(40)
  .regex(/^[a-z][a-z\d_]*$/, { error: 'must be a kind of payment method, such as card' })
  .meta({ description: 'Such as card, paypal, sepa_debit, us_bank_account', example: 'card' });

const amountBound = amountMinor.meta({
  description: 'Included. Needs exactly one currency in `currencies`',
});

const conditions = z
  .strictObject({
    countries: z
      .array(country)
      .min(1)
      .max(300)
      .optional()
      .meta({ description: "The customer's country is one of these" }),
    currencies: z.array(currency).min(1).max(200).optional(),
    method_kinds: z.array(methodKind).min(1).max(20).optional(),
    amount_min: amountBound.optional(),
    amount_max: amountBound.optional(),
    customer_metadata: metadata.optional().meta({ description: 'What the customer must carry' }),
    subscription_metadata: metadata
      .optional()
      .meta({ description: 'What the subscription must carry' }),
  })
  .refine(
    ({ currencies, amount_min, amount_max }) =>
      currencies?.length === 1 || (amount_min === undefined && amount_max === undefined),
    { path: ['currencies'], error: 'must be exactly one where the amount has bounds' },
  )
  .refine(({ amount_min = 0, amount_max = Infinity }) => amount_min <= amount_max, {
    path: ['amount_max'],
    error: 'must not be less than amount_min',
  })
  .meta({ description: 'All of what is given must fit. An empty rule fits everything.' });

const weight = z.int().min(0).max(1_000);

const accounts = z
  .array(
    z.strictObject({
      gateway_account: accountNamed,
      weight: weight.optional().meta({
        description:
          'Those with a weight share the first place: each customer always finds the same one there, and over many ' +
          'customers each is first as often as its weight says. The others follow in the order given.',
      }),
    }),
  )
  .min(1)
  .max(20)
  .meta({
    description:
      'In order of preference, all of one mode. A payment method at an account that is not named here is not charged.',
  });

const name = text(100).meta({ example: 'Cards of Europe' });
const position = z.int().min(0).max(1_000_000).meta({
  description: 'Lower ones are asked first. By default it comes after the last.',
});

export const newRoutingRule = z.strictObject({
  name,
  position: position.optional(),
  conditions: conditions.default({}),
  accounts,
});

export const changedRoutingRule = z.strictObject({
  name: name.optional(),
  position: position.optional(),
  conditions: conditions.optional().meta({ description: 'Replaces all that were there' }),
  accounts: accounts.optional().meta({ description: 'Replaces all that were there' }),
});

/** An account as routing shows it. */
export const routedAccount = z.object({
  id: idOf('gwa'),
  name: z.string(),
  state: z.enum(['open', 'drained', 'closed']),
});

export const ruledAccounts = z.array(
  z.object({ gateway_account: routedAccount, weight: weight.nullable() }),
);

export const routingRule = z
  .object({
    id: idOf('rul'),
    name: z.string(),
    position: z.int(),
    mode: z.enum(['test', 'live']).meta({
      description: 'Of its accounts. About methods of the other mode it says nothing.',
    }),
    conditions: z.object({
      countries: z.array(z.string()).optional(),
      currencies: z.array(z.string()).optional(),
      method_kinds: z.array(z.string()).optional(),
      amount_min: z.int().optional(),
      amount_max: z.int().optional(),
      customer_metadata: z.record(z.string(), z.string()).optional(),
      subscription_metadata: z.record(z.string(), z.string()).optional(),
    }),
    accounts: ruledAccounts,
    created_at: shownInstant,
  })
  .meta({ id: 'RoutingRule' });
