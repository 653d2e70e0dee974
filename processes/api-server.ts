/** The API role: the HTTP server, and how it stops without dropping a request. */
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { machineClock } from '../activities/clock.js';
import { dispatchWebhook } from '../activities/dispatch.js';
import { issueLink, useLink } from '../activities/payment-link.js';
import { planRefund } from '../activities/plan-refund.js';
import { createApp } from '../api/app.js';
import type { Config } from '../config.js';
import { isPermittedBase } from '../gateways/api-base.js';
import type { Logger } from '../logger.js';
import { oweDisputeWake } from '../prisma/dispute.js';
import { readNextStep } from '../prisma/next-step.js';
import type { Parts } from './compose.js';

export interface ApiServer {
  readonly port: number;
  stop(): Promise<void>;
}

export async function runApi(config: Config, parts: Parts, logger: Logger): Promise<ApiServer> {
  const { db, deps, webhookAccountFor, temporalLink, mailbox, methodLinks } = parts;
  const stopping = new AbortController();
  const app = createApp({
    db,
    launch: deps.launch,
    logger,
    gateways: deps.gateways,
    accountFor: deps.accountFor,
    webhookAccountFor,
    permitsBase: (apiBase) => isPermittedBase(apiBase, config.GATEWAY_API_BASES),
    temporalLink,
    messenger: deps.messenger,
    stopping: stopping.signal,
    paymentLinks: {
      issue: (tx, asked, now) => issueLink(deps, tx, asked, now),
      use: (secret) => useLink({ ...deps, clock: machineClock }, secret),
    },
    methodLinks,
    mailbox,
    planRefund: (tx, wish, now) => planRefund(deps, tx, wish, now),
    wakeDispute: oweDisputeWake,
    readNextStep: (renewalId) => readNextStep(db, renewalId),
    dispatchWebhook: (id) =>
      dispatchWebhook(deps, id).catch((error: unknown) => {
        logger.warn({ err: error, gatewayEvent: id }, 'The sweep will pass this webhook on');
      }),
  });
  const server = createServer(app);
  await listen(server, config);
  const { port } = server.address() as AddressInfo;
  logger.info({ port }, 'The API is listening');
  return {
    port,
    async stop() {
      stopping.abort();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const cutOff = setTimeout(() => server.closeAllConnections(), CUT_OFF_MS);
      await closed;
      clearTimeout(cutOff);
    },
  };
}

/** Requests still unanswered then are cut off: what they committed stands, and their client asks again. */
const CUT_OFF_MS = 5_000;

function listen(server: Server, { PORT, HOST }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(PORT, HOST, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
