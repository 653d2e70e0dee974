/** Executing a call: the endpoint's reply or refusal, and what the request id stands for afterwards. */
import { z } from 'zod';

import { type Answer, type Incoming, header, jsonAnswer } from '../common/exchange.js';
import type { Fault } from '../common/faults.js';
import type { Found } from '../common/routing.js';
import type { Account } from './account.js';
import type { Call, Endpoint } from './call.js';
import { toldOf } from './dispute-view.js';
import { disputeOf } from './disputes.js';
import { PaypalError, refused } from './errors.js';
import {
  type Idempotency,
  type Kept,
  type KeyedRequest,
  type Resource,
  keptSeconds,
} from './idempotency.js';
import { renderOrder } from './orders.js';
import { paymentTokenOf, renderPaymentToken } from './payment-tokens.js';
import { refundOf, renderRefund } from './refunds.js';
import { renderSetupToken } from './setup-tokens.js';

/** One call on its way. */
export interface Passage {
  readonly incoming: Incoming;
  readonly debugId: string;
  /** Undefined at the doors that are open to everybody. */
  readonly account: Account | undefined;
  readonly open: (() => Answer) | undefined;
  readonly found: Found<Endpoint> | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  readonly fault: Fault | undefined;
}

/** Undefined for a call that repeats its effect when it is repeated. */
export function keyOf({ incoming, account, found }: Passage): KeyedRequest | undefined {
  if (!account || !found || keptSeconds(found.name) === undefined) return undefined;
  const id = header(incoming, 'paypal-request-id');
  const place = { field: 'PayPal-Request-Id', location: 'header' } as const;
  if (id === undefined) {
    if (found.name.startsWith('POST /v3/vault')) throw refused('PAYPAL_REQUEST_ID_REQUIRED', place);
    return undefined;
  }
  if (id.length > 108) throw refused('INVALID_STRING_LENGTH', place);
  return { account: account.id, name: found.name, id };
}

type Worded = (error: unknown, debugId: string) => Answer;

export function executor(
  idempotency: Idempotency,
  worded: Worded,
): (passage: Passage, keyed: KeyedRequest | undefined) => Answer {
  return (passage, keyed) => {
    const { fault, debugId } = passage;
    const real = perform(passage, keyed);
    return fault?.fault === 'error_after'
      ? worded(refused('INTERNAL_SERVER_ERROR'), debugId)
      : real;
  };

  /** In one commit with the effect: a request id is kept exactly when what it did is. */
  function perform(passage: Passage, keyed: KeyedRequest | undefined): Answer {
    try {
      if (passage.open) return passage.open();
      const { account, found } = passage;
      if (!account || !found) throw new PaypalError(404, []);
      refuseOnRequest(passage.incoming);
      const call = callOf(passage, account, found.ids, keyed);
      const { status, body, made } = found.endpoint(call);
      if (keyed && made) idempotency.keep(keyed, { made });
      return body ? jsonAnswer(status, body) : { status, headers: {}, body: '' };
    } catch (error) {
      const answer = worded(error, passage.debugId);
      const isDecline = error instanceof PaypalError && error.executed && error.status < 500;
      if (keyed && isDecline && passage.account?.settings().replay_declines) {
        const { status, body } = answer;
        idempotency.keep(keyed, { refusal: { status, body } });
      }
      return answer;
    }
  }
}

/** A repeat is answered with how things are now. */
export function replayed({ incoming, account }: Passage, kept: Kept): Answer {
  if ('refusal' in kept) {
    const { status, body } = kept.refusal;
    return { ...jsonAnswer(status, null), body };
  }
  return jsonAnswer(200, represent(account!, kept.made, wantsMinimal(incoming)));
}

function represent(account: Account, { kind, id }: Resource, minimal: boolean): object {
  switch (kind) {
    case 'order':
      return renderOrder(account, id, minimal);
    case 'refund':
      return renderRefund(account, refundOf(account, id), minimal);
    case 'dispute':
      return toldOf(account, disputeOf(account, id));
    case 'setup_token':
      return renderSetupToken(account, account.setupTokens.get(id)!);
    case 'payment_token':
      return renderPaymentToken(account, paymentTokenOf(account, id));
  }
}

function callOf(
  { incoming, body }: Passage,
  account: Account,
  ids: Record<string, string>,
  keyed: KeyedRequest | undefined,
): Call {
  const query = Object.fromEntries(new URLSearchParams(incoming.query));
  const minimal = wantsMinimal(incoming);
  return { account, requestId: keyed?.id ?? null, ids, body, raw: incoming.body, query, minimal };
}

function wantsMinimal(incoming: Incoming): boolean {
  const prefer = header(incoming, 'prefer') ?? 'return=minimal';
  if (prefer !== 'return=minimal' && prefer !== 'return=representation')
    throw refused('INVALID_PARAMETER_VALUE', { field: 'Prefer', location: 'header' });
  return prefer === 'return=minimal';
}

/** PayPal's negative testing: the header names the issue to be refused with. */
function refuseOnRequest(incoming: Incoming): void {
  const asked = header(incoming, 'paypal-mock-response');
  if (asked === undefined || !incoming.path.startsWith('/v2/')) return;
  const mock = mockResponse.safeParse(asked);
  if (!mock.success)
    throw refused('INVALID_PARAMETER_SYNTAX', {
      field: 'PayPal-Mock-Response',
      location: 'header',
    });
  throw refused(mock.data.mock_application_codes);
}

const mockResponse = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue('It is not JSON.');
      return z.NEVER;
    }
  })
  .pipe(z.strictObject({ mock_application_codes: z.string().regex(/^[A-Z][A-Z0-9_]+$/) }));
