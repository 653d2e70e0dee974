/** What PayPal's answers, and the lack of them, say about a charge. */
import type { Answer, FrozenCharge } from '../gateway.js';
import { isAmount } from './amount.js';
import type { Answered, Said } from './call.js';
import { classOfIssue, classifyDecline } from './declines.js';
import { type Issue, type IssueKind, issueKind, issuesIn } from './issues.js';
import { type Capture, type Order, capturesOf } from './objects.js';
import { invoiceOf, readRequest } from './request.js';

/** `reread`: it was read back after the fact, so that an error in the making is over by now. */
interface Reading {
  readonly reread: boolean;
}

/**
 * Reads an order of this charge. Its status says how far the order got, not whether money moved: a completed order
 * may hold a declined capture. Undefined: nothing was captured, and it depends on the order's kind what that means.
 */
export function readOrder(
  order: Order,
  charge: FrozenCharge,
  reading: Reading,
): Answer | undefined {
  const { id: reference } = order;
  if (!isOurs(order.purchase_units?.[0] ?? {}, charge))
    return unknown(`${reference} is not the order of this charge`, { attention: true });
  const capture = weightiest(capturesOf(order));
  if (capture)
    return readCapture(capture, reference, charge, {
      ...reading,
      brand: order.payment_source?.card?.brand,
    });
  if (order.status === 'COMPLETED')
    return unknown(`${reference} is completed, but shows no capture`, {
      reference,
      attention: reading.reread,
    });
  if (order.status === 'VOIDED') return { kind: 'gone', why: `${reference} was voided` };
  return undefined;
}

/** Whose it is, as far as it says. */
function isOurs(
  said: { custom_id?: string | undefined; invoice_id?: string | undefined },
  charge: FrozenCharge,
): boolean {
  const { custom_id: owner = charge.id, invoice_id: invoice } = said;
  const ours = invoiceOf(readRequest(charge.request));
  return owner === charge.id && (invoice === undefined || invoice === ours);
}

/** Of several captures of one order, the one that says most about money. */
function weightiest(captures: readonly Capture[]): Capture | undefined {
  return captures.toSorted((a, b) => weight(b) - weight(a))[0];
}

function weight({ status }: Capture): number {
  const place = ['DECLINED', 'FAILED', 'REVERSED', 'PENDING'].indexOf(status);
  return place < 0 ? 4 : place;
}

export function readCapture(
  capture: Capture,
  reference: string,
  charge: FrozenCharge,
  { reread, brand }: Reading & { readonly brand?: string | undefined },
): Answer {
  const { id: chargeReference, status } = capture;
  if (!isOurs(capture, charge))
    return unknown(`${chargeReference} is not the capture of this charge`, { attention: true });
  const says = { reference, chargeReference };
  switch (status) {
    case 'COMPLETED':
    // It was paid; what was given back since is another matter.
    case 'REFUNDED':
    case 'PARTIALLY_REFUNDED':
      return isAmount(capture.amount, charge.amount)
        ? { kind: 'succeeded', ...says }
        : anotherAmount(capture, reference);
    case 'PENDING':
      return isAmount(capture.amount, charge.amount)
        ? { kind: 'pending', ...says, askAgainMs: askAgain(capture), ...merchantsPart(capture) }
        : anotherAmount(capture, reference);
    case 'DECLINED':
      return { kind: 'declined', ...says, decline: declineOf(capture, brand) };
    case 'REVERSED':
      return {
        kind: 'returned',
        ...says,
        decline: classifyDecline({ issue: 'CAPTURE_REVERSED', at: Date.now() }),
      };
    case 'FAILED':
      if (!reread) return unknown(`${chargeReference} failed while it was captured`, { reference });
      return {
        kind: 'declined',
        ...says,
        decline: classifyDecline({ issue: 'CAPTURE_FAILED', at: Date.now() }),
      };
    default:
      return unknown(`${chargeReference} is ${status}`, { reference });
  }
}

function anotherAmount({ id, status, amount }: Capture, reference: string): Answer {
  const said = amount ? `${amount.currency_code} ${amount.value}` : 'an unnamed amount';
  return unknown(`${id} is ${status} for ${said}, not what was asked for`, {
    reference,
    attention: true,
  });
}

/** Held until somebody accepts it in the merchant's own PayPal account: no waiting ends that. */
function merchantsPart({ id, status_details: details }: Capture): { readonly needs?: string } {
  if (!details?.reason || !MERCHANT_MUST_ACT.has(details.reason)) return {};
  return { needs: `PayPal holds ${id} (${details.reason}): accept it in the PayPal account` };
}

const MERCHANT_MUST_ACT: ReadonlySet<string> = new Set([
  'RECEIVING_PREFERENCE_MANDATES_MANUAL_ACTION',
  'INTERNATIONAL_WITHDRAWAL',
  'UNILATERAL',
  'VERIFICATION_REQUIRED',
]);

