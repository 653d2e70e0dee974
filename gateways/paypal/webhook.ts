/**
 * PayPal's webhooks: verified over the raw bytes, then reduced to what they are about.
 *
 * They are signed with a key whose certificate they name themselves. So what counts is where that certificate comes
 * from and who vouches for it; a signature that fits proves nothing alone.
 */
import { type KeyObject, verify } from 'node:crypto';
import { crc32 } from 'node:zlib';

import type { Account, WebhookAccount, WebhookHeaders, WebhookRead } from '../gateway.js';
import { whyNot } from './answers.js';
import { callPaypal } from './call.js';
import { certificateKey } from './certificate.js';
import { deadlineIn } from './deadline.js';
import { readReport } from './report.js';

export async function readWebhook(
  account: WebhookAccount,
  raw: Buffer,
  headers: WebhookHeaders,
): Promise<WebhookRead> {
  const told = transmissionIn(headers);
  if (!told || !isRecent(told.time)) return FORGED;
  const genuine = account.askWith
    ? await askPaypal(account.askWith, account.webhookSecrets, told, raw)
    : await checkSignature(account, told, raw);
  if (genuine !== true) return genuine;
  const report = readReport(raw);
  return report ? { kind: 'report', report } : unverifiable('It is signed, but it is no event');
}

/** What the headers say of one transmission. */
interface Transmission {
  readonly id: string;
  readonly time: string;
  readonly signature: string;
  readonly certUrl: string;
  readonly algorithm: string;
}

function transmissionIn(headers: WebhookHeaders): Transmission | undefined {
  const said = (name: string): string => {
    const value = headers[`paypal-${name}`];
    return typeof value === 'string' && value.length <= 2048 ? value : '';
  };
  const told = {
    id: said('transmission-id'),
    time: said('transmission-time'),
    signature: said('transmission-sig'),
    certUrl: said('cert-url'),
    algorithm: said('auth-algo'),
  };
  // The signed text is put together with bars: none of its parts may bring its own.
  const wellFormed =
    /^[\w-]+$/.test(told.id) &&
    /^[\w:.+-]+$/.test(told.time) &&
    /^[\w+/]+=*$/.test(told.signature) &&
    told.algorithm === 'SHA256withRSA';
  return wellFormed ? told : undefined;
}

/** PayPal redelivers for three days, under the first time. */
function isRecent(time: string): boolean {
  const age = Date.now() - Date.parse(time);
  return age >= -5 * 60_000 && age <= 3 * 86_400_000;
}

async function checkSignature(
  account: WebhookAccount,
  told: Transmission,
  raw: Buffer,
): Promise<true | WebhookRead> {
  const key = await certificateKey(account, told.certUrl);
  if (key.kind === 'unreachable') return unverifiable(key.why);
  if (key.kind === 'refused') return FORGED;
  return account.webhookSecrets.some((id) => isSigned(id, key.key, told, raw)) || FORGED;
}

function isSigned(webhookId: string, key: KeyObject, told: Transmission, raw: Buffer): boolean {
  const message = `${told.id}|${told.time}|${webhookId}|${crc32(raw)}`;
  return verify('RSA-SHA256', Buffer.from(message), key, Buffer.from(told.signature, 'base64'));
}

/** PayPal is shown the very text it sent: numbers and order would not survive being parsed and written again. */
async function askPaypal(
  account: Account,
  webhookIds: readonly string[],
  told: Transmission,
  raw: Buffer,
): Promise<true | WebhookRead> {
  const text = raw.toString('utf8');
  if (!isJson(text)) return FORGED;
  const deadline = deadlineIn(account.deadlineMs);
  for (const id of webhookIds) {
    const about = JSON.stringify({
      auth_algo: told.algorithm,
      cert_url: told.certUrl,
      transmission_id: told.id,
      transmission_sig: told.signature,
      transmission_time: told.time,
      webhook_id: id,
    });
    const body = `${about.slice(0, -1)},"webhook_event":${text}}`;
    const path = '/v1/notifications/verify-webhook-signature';
    const said = await callPaypal(account, { method: 'POST', path, body }, deadline);
    const status = said.kind === 'answered' ? said.body['verification_status'] : undefined;
    if (said.kind === 'answered' && said.status === 200 && status === 'SUCCESS') return true;
    // An id it does not know is refused; whatever else is no verdict says nothing about the webhook.
    const isNo = said.kind === 'answered' && (status === 'FAILURE' || NOT_ITS.has(said.status));
    if (!isNo) return unverifiable(whyNot(said));
  }
  return FORGED;
}

const NOT_ITS: ReadonlySet<number> = new Set([400, 404, 422]);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function unverifiable(why: string): WebhookRead {
  return { kind: 'unverifiable', why };
}

const FORGED: WebhookRead = { kind: 'forged' };
