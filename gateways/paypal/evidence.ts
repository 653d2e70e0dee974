/**
 * Evidence: why the merchant thinks that a disputed charge was right.
 *
 * PayPal takes it as a form of several parts. Its SDK writes every body as UTF-8 text, which a file would not survive:
 * so only text is handed in from here, and files are added on PayPal's own page.
 */
import type { Account, Evidence, EvidenceSent } from '../gateway.js';
import { readFailure, whyNot } from './answers.js';
import { type Said, callPaypal } from './call.js';
import { type Deadline, deadlineIn } from './deadline.js';
import { type PaypalDispute, fetchDispute } from './disputes.js';
import { isGood } from './orders.js';

/** Looks before it sends: that PayPal remembers the key of a call about a dispute is promised nowhere. */
export async function sendEvidence(
  account: Account,
  reference: string,
  evidence: Evidence,
): Promise<EvidenceSent> {
  const unfit = whyUnfit(evidence);
  if (unfit) return { kind: 'refused', why: unfit };
  const deadline = deadlineIn(account.deadlineMs);
  const before = await look(account, reference, evidence, deadline);
  if (before) return before;
  const said = await callPaypal(
    account,
    {
      method: 'POST',
      path: `/v1/customer/disputes/${reference}/provide-evidence`,
      key: evidence.key,
      contentType: `multipart/form-data; boundary=${BOUNDARY}`,
      body: formOf(evidence),
    },
    deadline,
  );
  if (isGood(said)) return { kind: 'accepted' };
  const why = whyNot(said);
  if (!isRefusal(said)) return { kind: 'unavailable', why };
  // It may be the doing of an earlier send that has only now arrived.
  return (await look(account, reference, evidence, deadline)) ?? { kind: 'refused', why };
}

function whyUnfit({ text, files }: Evidence): string | undefined {
  if (files.length > 0) return 'PayPal takes files only on its own page; send the text';
  if (text.trim() === '') return 'There is no text to hand in';
  if (text.length > MOST_CHARACTERS)
    return `PayPal takes ${MOST_CHARACTERS} characters of text; these are ${text.length}`;
  return undefined;
}

const MOST_CHARACTERS = 2000;

/** What is to be said without sending anything; undefined when it is to be sent. */
async function look(
  account: Account,
  reference: string,
  { text }: Evidence,
  deadline: Deadline,
): Promise<EvidenceSent | undefined> {
  const read = await fetchDispute(account, reference, deadline);
  if (read.kind === 'unavailable')
    return { kind: read.missing ? 'refused' : 'unavailable', why: read.why };
  const { status } = read.dispute;
  const handedIn = evidenceOf(read.dispute);
  if (handedIn.includes(text)) return { kind: 'accepted' };
  if (WAITS_FOR_US.has(status)) return undefined;
  if (handedIn.length > 0) return { kind: 'accepted' };
  return { kind: 'refused', why: `${reference} is ${status}: PayPal takes no evidence any more` };
}

const WAITS_FOR_US: ReadonlySet<string> = new Set(['OPEN', 'WAITING_FOR_SELLER_RESPONSE']);

function evidenceOf({ evidences }: PaypalDispute): string[] {
  return evidences
    .filter(({ source }) => source === 'SUBMITTED_BY_SELLER')
    .map(({ notes = '' }) => notes);
}

/** No line of JSON begins with two dashes: the boundary cannot occur inside. */
function formOf({ text }: Evidence): string {
  const input = JSON.stringify({ evidences: [{ evidence_type: 'OTHER', notes: text }] });
  return [
    `--${BOUNDARY}`,
    'Content-Disposition: form-data; name="input"',
    'Content-Type: application/json',
    '',
    input,
    `--${BOUNDARY}--`,
    '',
  ].join('\r\n');
}

const BOUNDARY = 'dunlin-evidence';

function isRefusal(said: Said): boolean {
  const answer = readFailure(said);
  return answer.kind === 'declined' || (answer.kind === 'refused' && answer.parks);
}
