/** The doors open without a token: to buy one, to fetch a certificate, and the payer's own pages. */
import { type Answer, type Incoming, jsonAnswer } from '../common/exchange.js';
import { answerPayer } from './approval-page.js';
import type { Emulator } from './emulator.js';
import { noSuch } from './errors.js';
import { grantToken } from './oauth.js';

export function publicEndpoint(emulator: Emulator, incoming: Incoming): (() => Answer) | undefined {
  const { credentials, certificates } = emulator;
  const { method, path } = incoming;
  if (method === 'POST' && path === '/v1/oauth2/token')
    return () => grantToken(incoming, credentials);
  if (method !== 'GET') return undefined;
  if (path === '/checkoutnow' || path === '/agreements/approve')
    return () => answerPayer(emulator, incoming);
  const certificate = /^\/v1\/notifications\/certs\/([^/]+)$/.exec(path)?.[1];
  if (certificate === undefined) return undefined;
  return () => {
    const chain = certificates.chain(certificate);
    if (chain === undefined) throw noSuch('cert_id');
    return pemAnswer(chain);
  };
}

export function pemAnswer(pem: string): Answer {
  return { ...jsonAnswer(200, null, { 'content-type': 'application/x-pem-file' }), body: pem };
}
