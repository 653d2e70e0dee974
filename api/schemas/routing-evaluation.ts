import { z } from 'zod';

import { amountMinor, currency, idOf, metadata } from './common.js';
import { country } from './customer.js';
import { methodKind, routedAccount, ruledAccounts } from './routing-rule.js';

const IMAGINED = {
  customer: idOf('cus').optional().meta({
    description: 'Whose country and metadata count where none are given, and for whom weights draw',
  }),
  country: country.optional(),
  currency: currency.optional(),
  amount_minor: amountMinor.optional(),
  method_kind: methodKind.optional(),
  customer_metadata: metadata.optional(),
  subscription_metadata: metadata.optional(),
  mode: z
    .enum(['test', 'live'])
    .optional()
    .meta({ description: 'Of the accounts, by default that of the API key' }),
};

type Asked = Partial<Record<keyof typeof IMAGINED | 'renewal' | 'subscription', unknown>>;

export const newEvaluation = z
  .strictObject({
    renewal: idOf('rnw').optional(),
    subscription: idOf('sub').optional(),
    ...IMAGINED,
  })
  .superRefine((asked: Asked, context) => {
    const refuse = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: [field], message });
    const isReal = asked.renewal !== undefined || asked.subscription !== undefined;
    if (isReal) {
      if (asked.renewal !== undefined && asked.subscription !== undefined)
        refuse('subscription', 'cannot be named beside a renewal');
      for (const field of Object.keys(IMAGINED) as (keyof typeof IMAGINED)[])
        if (asked[field] !== undefined)
          refuse(field, 'follows from the renewal or the subscription that is named');
    } else
      for (const field of ['currency', 'amount_minor', 'method_kind'] as const)
        if (asked[field] === undefined)
          refuse(field, 'is required, unless a renewal or a subscription is named');
  });

const method = { payment_method: idOf('pm'), kind: z.string(), gateway_account: routedAccount };

/** Of something real. */
const routed = z.object({
  candidates: z
    .array(
      z.object({
        ...method,
        fallback: z.boolean().meta({
          description:
            'Another card or account than the chosen one: tried only if the dunning policy allows it',
        }),
        why: z.string(),
      }),
    )
    .meta({ description: 'In the order in which they are tried' }),
  excluded: z
    .array(z.object({ ...method, why: z.string() }))
    .meta({ description: 'What is not charged' }),
});

/** Of something imagined. */
const ruled = z.object({
  rule: z.object({ id: idOf('rul'), name: z.string() }).nullable(),
  accounts: ruledAccounts.meta({ description: 'In the order in which they are tried' }),
  why: z.string(),
});

export const evaluation = z.union([routed, ruled]).meta({ id: 'RoutingEvaluation' });
