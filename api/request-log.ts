/** The request log: one line per request, of listed facts only. No body, no header, no query value. */
import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';

import { containsCardNumber } from '../domain/card-number.js';
import { callerOf } from './authenticate.js';

export function requestLog(logger: Logger): RequestHandler {
  const facts = (req: Request, res: Response, values: { responseTime?: number }) => ({
    method: req.method,
    path: loggedPath(req),
    status: res.statusCode,
    duration_ms: values.responseTime,
    merchant_id: callerOf(res)?.merchantId,
  });
  return pinoHttp<Request, Response>({
    logger,
    genReqId: (req) => acceptedRequestId(req.get('x-request-id')) ?? `req_${randomUUID()}`,
    quietReqLogger: true,
    quietResLogger: true,
    customAttributeKeys: { reqId: 'request_id' },
    autoLogging: { ignore: ({ url }) => url === '/healthz' || url === '/readyz' },
    customLogLevel: (req, res) => {
      if (res.statusCode >= 500) return 'error';
      return req.method === 'GET' && res.statusCode < 400 ? 'debug' : 'info';
    },
    customSuccessMessage: () => 'request',
    customErrorMessage: () => 'request failed',
    customSuccessObject: (req, res, values: object) => facts(req, res, values),
    customErrorObject: (req, res, _error, values: object) => facts(req, res, values),
  });
}

export function requestIdOf(req: Request): string {
  return req.id as string;
}

/** A caller's own id is taken over when it is short and plain, and cannot be a card number. */
function acceptedRequestId(given: string | undefined): string | undefined {
  if (given === undefined || !/^[\w.:-]{1,100}$/.test(given)) return undefined;
  return containsCardNumber(given) ? undefined : given;
}

function loggedPath(req: Request): string {
  const path = req.originalUrl.split('?', 1)[0]!.slice(0, 200);
  if (containsCardNumber(decoded(path))) return '(a card number)';
  // Whoever has a payment link's secret can open its payment.
  return path.replace(/^\/(payment-links|update-payment-method)\/[^/]+/, '/$1/(secret)');
}

export function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
