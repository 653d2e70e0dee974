/** Transmissions: an event on its way to a webhook, signed so that its receiver can tell it from a forgery. */
import { randomUUID, sign, verify } from 'node:crypto';
import { crc32 } from 'node:zlib';

import { isoTime } from './account.js';
import type { Certificates, Leaf } from './certificates.js';

export function transmissionHeaders(
  certificates: Certificates,
  {
    url,
    webhookId,
    body,
    leaf = 'genuine',
  }: { url: string; webhookId: string; body: string; leaf?: Leaf },
): Record<string, string> {
  const { id: certificate, key } = certificates.signer(leaf);
  const id = randomUUID();
  // The receiver compares it with its own clock, which is the machine's.
  const time = isoTime(Date.now());
  const signature = sign('sha256', signed(id, time, webhookId, body), key).toString('base64');
  return {
    'content-type': 'application/json',
    'user-agent': 'PayPal/AUHR-214.0 (emulated)',
    'paypal-auth-algo': ALGORITHM,
    'paypal-auth-version': 'v2',
    'paypal-cert-url': `${url}/v1/notifications/certs/${certificate}`,
    'paypal-transmission-id': id,
    'paypal-transmission-sig': signature,
    'paypal-transmission-time': time,
    'correlation-id': id.slice(0, 13).replace('-', ''),
  };
}

interface Transmission {
  readonly auth_algo: string;
  readonly cert_url: string;
  readonly transmission_id: string;
  readonly transmission_sig: string;
  readonly transmission_time: string;
  readonly webhook_id: string;
}

/** The body has to be the very text that was sent. */
export function isGenuine(certificates: Certificates, told: Transmission, body: string): boolean {
  const id = /^https?:\/\/[^/]+\/v1\/notifications\/certs\/([^/?#]+)$/.exec(told.cert_url)?.[1];
  const certificate = certificates.genuine(id ?? '');
  if (certificate === undefined || told.auth_algo !== ALGORITHM) return false;
  const message = signed(told.transmission_id, told.transmission_time, told.webhook_id, body);
  return verify('sha256', message, certificate, Buffer.from(told.transmission_sig, 'base64'));
}

const ALGORITHM = 'SHA256withRSA';

function signed(id: string, time: string, webhookId: string, body: string): Buffer {
  return Buffer.from(`${id}|${time}|${webhookId}|${crc32(Buffer.from(body))}`);
}
