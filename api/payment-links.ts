/** Payment links: a customer completes a renewal's payment on a page. The link's secret is all it takes. */
import { type RequestHandler, Router } from 'express';

import { requireRenewal } from '../prisma/renewal-view.js';
import type { ApiDeps } from './deps.js';
import { awayProblem } from './errors.js';
import { Problem } from './problem.js';
import { limitPerAddress } from './rate-limit.js';
import { route } from './route.js';
import { byId } from './schemas/common.js';
import { newPaymentLink, paymentLink } from './schemas/payment-link.js';
import { write } from './write.js';

const HOUR_MS = 3_600_000;

export const paymentLinkRoutes = [
  route({
    method: 'post',
    path: '/v1/renewals/{id}/payment-links',
    scope: 'write',
    tag: 'renewals',
    summary: 'Let the customer pay a renewal on a page',
    description:
      'For 3-D Secure, or to pay with another card. A renewal has one unused link: a new one takes its place. Its first ' +
      'use, POST /payment-links/{secret}/payments, begins a charge of its own; automatic charges wait for it, half an ' +
      'hour at most.',
    params: byId('rnw'),
    body: newPaymentLink,
    answers: { 201: { description: 'The link', schema: paymentLink } },
    run: (request) =>
      write(request, async (tx, now) => {
        const { api, merchantId, params, body } = request;
        const { id: renewalId } = await requireRenewal(tx, merchantId, params.id);
        const expiresAt = new Date(now.getTime() + body.expires_in_hours * HOUR_MS);
        const addresses = { returnUrl: body.return_url, cancelUrl: body.cancel_url };
        const asked = { renewalId, addresses, expiresAt };
        const { chargeId, secret } = await api.paymentLinks.issue(tx, asked, now);
        const shown = { charge: chargeId, renewal: renewalId, expires_at: expiresAt.toISOString() };
        const location = `/v1/charges/${chargeId}`;
        const audited = { object: chargeId };
        return { status: 201, body: shown, location, shownOnce: { secret }, audited };
      }),
  }),
];

/** What the customer's browser asks: without an API key, and told nothing but what it needs to pay. */
export function paymentLinks(api: ApiDeps): Router {
  const router = Router();
  router.post('/payment-links/:secret/payments', limitPerAddress(api.rateLimit), use(api));
  return router;
}

function use(api: ApiDeps): RequestHandler<{ secret: string }> {
  return async (req, res) => {
    const used = await api.paymentLinks.use(req.params.secret);
    if (!used) throw new Problem(404, 'not_found', 'There is no such payment link');
    if (used.kind === 'over') throw new Problem(410, 'link_over', used.why);
    if (used.kind === 'under_way')
      throw new Problem(409, 'payment_under_way', 'A payment is under way: try again in a moment');
    if (used.kind !== 'ready') throw awayProblem('This payment cannot be opened right now');
    const { url = null, clientSecret = null } = used;
    res.set('Cache-Control', 'no-store').status(200).json({ url, client_secret: clientSecret });
  };
}
