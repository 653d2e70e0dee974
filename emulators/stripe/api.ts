/** The road of an API call: who asks, what is to go wrong, was it asked before, and only then the endpoint. */
import { setTimeout as sleep } from 'node:timers/promises';

import { type Answer, type Incoming, header, jsonAnswer } from '../common/exchange.js';
import type { Logger } from '../common/server.js';
import { type Fault, damaged } from '../common/faults.js';
import { newId } from '../common/ids.js';
import type { LoggedRequest } from '../common/requests.js';
import { authenticate } from './authentication.js';
import type { Emulator } from './emulator.js';
import { internalError } from './errors.js';
import { API_VERSION } from './events.js';
import { type Passage, createExecution, errorAnswer } from './execution.js';
import { type Form, parseForm } from './form.js';
import type { KeptAnswer } from './idempotency.js';
import { boundaryOf, parseMultipart } from './multipart.js';

export function createApi(
  emulator: Emulator,
  searchDelaySeconds: () => number,
  logger: Logger | undefined,
): (incoming: Incoming) => Promise<Answer> {
  const { faults, idempotency, requests, store, webhooks } = emulator;
  const execute = createExecution(emulator, searchDelaySeconds, logger);

  return async (incoming) => {
    const requestId = newId('req', 14);
    const key = incoming.method === 'POST' ? header(incoming, 'idempotency-key') : undefined;
    let passage: Passage | undefined;
    let answer: Answer;
    try {
      passage = begin(incoming, requestId, key);
      answer = await pass(passage);
    } catch (error) {
      answer = errorAnswer(error, logger);
    }
    const trace = traced(incoming, requestId, passage, answer);
    requests.add({ at: new Date(emulator.clock.now()).toISOString(), ...trace });
    logger?.info(`${trace.method} ${trace.path} ${trace.status ?? 'cut'} ${requestId}`);
    const common = { 'request-id': requestId, 'stripe-version': API_VERSION };
    const echo = key === undefined ? {} : { 'idempotency-key': key, 'original-request': requestId };
    return { ...answer, headers: { ...common, ...echo, ...answer.headers } };
  };

  function begin(incoming: Incoming, requestId: string, key: string | undefined): Passage {
    const account = emulator.account(authenticate(header(incoming, 'authorization')));
    const params = paramsOf(incoming);
    const fault = faults.strike(incoming.method, incoming.path, params);
    const { path } = incoming;
    const keyed = key === undefined ? undefined : { account: account.id, key, path, params };
    return { incoming, requestId, account, params, fault, keyed };
  }

  async function pass(passage: Passage): Promise<Answer> {
    const { fault, keyed } = passage;
    if (fault?.fault === 'reset_before') return { ...jsonAnswer(0, null), cut: 'whole' };
    if (fault?.fault === 'rate_limit') return rateLimited(fault);
    if (fault?.fault === 'error_before' && !fault.stored) throw internalError();

    const waiting = fault?.fault === 'delay' ? fault.delay_ms : 0;
    const kept = keyed && idempotency.enter(keyed);
    if (kept) {
      if (waiting) await sleep(waiting);
      return damaged(replayed(kept), fault);
    }
    try {
      if (waiting && fault?.effect === 'after') await sleep(waiting);
      emulator.tick();
      const answer = store.commit(() => executeAndKeep(passage));
      webhooks.deliverDue();
      if (waiting && fault?.effect === 'before') await sleep(waiting);
      return damaged(answer, fault);
    } finally {
      if (keyed) idempotency.leave(keyed);
    }
  }

  /** In one commit with the effect: a key is kept exactly when what it did is. */
  function executeAndKeep(passage: Passage): Answer {
    const { answer, executed } = execute(passage);
    const { keyed, requestId } = passage;
    const { status, body } = answer;
    if (keyed && executed) idempotency.keep(keyed, { status, body, requestId });
    return answer;
  }
}

function paramsOf(incoming: Incoming): Form {
  if (incoming.method !== 'POST') return parseForm(incoming.query);
  const boundary = boundaryOf(header(incoming, 'content-type'));
  if (boundary === undefined) return parseForm(incoming.body);
  return parseMultipart(incoming.body, boundary, Number(header(incoming, 'content-length')));
}

function traced(
  { method, path }: Incoming,
  requestId: string,
  passage: Passage | undefined,
  answer: Answer,
): Omit<LoggedRequest, 'at'> {
  return {
    request_id: requestId,
    account: passage?.account.id ?? null,
    method,
    path,
    idempotency_key: passage?.keyed?.key ?? null,
    body: passage?.params ?? {},
    status: answer.cut ? null : answer.status,
    replayed: answer.headers['idempotent-replayed'] === 'true',
    fault: passage?.fault?.fault ?? null,
  };
}

function rateLimited(fault: Fault): Answer {
  const retryAfter =
    fault.retry_after === undefined ? {} : { 'retry-after': `${fault.retry_after}` };
  const headers = { 'stripe-rate-limited-reason': 'global-rate', ...retryAfter };
  const message = 'Too many requests in a short time.';
  const error = { type: 'invalid_request_error', code: 'rate_limit', message };
  return jsonAnswer(429, { error }, headers);
}

function replayed({ status, body, requestId }: KeptAnswer): Answer {
  const headers = { 'original-request': requestId, 'idempotent-replayed': 'true' };
  return { ...jsonAnswer(status, null, headers), body };
}
