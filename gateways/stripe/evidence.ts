/** Evidence for a dispute at Stripe: files first, each under a key of its own, then all of it is handed in. */
import type Stripe from 'stripe';

import type { Account, Evidence, EvidenceSent } from '../gateway.js';
import { readFailure } from './answers.js';
import { stripeFor } from './client.js';
import { unavailable } from './unavailable.js';

type Fields = Stripe.DisputeUpdateParams.Evidence;

export async function sendEvidence(
  account: Account,
  reference: string,
  evidence: Evidence,
): Promise<EvidenceSent> {
  const excess = whyTooMuch(evidence);
  if (excess !== undefined) return { kind: 'refused', why: excess };
  try {
    return (await standing(account, reference)) ?? (await handIn(account, reference, evidence));
  } catch (error) {
    return failed(error);
  }
}

/** What an earlier send did, or somebody in the dashboard. Undefined: evidence is waited for. */
async function standing(account: Account, reference: string): Promise<EvidenceSent | undefined> {
  const dispute = await stripeFor(account).disputes.retrieve(reference);
  const { status, evidence_details: details } = dispute;
  if (status.startsWith('appeal_'))
    return refused(`${reference} is ${status}: an appeal is handed in in Stripe’s dashboard`);
  if (details.submission_count > 0) return { kind: 'accepted' };
  if (details.past_due) return refused(`The time to answer ${reference} is over`);
  if (!WAITS_FOR_EVIDENCE.has(status)) return refused(`${reference} is ${status} already`);
  return undefined;
}

const WAITS_FOR_EVIDENCE: ReadonlySet<string> = new Set([
  'needs_response',
  'warning_needs_response',
]);

async function handIn(
  account: Account,
  reference: string,
  { key, text, files }: Evidence,
): Promise<EvidenceSent> {
  const fields: Fields = text ? { uncategorized_text: text } : {};
  const { disputes, files: uploads } = stripeFor(account);
  for (const [index, { name, contentType: type, content: data }] of files.entries()) {
    const file = { name, type, data };
    const { id } = await uploads.create(
      { purpose: 'dispute_evidence', file },
      { idempotencyKey: `${key}:file:${index + 1}` },
    );
    fields[FILE_FIELDS[index]!] = id;
  }
  await disputes.update(reference, { evidence: fields, submit: true }, { idempotencyKey: key });
  return { kind: 'accepted' };
}

/** Stripe has one field for whatever file it is. The next go where banks read them all the same. */
const FILE_FIELDS = [
  'uncategorized_file',
  'customer_communication',
  'receipt',
  'service_documentation',
] as const satisfies (keyof Fields)[];

const MOST_CHARACTERS = 20_000;
const MOST_BYTES = 5_000_000;
const TYPES: ReadonlySet<string> = new Set(['application/pdf', 'image/png', 'image/jpeg']);

function whyTooMuch({ text, files }: Evidence): string | undefined {
  if (text.length > MOST_CHARACTERS)
    return `Stripe takes ${MOST_CHARACTERS} characters of evidence, not ${text.length}`;
  if (files.length > FILE_FIELDS.length)
    return `Stripe takes ${FILE_FIELDS.length} files of evidence, not ${files.length}`;
  for (const { name, contentType, content } of files) {
    if (!TYPES.has(contentType)) return `Stripe takes PDF, PNG and JPEG files: ${name} is none`;
    if (content.length > MOST_BYTES) return `Stripe takes files up to 5 MB: ${name} is larger`;
  }
  return undefined;
}

/** Only what Stripe says of this dispute or this evidence ends it: credentials are mended, and rates go down. */
function failed(error: unknown): EvidenceSent {
  const answer = readFailure(error);
  if (answer.kind === 'refused' && answer.parks) return refused(answer.why);
  const { why } = unavailable(error);
  return { kind: 'unavailable', why };
}

function refused(why: string): EvidenceSent {
  return { kind: 'refused', why };
}
