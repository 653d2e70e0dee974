/** Routes: one declaration each, from which Express and the OpenAPI document are both made. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { Request, RequestHandler, Response, Router } from 'express';
import type { Logger } from 'pino';
import type { z } from 'zod';

import { callerOf, requireScope } from './authenticate.js';
import type { ApiDeps, Caller, Scope } from './deps.js';
import { type KeyedRequest, readIdempotencyKey } from './idempotency.js';
import { readBody, readParams, readPreferredWait, readQuery } from './input.js';
import { Problem } from './problem.js';
import { requestIdOf } from './request-log.js';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

interface AnswerSpec {
  readonly description: string;
  /** The shape of its JSON. Without it and without a media type the answer has no body. */
  readonly schema?: z.ZodType;
  /** Of an answer that is text and not JSON: "text/csv". */
  readonly mediaType?: `text/${string}`;
}

interface Declaration<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodObject> {
  readonly method: Method;
  readonly path: `/v1/${string}`;
  readonly scope: Scope;
  /** The noun it belongs to, by which the documentation is ordered. */
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Fields that exist and can never be changed: naming one says so, instead of "unknown". */
  readonly immutable?: readonly string[];
  /** Whether `Prefer: wait=…` is heard. */
  readonly waits?: boolean;
  readonly answers: Readonly<Record<number, AnswerSpec>>;
  run(request: ApiRequest<z.output<P>, z.output<Q>, z.output<B>>): Promise<Answer>;
}

export type Route = Declaration<z.ZodObject, z.ZodObject, z.ZodObject>;

/** A request that was read and found in order. */
export interface ApiRequest<P = unknown, Q = unknown, B = unknown> {
  readonly api: ApiDeps;
  readonly caller: Caller;
  readonly merchantId: string;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** What the audit trail calls it: "POST /v1/charges/{id}/refunds". */
  readonly action: string;
  readonly requestId: string;
  /** The caller's Idempotency-Key, if one was sent. */
  readonly keyed: KeyedRequest | undefined;
  /** How many seconds the caller would wait for an outcome. */
  readonly preferredWait: number | undefined;
  /** Aborted when nobody listens to the answer any more. */
  readonly closed: AbortSignal;
  readonly log: Logger;
}

export interface Answer {
  readonly status: number;
  readonly body?: object;
  /** In place of a body: text that is made while it is sent, as fast as it is taken. */
  readonly text?: StreamedText;
  readonly headers?: Readonly<Record<string, string>>;
}

interface StreamedText {
  /** Its media type with parameters: "text/csv; charset=utf-8". */
  readonly type: string;
  readonly chunks: AsyncGenerator<string>;
}

type Fields = Record<string, unknown>;
type Nothing = z.ZodObject<Record<never, never>>;

/** Declares a route. It only keeps the types of its schemas and of its handler together. */
export function route<
  P extends z.ZodObject = Nothing,
  Q extends z.ZodObject = Nothing,
  B extends z.ZodObject = Nothing,
>(declared: Declaration<P, Q, B>): Route {
  return declared as unknown as Route;
}

export function mountRoutes(router: Router, routes: readonly Route[], api: ApiDeps): void {
  for (const declared of routes)
    router[declared.method](expressPath(declared), serve(declared, api));
  for (const path of new Set(routes.map(expressPath))) {
    const allowed = routes.filter((it) => expressPath(it) === path).map(({ method }) => method);
    router.all(path, refuseMethod(allowed.join(', ').toUpperCase()));
  }
}

export function expressPath({ path }: Pick<Route, 'path'>): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

function serve(declared: Route, api: ApiDeps): RequestHandler {
  return async (req, res) => {
    const caller = callerOf(res)!;
    requireScope(caller, declared.scope);
    const request = readRequest(declared, api, req, res);
    const { status, body, text, headers = {} } = await declared.run(request);
    // What fails before the first chunk is a problem like any other.
    const first = await text?.chunks.next();
    res.status(status).set(headers);
    if (text && first) return sendText(res, text.type, startingWith(first, text.chunks), req.log);
    if (body) res.json(body);
    else res.end();
  };
}

async function sendText(
  res: Response,
  type: string,
  chunks: AsyncGenerator<string>,
  log: Logger,
): Promise<void> {
  res.set('Content-Type', type);
  try {
    await pipeline(Readable.from(chunks), res);
  } catch (err) {
    // Whoever asked may also just have left.
    if ((err as { code?: unknown }).code === 'ERR_STREAM_PREMATURE_CLOSE') return;
    log.error({ err }, 'an answer was cut off');
  }
}

async function* startingWith(
  first: IteratorResult<string, unknown>,
  rest: AsyncGenerator<string>,
): AsyncGenerator<string> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

function readRequest(
  declared: Route,
  api: ApiDeps,
  req: Request,
  res: Response,
): ApiRequest<Fields, Fields, Fields> {
  const caller = callerOf(res)!;
  return {
    api,
    caller,
    merchantId: caller.merchantId,
    params: readParams(declared, req),
    query: readQuery(declared, req),
    body: readBody(declared, req),
    action: `${declared.method.toUpperCase()} ${declared.path}`,
    requestId: requestIdOf(req),
    keyed: declared.method === 'post' ? readIdempotencyKey(req, caller.merchantId) : undefined,
    preferredWait: declared.waits ? readPreferredWait(req) : undefined,
    closed: closing(res),
    log: req.log,
  };
}

function closing(res: Response): AbortSignal {
  const controller = new AbortController();
  res.once('close', () => controller.abort());
  return controller.signal;
}

function refuseMethod(allow: string): RequestHandler {
  return (req) => {
    const headers = { Allow: allow };
    throw new Problem(405, 'method_not_allowed', `${req.method} is not offered here`, { headers });
  };
}
