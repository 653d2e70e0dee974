/** Setup tokens: a payer's leave to save a method, to be exchanged for a payment token within three days. */
import { z } from 'zod';

import { type Account, fateOf, isoTime } from './account.js';
import { type Call, type Reply, link, ok } from './call.js';
import { noSuch, refused } from './errors.js';
import { newId } from './ids.js';
import {
  type Instrument,
  cardOf,
  fateByName,
  passesLuhn,
  vaulted,
  TEST_CARDS,
  walletOf,
} from './instruments.js';
import { read } from './params.js';
import { setupTokenRequest } from './vault-params.js';

export interface SetupToken {
  readonly id: string;
  readonly status: 'PAYER_ACTION_REQUIRED' | 'APPROVED' | 'VAULTED';
  readonly customer: { readonly id: string; readonly merchant_customer_id?: string | undefined };
  readonly instrument: Instrument;
  readonly return_url: string | undefined;
  readonly cancel_url: string | undefined;
  /** Milliseconds since 1970. */
  readonly created: number;
}

export function createSetupToken({ account, body }: Call): Reply {
  const asked = read(setupTokenRequest, body);
  const { card, paypal } = asked.payment_source;
  if (card && !passesLuhn(card.number))
    throw refused('INVALID_PARAMETER_VALUE', {
      field: '/payment_source/card/number',
      location: 'body',
    });
  const id = newId();
  const context = (card ?? paypal)?.experience_context;
  const { experience_context: _, shipping: __, ...usage } = paypal ?? {};
  const token: SetupToken = {
    id,
    status: card ? 'APPROVED' : 'PAYER_ACTION_REQUIRED',
    customer: { ...asked.customer, id: asked.customer?.id ?? newId(10) },
    instrument: card ? cardOf(card) : walletOf(id, usage),
    return_url: context?.return_url,
    cancel_url: context?.cancel_url,
    created: account.clock.now(),
  };
  account.setupTokens.put(id, token);
  account.fates.put(id, { fate: fateByName(card?.name), refusals: 0 });
  return { status: 201, body: renderSetupToken(account, token), made: { kind: 'setup_token', id } };
}

export function retrieveSetupToken({ account, ids, query }: Call): Reply {
  read(z.strictObject({}), query, 'query');
  const token = account.setupTokens.get(ids['id']!);
  if (!token || isExpired(account, token)) throw noSuch();
  return ok(renderSetupToken(account, token));
}

/** The payer's word, spoken through the control API or on the approval page. */
export function approveSetupToken(account: Account, id: string, fate?: string): SetupToken {
  const token = account.setupTokens.get(id);
  if (!token) throw noSuch();
  if (token.status === 'VAULTED') throw refused('TOKEN_ALREADY_VAULTED');
  const approved: SetupToken = { ...token, status: 'APPROVED' };
  account.setupTokens.put(id, approved);
  if (fate) account.fates.put(id, { fate, refusals: 0 });
  return approved;
}

/** For tests and samples: approved from the beginning, with a fate. */
export function grantSetupToken(
  account: Account,
  asked: {
    fate: string;
    kind: 'paypal' | 'card';
    brand?: keyof typeof TEST_CARDS | undefined;
    customer_id?: string | undefined;
  },
): SetupToken {
  const id = newId();
  const number = TEST_CARDS[asked.brand ?? 'VISA'];
  const card = { number, expiry: '2039-12', name: 'Robin Buyer' };
  const token: SetupToken = {
    id,
    status: 'APPROVED',
    customer: { id: asked.customer_id ?? newId(10) },
    instrument: asked.kind === 'card' ? cardOf(card) : walletOf(id, { usage_type: 'MERCHANT' }),
    return_url: undefined,
    cancel_url: undefined,
    created: account.clock.now(),
  };
  account.setupTokens.put(id, token);
  account.fates.put(id, { fate: asked.fate, refusals: 0 });
  return token;
}

/** Takes an approved token; it cannot be exchanged a second time. */
export function takeSetupToken(account: Account, id: string) {
  const field = { field: '/payment_source/token/id', location: 'body' } as const;
  const token = account.setupTokens.get(id);
  if (!token) throw noSuch(field.field, 'body');
  if (isExpired(account, token)) throw refused('TOKEN_EXPIRED', field);
  if (token.status === 'VAULTED') throw refused('TOKEN_ALREADY_VAULTED', field);
  if (token.status !== 'APPROVED') throw refused('SETUP_TOKEN_NOT_APPROVED', field);
  account.setupTokens.put(id, { ...token, status: 'VAULTED' });
  return { token, fate: fateOf(account, id).fate };
}

export function renderSetupToken(account: Account, token: SetupToken): object {
  const { id, status, customer, instrument, created } = token;
  const self = `/v3/vault/setup-tokens/${id}`;
  return {
    id,
    customer,
    status,
    payment_source: vaulted(instrument),
    create_time: isoTime(created),
    links: [
      link(account, 'self', self),
      ...(status === 'PAYER_ACTION_REQUIRED'
        ? [link(account, 'approve', `/agreements/approve?approval_session_id=${id}`)]
        : []),
      link(account, 'confirm', '/v3/vault/payment-tokens', 'POST'),
    ],
  };
}

const LIFETIME_MS = 3 * 86_400_000;

function isExpired({ clock }: Account, { created, status }: SetupToken): boolean {
  return status !== 'VAULTED' && clock.now() - created >= LIFETIME_MS;
}
