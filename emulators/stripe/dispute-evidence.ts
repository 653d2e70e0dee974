/** Evidence: what a merchant answers to a dispute. It is staged until it is handed in, and handed in once. */
import type Stripe from 'stripe';
import { z } from 'zod';

import type { Account } from './account.js';
import type { Call } from './call.js';
import { closeDispute, disputeOf } from './disputes.js';
import { invalidRequest, refused } from './errors.js';
import { fileOf } from './files.js';
import { expand, flag, ignored, mergeMetadata, metadata, read } from './params.js';

export function updateDispute({ account, cause, ids, params }: Call): Stripe.Dispute {
  const asked = read(updated, params);
  const old = disputeOf(account, ids['id']!);
  const answers = asked.evidence !== undefined || asked.submit !== undefined;
  const given = givenIn(account, asked.evidence ?? {});
  if (answers) checkOpen(old);
  const answered = answers ? withEvidence(old, given, asked.submit ?? true) : old;
  const dispute = { ...answered, metadata: mergeMetadata(old.metadata, asked.metadata) };
  account.disputes.put(dispute.id, dispute);
  account.emit('charge.dispute.updated', dispute, cause);
  return disputeOf(account, dispute.id);
}

/** The merchant gives up. */
export function acceptDispute({ account, cause, ids, params }: Call): Stripe.Dispute {
  read(z.strictObject({ expand }), params);
  const { id } = disputeOf(account, ids['id']!);
  return closeDispute(account, id, 'lost', cause);
}

function checkOpen({ id, status, evidence_details: details }: Stripe.Dispute): void {
  if (!status.endsWith('needs_response'))
    throw refused(`Dispute ${id} is ${status}: evidence can no longer be submitted.`);
  if (details.past_due) throw refused(`The evidence of dispute ${id} was due before.`);
}

function withEvidence(
  old: Stripe.Dispute,
  given: Partial<Stripe.Dispute.Evidence>,
  submit: boolean,
): Stripe.Dispute {
  const evidence = { ...old.evidence, ...given };
  const details = {
    ...old.evidence_details,
    has_evidence: [...TEXTS, ...FILES].some((field) => evidence[field]),
  };
  const staged = { ...old, evidence, evidence_details: details };
  if (!submit) return staged;
  return {
    ...staged,
    evidence_details: { ...details, submission_count: details.submission_count + 1 },
    status: old.status === 'warning_needs_response' ? 'warning_under_review' : 'under_review',
  };
}

/** An empty string unsets. */
function givenIn(
  account: Account,
  given: NonNullable<z.output<typeof updated>['evidence']>,
): Partial<Stripe.Dispute.Evidence> {
  const values = Object.entries(given).filter((entry) => typeof entry[1] === 'string');
  const all = values.reduce((sum, [, value]) => sum + String(value).length, 0);
  if (all > 150_000) throw invalidRequest('The evidence has too many characters.', undefined);
  for (const field of FILES) {
    const file = given[field];
    if (file) fileOf(account, file, `evidence[${field}]`);
  }
  return Object.fromEntries(values.map(([field, value]) => [field, value || null]));
}

const TEXTS = [
  'access_activity_log',
  'billing_address',
  'cancellation_policy_disclosure',
  'cancellation_rebuttal',
  'customer_email_address',
  'customer_name',
  'customer_purchase_ip',
  'duplicate_charge_explanation',
  'duplicate_charge_id',
  'product_description',
  'refund_policy_disclosure',
  'refund_refusal_explanation',
  'service_date',
  'shipping_address',
  'shipping_carrier',
  'shipping_date',
  'shipping_tracking_number',
  'uncategorized_text',
] as const;

const FILES = [
  'cancellation_policy',
  'customer_communication',
  'customer_signature',
  'duplicate_charge_documentation',
  'receipt',
  'refund_policy',
  'service_documentation',
  'shipping_documentation',
  'uncategorized_file',
] as const;

const piece = z.string().max(20_000).optional();

function pieces<const Name extends string>(names: readonly Name[]): Record<Name, typeof piece> {
  return Object.fromEntries(names.map((name) => [name, piece])) as Record<Name, typeof piece>;
}

const updated = z.strictObject({
  evidence: z
    .strictObject({
      ...pieces(TEXTS),
      ...pieces(FILES),
      appeal: ignored,
      enhanced_evidence: ignored,
    })
    .optional(),
  expand,
  intended_submission_method: ignored,
  metadata: metadata.optional(),
  submit: flag.optional(),
});
