/** Errors: what a thrown value means to an HTTP client. Nothing unexpected is ever described to the outside. */
import type { ErrorRequestHandler } from 'express';

import { DomainError, type ErrorCode } from '../domain/errors.js';
import { Problem, sendProblem } from './problem.js';
import { requestIdOf } from './request-log.js';

const STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid: 422,
  not_found: 404,
  conflict: 409,
  forbidden: 403,
  unavailable: 503,
};

export const answerErrors: ErrorRequestHandler = (error, req, res, next) => {
  if (res.headersSent) return next(error);
  const problem = problemOf(error);
  if (problem.status >= 500) req.log.error({ err: error as unknown }, problem.code);
  sendProblem(res, problem, requestIdOf(req));
};

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DomainError) return problemOfDomain(error);
  if (isAway(error)) return awayProblem('A part of Dunlin is not reachable right now: try again');
  return problemOfParser(error) ?? new Problem(500, 'internal', 'Something went wrong on our side');
}

export function awayProblem(detail: string): Problem {
  return new Problem(503, 'unavailable', detail, { headers: { 'Retry-After': '5' } });
}

function problemOfDomain({ code, reason, message, field }: DomainError): Problem {
  const errors = field === undefined ? [] : [{ field, message }];
  return new Problem(STATUS[code], reason, message, { errors });
}

/** What express.json and the router throw. Their own words may quote the body, so they are replaced. */
function problemOfParser(error: unknown): Problem | undefined {
  const { type, status } = error as { type?: unknown; status?: unknown };
  switch (type) {
    case 'entity.parse.failed':
      return new Problem(400, 'malformed_json', 'The body is not valid JSON');
    case 'entity.too.large':
      return new Problem(413, 'too_large', 'The body is larger than this API accepts');
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new Problem(415, 'unsupported_media_type', 'Send JSON in UTF-8');
    default:
      return typeof status === 'number' && status >= 400 && status < 500
        ? new Problem(400, 'bad_request', 'The request could not be read')
        : undefined;
  }
}

/** Whether PostgreSQL or Temporal could not be reached, by the codes of Prisma, Node and gRPC. */
function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (error.name === 'PrismaClientInitializationError') return true;
  if (typeof code === 'string' && AWAY.has(code)) return true;
  if (typeof code === 'number' && 'details' in error && GRPC_AWAY.has(code)) return true;
  return cause !== undefined && cause !== error && isAway(cause);
}

/** Whether PostgreSQL rolled a transaction back so that another could go on. */
export function wasDeadlocked(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, meta } = error as { code?: unknown; meta?: unknown };
  return code === 'P2034' || JSON.stringify(meta ?? null).includes('40P01');
}

const AWAY = new Set(
  `P1000 P1001 P1002 P1003 P1008 P1011 P1017 P2024 P2028 P2037
   ECONNREFUSED ECONNRESET ETIMEDOUT EPIPE ENOTFOUND`.split(/\s+/),
);
/** Deadline exceeded, resource exhausted, unavailable. */
const GRPC_AWAY = new Set([4, 8, 14]);
