/** Every type of event there is, and what it says. Whatever is recorded fits in here; tests see to it. */
import { z } from 'zod';

import { amountMinor, currency, idOf, shownInstant } from './common.js';
import { DISPUTE_STATUSES } from './dispute.js';
import { refundStatus } from './refund.js';
import { RENEWAL_STATUSES } from './renewal.js';
import { SERVICES, SUBSCRIPTION_STATUSES } from './subscription.js';

const money = { amount_minor: amountMinor, currency };

const renewal = z.strictObject({
  renewal: idOf('rnw'),
  subscription: idOf('sub'),
  status: z.enum(RENEWAL_STATUSES),
  ...money,
  period_start: shownInstant,
  period_end: shownInstant.meta({ example: '2027-01-01T09:00:00.000Z' }),
});

const debit = z.strictObject({
  renewal: idOf('rnw'),
  subscription: idOf('sub'),
  payment_method: idOf('pm'),
  ...money,
  debit_at: shownInstant,
});

const subscription = z.strictObject({
  subscription: idOf('sub'),
  status: z.enum(SUBSCRIPTION_STATUSES).exclude(['past_due']),
  service: z.enum(SERVICES),
});

const dunningCase = z.strictObject({
  dunning_case: idOf('dnc'),
  renewal: idOf('rnw'),
  subscription: idOf('sub'),
});

const opened = dunningCase.extend({
  decline_class: z.string().meta({ example: 'insufficient_funds' }),
});

const stage = dunningCase.extend({ stage: z.string().meta({ example: 'restricted' }) });

const refund = z.strictObject({
  refund: idOf('rfd'),
  charge: idOf('chg'),
  renewal: idOf('rnw'),
  status: refundStatus,
  origin: z.enum(['app', 'policy', 'gateway']),
  reason: z.string().meta({ example: 'The customer was billed for a seat they had removed' }),
  ...money,
  failure: z.string().nullable().meta({ example: null }),
});

const dispute = z.strictObject({
  dispute: idOf('dis'),
  charge: idOf('chg'),
  renewal: idOf('rnw'),
  subscription: idOf('sub'),
  ...money,
  reason: z.string().meta({ example: 'fraudulent' }),
  inquiry: z.boolean().meta({ description: 'A question only: no money has moved' }),
  status: z.enum(DISPUTE_STATUSES),
  respond_by: shownInstant.nullable(),
});

interface EventType {
  /** When it is told, as a sentence. */
  readonly when: string;
  readonly payload: z.ZodObject;
  /** What the example says in place of each schema's own. */
  readonly example?: Readonly<Record<string, unknown>>;
}

const of = (payload: z.ZodObject, when: string, example?: EventType['example']): EventType => ({
  when,
  payload,
  ...(example && { example }),
});

