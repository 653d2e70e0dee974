/** Signatures of what goes out, as Standard Webhooks has them. Secrets are derived, so there is none to be stolen. */
import { createHmac } from 'node:crypto';

import { Webhook } from 'standardwebhooks';

/** The secret of an endpoint, the same whenever it is asked for. A rotation is the next version. */
export function endpointSecret(signingKey: string, endpointId: string, version: number): string {
  const bytes = createHmac('sha256', signingKey).update(
    `webhook-endpoint/${endpointId}/${version}`,
  );
  return `whsec_${bytes.digest('base64')}`;
}

/** The headers of a message. During a rotation two secrets sign, and each app finds its own. */
export function signedHeaders(
  secrets: readonly string[],
  { id, body }: { readonly id: string; readonly body: string },
  now: Date,
): Record<string, string> {
  return {
    'content-type': 'application/json',
    'user-agent': 'Dunlin',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, now, body)).join(' '),
  };
}
