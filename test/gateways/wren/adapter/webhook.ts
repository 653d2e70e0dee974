/** Wren's webhooks: verified over the raw bytes, then reduced to what they are about. */
import { createHmac, timingSafeEqual } from 'node:crypto';

import { z } from 'zod';

import type { GatewayReport, WebhookAccount } from '../../../../gateways/gateway.js';
import type { WebhookHeaders, WebhookRead } from '../../../../gateways/gateway.js';

export async function readWebhook(
  { webhookSecrets }: WebhookAccount,
  raw: Buffer,
  headers: WebhookHeaders,
): Promise<WebhookRead> {
  const said = String(headers['wren-signature']);
  const [, at, signature] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(said) ?? [];
  // Five minutes either way: one from the future would keep a stolen signature valid for ever.
  if (!signature || Math.abs(Date.now() / 1000 - Number(at)) > 300) return { kind: 'forged' };
  const isBy = (secret: string) => {
    const own = createHmac('sha256', secret).update(`${at}.`).update(raw).digest();
    return timingSafeEqual(own, Buffer.from(signature, 'hex'));
  };
  if (!webhookSecrets.some(isBy)) return { kind: 'forged' };
  try {
    return { kind: 'report', report: reportIn(raw) };
  } catch {
    return { kind: 'unverifiable', why: 'It is signed, but it is no event of Wren' };
  }
}

const metadata = z.object({ merchant: z.string().optional(), renewal: z.string().optional() });
const charge = z.object({ id: z.string(), reference: z.string(), metadata });
const eventSchema = z.object({ id: z.string(), type: z.string(), charge: charge.optional() });

/** It names the charge by our own id: nothing has to be searched for. */
function reportIn(raw: Buffer): GatewayReport {
  const { id: eventId, type, charge } = eventSchema.parse(JSON.parse(raw.toString('utf8')));
  if (!charge) return { eventId, type, about: undefined };
  const { id: reference, reference: causedBy, metadata } = charge;
  const whose = { merchantId: metadata.merchant, renewalId: metadata.renewal };
  return { eventId, type, about: { says: SAYS[type] ?? 'other', reference, ...whose, causedBy } };
}

const SAYS: Partial<Record<string, 'paid' | 'returned'>> = {
  'charge.succeeded': 'paid',
  'charge.returned': 'returned',
};