export const EVENT_TYPES: Readonly<Record<string, EventType>> = {
  'subscription.created': of(subscription, 'A subscription was made.'),
  'subscription.updated': of(subscription, 'Its terms or its payment method were changed.'),
  'subscription.paused': of(subscription, 'It was paused.', { status: 'paused' }),
  'subscription.resumed': of(subscription, 'It goes on after a pause.'),
  'subscription.cancellation_scheduled': of(
    subscription,
    'It will end with the period that is under way.',
  ),
  'subscription.canceled': of(subscription, 'It was canceled and is over.', {
    status: 'canceled',
    service: 'ended',
  }),
  'subscription.ended': of(subscription, 'It has run through all its cycles.', {
    status: 'ended',
    service: 'ended',
  }),
  'renewal.debit_announced': of(debit, 'A bank debit will be taken on that day.'),
  'renewal.paid': of(renewal, 'The money of a period has been collected.', { status: 'paid' }),
  'renewal.payment_declined': of(renewal, 'A charge of it was declined.'),
  'renewal.payment_returned': of(renewal, "The payer's bank took its money back.", {
    status: 'past_due',
  }),
  'renewal.surplus_payment': of(renewal, 'Money arrived for it that nobody owed.', {
    status: 'paid',
  }),
  'renewal.surplus_applied': of(
    renewal,
    'Its payment went back, and surplus money of it that was held pays it.',
    {
      status: 'paid',
    },
  ),
  'renewal.unpaid': of(renewal, 'Its recovery ended without the money.', { status: 'unpaid' }),
  'renewal.canceled': of(renewal, 'It is owed no more.', { status: 'canceled' }),
  'renewal.written_off': of(renewal, 'An operator gave its debt up.', { status: 'written_off' }),
  'dunning_case.opened': of(opened, 'The recovery of a declined renewal begins.'),
  'dunning_case.stage_entered': of(stage, 'The recovery has reached a stage of its policy.'),
  'dunning_case.recovered': of(dunningCase, 'The money came after all.'),
  'dunning_case.unpaid': of(dunningCase, 'The recovery ended without the money.'),
  'dunning_case.canceled': of(dunningCase, 'Its renewal is owed no more.'),
  'service.restricted': of(dunningCase, 'Give the customer less than everything.'),
  'service.suspended': of(dunningCase, 'Give the customer nothing for now.'),
  'service.ended': of(dunningCase, 'The service is over.'),
  'service.restored': of(dunningCase, 'Give the customer everything again.'),
  'refund.awaiting_approval': of(refund, 'It needs the approval of a second API key.'),
  'refund.requested': of(refund, 'It will be made.', { status: 'planned' }),
  'refund.found': of(refund, 'Somebody made it at the gateway itself.', {
    status: 'succeeded',
    origin: 'gateway',
    reason: 'Made at the gateway on 2026-12-01',
  }),
  'refund.succeeded': of(refund, 'The money has gone back.', { status: 'succeeded' }),
  'refund.failed': of(refund, 'The money has not gone back.', {
    status: 'failed',
    failure: 'insufficient_balance',
  }),
  'refund.canceled': of(refund, 'Its approval was refused, or the gateway canceled it.', {
    status: 'canceled',
  }),
  'dispute.opened': of(dispute, "A payer's bank questions a charge."),
  'dispute.evidence_due': of(dispute, 'Evidence is still missing, and time runs out.'),
  'dispute.evidence_submitted': of(dispute, 'Evidence was handed in.', { status: 'under_review' }),
  'dispute.funds_withdrawn': of(dispute, 'The money was taken meanwhile.'),
  'dispute.funds_reinstated': of(dispute, 'The money came back.', { status: 'won' }),
  'dispute.won': of(dispute, 'It was decided for the merchant.', { status: 'won' }),
  'dispute.lost': of(dispute, 'It was decided for the payer.', { status: 'lost' }),
  'dispute.closed': of(dispute, 'It ended without a decision.', { status: 'closed' }),
};

/** What an app receives. Fields may come in later versions: who reads it ignores those it does not know. */
export function messageOf(type: string, { payload, when }: EventType) {
  return z
    .looseObject({
      id: idOf('evt').meta({ description: 'The same in every try: do nothing twice for it' }),
      type: z.literal(type),
      created_at: shownInstant,
      sequence: z.int().meta({
        description: 'Counts the events of one subscription, without a gap',
        example: 7,
      }),
      subscription: idOf('sub'),
      data: payload.loose(),
    })
    .meta({ description: when });
}

interface JsonSchema {
  readonly example?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

/** A message of that type as an app would see it, made from its schema. */
export function exampleOf(type: string): Record<string, unknown> {
  const kind = EVENT_TYPES[type]!;
  const schema = z.toJSONSchema(messageOf(type, kind)) as JsonSchema;
  const message = sampleOf(schema) as { data: object };
  return { ...message, data: { ...message.data, ...kind.example } };
}

function sampleOf(schema: JsonSchema): unknown {
  if ('example' in schema) return schema.example;
  if ('const' in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return sampleOf(schema.anyOf[0]!);
  if (schema.type === 'boolean') return false;
  const fields = Object.entries(schema.properties ?? {});
  return Object.fromEntries(fields.map(([name, field]) => [name, sampleOf(field)]));
}
