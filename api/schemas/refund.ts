import { z } from 'zod';

import {
  amountMinor,
  idOf,
  needsAttention,
  pageOf,
  reason,
  shownAccount,
  shownInstant,
  workflow,
} from './common.js';

export const newRefund = z.strictObject({
  amount_minor: amountMinor.optional().meta({
    description:
      'Whole minor units of the currency of the charge; everything that is left when absent',
  }),
  kind: z.enum(['requested', 'duplicate', 'fraud']).default('requested').meta({
    description: 'Why, in the words that gateways know. "fraud" may also block the payer there.',
  }),
  reason,
});

export const newApproval = z.strictObject({
  decision: z.enum(['approve', 'reject']),
  reason,
});

export const refundStatus = z.enum([
  'awaiting_approval',
  'planned',
  'submitted',
  'pending',
  'unknown',
  'succeeded',
  'failed',
  'canceled',
]);

export const refundQuery = z.strictObject({
  ...pageOf('rfd'),
  charge: idOf('chg').optional(),
  renewal: idOf('rnw').optional(),
  status: refundStatus.optional(),
});

export const refund = z
  .object({
    id: idOf('rfd'),
    charge: idOf('chg'),
    renewal: idOf('rnw'),
    status: refundStatus,
    amount_minor: z.int(),
    currency: z.string(),
    origin: z.enum(['app', 'policy', 'gateway']).meta({
      description:
        'Whose will it was: an API key, the setting `surplus`, or somebody at the gateway itself',
    }),
    kind: z.enum(['requested', 'duplicate', 'fraud']),
    reason: z.string(),
    failure: z.string().nullable().meta({
      description: 'Of a failed refund: why, as a word for programs',
      example: 'insufficient_balance',
    }),
    why: z.string().nullable().meta({
      description: "The gateway's last word on it, or why it was rejected, for people",
    }),
    needs_attention: needsAttention.nullable(),
    gateway_account: shownAccount,
    gateway_reference: z.string().nullable(),
    requested_by: z.string().nullable().meta({ description: 'The API key that asked for it' }),
    decided_by: z
      .string()
      .nullable()
      .meta({ description: 'The API key that approved or rejected it' }),
    created_at: shownInstant,
    settled_at: shownInstant.nullable(),
    workflow,
  })
  .meta({ id: 'Refund' });
