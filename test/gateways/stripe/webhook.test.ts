import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';

import type { WebhookAccount, WebhookRead } from '../../../gateways/gateway.js';
import { stripe } from '../../../gateways/stripe/index.js';

const SECRET = 'whsec_test';
const ACCOUNT: WebhookAccount = {
  name: 'stripe-eu',
  mode: 'test',
  apiBase: undefined,
  trustedRoots: [],
  deadlineMs: 1000,
  webhookSecrets: ['whsec_old', SECRET],
  askWith: undefined,
};

function read(type: string, object: object): Promise<WebhookRead> {
  const request = { id: 'req_1', idempotency_key: 'chg_1' };
  const payload = JSON.stringify({ id: 'evt_1', object: 'event', type, request, data: { object } });
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret: SECRET });
  return stripe.readWebhook(ACCOUNT, Buffer.from(payload), { 'stripe-signature': signature });
}

const INTENT = {
  id: 'pi_1',
  metadata: { dunlin_merchant: 'mer_1', dunlin_renewal: 'rnw_1' },
};
const DISPUTE = { id: 'du_1', charge: 'ch_1', payment_intent: 'pi_1', metadata: {} };

describe('a webhook', () => {
  test.each([
    ['payment_intent.succeeded', 'paid'],
    ['payment_intent.processing', 'other'],
    ['payment_intent.payment_failed', 'other'],
  ])('%s says %s', async (type, says) => {
    expect(await read(type, INTENT)).toEqual({
      kind: 'report',
      report: {
        eventId: 'evt_1',
        type,
        about: {
          says,
          reference: 'pi_1',
          merchantId: 'mer_1',
          renewalId: 'rnw_1',
          causedBy: 'chg_1',
        },
      },
    });
  });

  test.each(['charge.dispute.created', 'charge.dispute.funds_withdrawn'])(
    '%s says that money went back, and names only the object',
    async (type) => {
      const about = { says: 'returned', reference: 'pi_1' };
      expect(await read(type, DISPUTE)).toMatchObject({ report: { type, about } });
      const orphan = await read(type, { ...DISPUTE, payment_intent: null });
      expect(orphan).toMatchObject({ report: { about: undefined } });
    },
  );

  test.each(['charge.failed', 'charge.succeeded', 'charge.dispute.closed', 'mandate.updated'])(
    '%s says nothing that is not told otherwise',
    async (type) => {
      expect(await read(type, DISPUTE)).toMatchObject({ report: { about: undefined } });
    },
  );
});
