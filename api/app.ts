/** The HTTP API: what stands before every route, in the order in which a request meets it. */
import express, { type Express, type RequestHandler, Router } from 'express';
import helmet from 'helmet';

import { authenticate } from './authenticate.js';
import { readJson } from './body.js';
import { guardAddress, guardBody } from './card-guard.js';
import type { ApiDeps } from './deps.js';
import { devMail } from './dev-mail.js';
import { docs } from './docs.js';
import { answerErrors } from './errors.js';
import { health } from './health.js';
import { openApiDocument } from './openapi.js';
import { paymentLinks } from './payment-links.js';
import { Problem } from './problem.js';
import { limitPerKey } from './rate-limit.js';
import { requestIdOf, requestLog } from './request-log.js';
import { mountRoutes } from './route.js';
import { routes } from './routes.js';
import { updatePaymentMethod } from './update-payment-method.js';
import { webhooks } from './webhooks.js';

export type { ApiDeps };

export function createApp(deps: ApiDeps): Express {
  const app = express();
  app.set('etag', false).set('trust proxy', deps.trustProxy ?? false);
  app.use(requestLog(deps.logger), tellRequestId, securityHeaders());
  app.use(webhooks(deps), paymentLinks(deps), updatePaymentMethod(deps));
  if (deps.mailbox) app.use(devMail(deps.mailbox));
  app.use(health(deps), docs(), openApi());
  app.use(guardAddress);
  app.use('/v1', noStore, authenticate(deps), limitPerKey(deps.rateLimit));
  app.use('/v1', readJson, guardBody);
  app.use(versionOne(deps));
  app.use(nothingHere, answerErrors);
  return app;
}

function versionOne(deps: ApiDeps): Router {
  const router = Router();
  mountRoutes(router, routes, deps);
  return router;
}

const tellRequestId: RequestHandler = (req, res, next) => {
  res.set('X-Request-Id', requestIdOf(req));
  next();
};

function securityHeaders(): RequestHandler {
  const directives = { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] };
  return helmet({ contentSecurityPolicy: { useDefaults: false, directives } });
}

const noStore: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'no-store');
  next();
};

function openApi(): Router {
  const document = openApiDocument();
  const router = Router();
  router.get('/openapi.json', (_req, res) => void res.json(document));
  return router;
}

const nothingHere: RequestHandler = () => {
  throw new Problem(404, 'unknown_route', 'There is no such route: see /docs');
};
