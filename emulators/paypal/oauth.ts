/** Access tokens: POST /v1/oauth2/token, the one form-encoded endpoint. */
import { randomBytes } from 'node:crypto';

import { type Answer, type Incoming, header, jsonAnswer } from '../common/exchange.js';
import { isoTime } from './account.js';
import type { Credentials } from './credentials.js';
import { OauthError, PaypalError } from './errors.js';

export function grantToken(incoming: Incoming, credentials: Credentials): Answer {
  const { token, clientId, seconds } = credentials.issue(header(incoming, 'authorization'));
  const type = header(incoming, 'content-type')?.split(';')[0]?.trim();
  if (type !== 'application/x-www-form-urlencoded') throw new PaypalError(415, []);
  const form = new URLSearchParams(incoming.body);
  if (form.get('grant_type') === null)
    throw new OauthError(400, 'invalid_request', 'grant_type is required');
  if (form.get('grant_type') !== 'client_credentials')
    throw new OauthError(400, 'unsupported_grant_type', 'Grant Type is NULL or not supported');
  return jsonAnswer(200, {
    scope: SCOPE,
    access_token: token,
    token_type: 'Bearer',
    app_id: `APP-${clientId.slice(0, 17).toUpperCase()}`,
    expires_in: seconds,
    nonce: `${isoTime(Date.now())}${randomBytes(24).toString('base64url')}`,
  });
}

const SCOPE = [
  'https://uri.paypal.com/services/payments/realtimepayment',
  'https://uri.paypal.com/services/payments/refund',
  'https://uri.paypal.com/services/vault/payment-tokens/readwrite',
  'https://uri.paypal.com/services/applications/webhooks',
  'https://uri.paypal.com/services/disputes/read-seller',
  'https://uri.paypal.com/services/reporting/search/read',
].join(' ');
