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

  test.each(['created', 'updated', 'closed', 'funds_withdrawn', 'funds_reinstated'])(
    'charge.dispute.%s names its dispute',
    async (what) => {
      const named = { report: { dispute: { reference: 'du_1' } } };
      expect(await read(`charge.dispute.${what}`, DISPUTE)).toMatchObject(named);
    },
  );

  test.each(['refund.created', 'refund.updated', 'refund.failed', 'charge.refund.updated'])(
    '%s names its refund, and whether we asked for it',
    async (type) => {
      const ours = { id: 're_1', charge: 'ch_1', metadata: { dunlin_refund: 'rfd_1' } };
      expect(await read(type, ours)).toEqual({
        kind: 'report',
        report: {
          eventId: 'evt_1',
          type,
          about: undefined,
          refund: { reference: 're_1', refundId: 'rfd_1', chargeReference: 'ch_1' },
        },
      });
      const byHand = { id: 're_2', charge: null, metadata: null };
      const nobodys = { reference: 're_2', refundId: undefined, chargeReference: undefined };
      expect(await read(type, byHand)).toMatchObject({ report: { refund: nobodys } });
    },
  );

  test.each(['charge.failed', 'charge.succeeded', 'charge.refunded', 'mandate.updated'])(
    '%s says nothing that is not told otherwise',
    async (type) => {
      const said = { eventId: 'evt_1', type, about: undefined };
      expect(await read(type, DISPUTE)).toEqual({ kind: 'report', report: said });
    },
  );

  test('charge.dispute.closed decides nothing: money is asked about when it went', async () => {
    expect(await read('charge.dispute.closed', DISPUTE)).toMatchObject({
      report: { about: undefined },
    });
  });
});