function askAgain({ status_details: details }: Capture): number {
  return details?.reason === 'ECHECK' ? 24 * HOUR : 6 * HOUR;
}

const HOUR = 3_600_000;

function declineOf(capture: Capture, brand: string | undefined) {
  const { processor_response: response, status_details: details } = capture;
  return classifyDecline({
    // A wallet's payment is often declined without a word of why.
    issue: details?.reason ?? (response?.response_code ? undefined : 'CAPTURE_DECLINED'),
    responseCode: response?.response_code,
    adviceCode: response?.payment_advice_code,
    brand,
    at: Date.now(),
  });
}

/** Reads what came instead of an order. Only what is listed as definite is definite. */
export function readFailure(said: Said): Answer {
  switch (said.kind) {
    case 'answered':
      return readRefusal(said);
    case 'unsent':
      return { kind: 'unreachable', why: said.why };
    case 'unreadable':
      return unknown(said.why, { serverError: said.serverError });
    case 'unusable':
      return { ...said, kind: 'refused', parks: false };
    default:
      return said satisfies never;
  }
}

function readRefusal(said: Answered): Answer {
  const { status } = said;
  if (status >= 500) return unknown(`PayPal answered ${describe(said)}`, { serverError: true });
  const issues = issuesIn(said);
  if (issues.length === 0 || status < 400)
    return unknown(`PayPal answered ${status} in no form of its own`);
  const issue = decisive(issues);
  const kind = issueKind(issue.name);
  if (kind === 'duplicate') return { kind: 'duplicate' };
  if (kind === 'already_done' || kind === 'in_progress' || status === 409)
    return unknown(`PayPal answered ${describe(said)}`);
  if (status === 429) return refused(said, { attention: false, parks: false });
  if (status === 401 || kind === 'account_fault')
    return refused(said, { attention: true, parks: false });
  if (kind === 'request_fault') return refused(said, { attention: true, parks: true });
  if (status === 422 || classOfIssue(issue.name))
    return {
      kind: 'declined',
      decline: refusalDecline(issue),
      ...((status !== 422 || UNKNOWN_THERE.has(issue.name)) && { unknownThere: true }),
    };
  if (PRECEDES_EXECUTION.has(status))
    return refused(said, { attention: true, parks: status !== 403 });
  return unknown(`PayPal answered ${describe(said)}`);
}

const UNKNOWN_THERE: ReadonlySet<string> = new Set([
  'TOKEN_ID_NOT_FOUND',
  'IDENTIFIER_NOT_FOUND',
  'INVALID_RESOURCE_ID',
  'BILLING_AGREEMENT_NOT_FOUND',
]);

const PRECEDES_EXECUTION: ReadonlySet<number> = new Set([400, 403, 404, 415]);

/** What says that money may have moved comes first, then what we know at all. */
function decisive(issues: readonly Issue[]): Issue {
  return (
    issues.find(({ name }) => MAY_BE_PAID.has(issueKind(name))) ??
    issues.find(({ name }) => issueKind(name) ?? classOfIssue(name)) ??
    issues[0]!
  );
}

const MAY_BE_PAID: ReadonlySet<IssueKind | undefined> = new Set([
  'duplicate',
  'already_done',
  'in_progress',
] as const);

function refusalDecline({ name, description }: Issue) {
  const message = description && `${name}: ${description}`;
  return classifyDecline({ issue: name, message, at: Date.now() });
}

function refused(
  said: Answered,
  { attention, parks }: { readonly attention: boolean; readonly parks: boolean },
): Answer {
  const why = `PayPal refused the request: ${describe(said)}`;
  return { kind: 'refused', why, attention, parks, retryAfterMs: said.retryAfterMs };
}

/** "422 INSTRUMENT_DECLINED UNPROCESSABLE_ENTITY: The instrument … (debug id 90957fca61718)". */
function describe(said: Answered): string {
  const issues = issuesIn(said);
  const names = issues.map(({ name }) => name).join(' ');
  const text = [`${said.status} ${names}`.trim(), issues[0]?.description]
    .filter(Boolean)
    .join(': ');
  return said.debugId ? `${text} (debug id ${said.debugId})` : text;
}

/** Why a call told us nothing, in one sentence. */
export function whyNot(said: Said): string {
  return said.kind === 'answered' ? `PayPal answered ${describe(said)}` : said.why;
}

export function unknown(
  why: string,
  more: {
    readonly reference?: string | undefined;
    readonly serverError?: boolean;
    readonly attention?: boolean;
  } = {},
): Extract<Answer, { kind: 'unknown' }> {
  return { kind: 'unknown', why, ...more };
}
