/**
 * Webhooks in: verify the raw bytes, store, commit, 2xx, and only then tell the run that waits.
 *
 * A webhook carries no verdict: nothing here decides about money.
 */
import { type Request, type RequestHandler, Router, raw } from 'express';

import type { GatewayReport, WebhookAccount } from '../gateways/gateway.js';
import { type GatewayAccount, findWebhookAccount } from '../prisma/gateway-account.js';
import { storeWebhook } from '../prisma/webhook-inbox.js';
import type { ApiDeps } from './deps.js';
import { awayProblem } from './errors.js';
import { Problem } from './problem.js';
import { limitPerAddress } from './rate-limit.js';
import { storable } from './storable.js';

const WEBHOOK_PATH = '/webhooks/:gateway/:account';

export function webhooks(api: ApiDeps): Router {
  const router = Router();
  const bytes = raw({ type: () => true, limit: '1mb' });
  router.post(WEBHOOK_PATH, limitPerAddress(api.rateLimit), bytes, receive(api));
  return router;
}

function receive(api: ApiDeps): RequestHandler<{ gateway: string; account: string }> {
  return async (req, res) => {
    const account = await findWebhookAccount(api.db, req.params.gateway, req.params.account);
    if (!account) throw new Problem(404, 'not_found', 'There is no such gateway account');
    const report = await verified(api, account, req as Request);
    const stored = await storeWebhook(
      api.db,
      received(account, report, req.body as Buffer),
      new Date(),
    );
    res.status(200).json({ received: true });
    if (stored?.owed) void api.dispatchWebhook(stored.id);
  };
}

async function verified(
  api: ApiDeps,
  account: GatewayAccount,
  req: Request,
): Promise<GatewayReport> {
  const forged = new Problem(400, 'bad_signature', 'This is not signed by the gateway');
  if (!Buffer.isBuffer(req.body)) throw forged;
  const gateway = api.gateways(account.gateway);
  const read = await gateway.readWebhook(verifierOf(api, account), req.body, req.headers);
  if (read.kind === 'forged') throw forged;
  if (read.kind === 'report') return read.report;
  api.logger.warn({ why: read.why, gateway_account: account.id }, 'a webhook was not verified');
  throw awayProblem(NOT_NOW);
}

/** Without its secrets nothing can be verified: the gateway is asked to come again. */
function verifierOf(api: ApiDeps, account: GatewayAccount): WebhookAccount {
  try {
    return api.webhookAccountFor(account);
  } catch (err) {
    api.logger.error({ err, gateway_account: account.id }, 'the webhook secrets cannot be read');
    throw awayProblem(NOT_NOW);
  }
}

const NOT_NOW = 'Webhooks of this account cannot be verified right now';

function received(
  account: GatewayAccount,
  { eventId, type, about, refund, dispute }: GatewayReport,
  body: Buffer,
) {
  const foreign = about?.merchantId !== undefined && about.merchantId !== account.merchantId;
  return {
    account,
    eventId,
    type,
    payload: storableJson(body),
    about:
      about && !foreign
        ? {
            says: about.says,
            reference: about.reference,
            renewalId: about.renewalId,
            // The key of a call that moves no money is the charge's id and what it was for.
            chargeId: about.causedBy?.split(':', 1)[0],
          }
        : undefined,
    refund,
    disputeReference: dispute?.reference,
  };
}

/** The payload as JSON that PostgreSQL can keep: it has no null character and no half characters. */
function storableJson(body: Buffer): unknown {
  return JSON.parse(body.toString('utf8'), (_key, value: unknown) =>
    typeof value === 'string' ? storable(value) : value,
  );
}
