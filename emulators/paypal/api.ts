/** The road of an API call: who asks, what is to go wrong, was it asked before, and only then the endpoint. */
import { setTimeout as sleep } from 'node:timers/promises';

import { type Answer, type Incoming, header, jsonAnswer } from '../common/exchange.js';
import { type Fault, damaged } from '../common/faults.js';
import { createRouting } from '../common/routing.js';
import type { Logger } from '../common/server.js';
import type { Emulator, PaypalRequest } from './emulator.js';
import { OauthError, PaypalError, errorBody, refused } from './errors.js';
import { type Passage, executor, keyOf, replayed } from './execution.js';
import { newDebugId } from './ids.js';
import { publicEndpoint } from './public.js';
import { readBody } from './request-body.js';
import { routes } from './routes.js';

interface Answered {
  readonly answer: Answer;
  readonly isRepeat: boolean;
}

export function createApi(
  emulator: Emulator,
  logger: Logger | undefined,
): (incoming: Incoming) => Promise<Answer> {
  const { clock, faults, idempotency, requests, store, webhooks } = emulator;
  const route = createRouting(routes(emulator));
  const execute = executor(idempotency, (error, id) => errorAnswer(error, id, logger));

  return async (incoming) => {
    const debugId = newDebugId();
    let passage: Passage | undefined;
    let answered: Answered;
    try {
      passage = begin(incoming, debugId);
      answered = await pass(passage);
    } catch (error) {
      answered = { answer: errorAnswer(error, debugId, logger), isRepeat: false };
    }
    const request = traced(incoming, debugId, passage, answered);
    requests.add({ at: new Date(clock.now()).toISOString(), ...request });
    logger?.info(`${request.method} ${request.path} ${request.status ?? 'cut'} ${debugId}`);
    const { answer } = answered;
    return { ...answer, headers: { ...answer.headers, 'paypal-debug-id': debugId } };
  };

  function begin(incoming: Incoming, debugId: string): Passage {
    const open = publicEndpoint(emulator, incoming);
    const bearer = () => emulator.credentials.clientOf(header(incoming, 'authorization'));
    const account = open ? undefined : emulator.account(bearer());
    const body = open ? Object.fromEntries(new URLSearchParams(incoming.body)) : readBody(incoming);
    const fault = faults.strike(incoming.method, incoming.path, body);
    const found = route(incoming.method, incoming.path);
    return { incoming, debugId, account, open, found, body, fault };
  }

  async function pass(passage: Passage): Promise<Answered> {
    const { fault } = passage;
    if (fault?.fault === 'reset_before')
      return { answer: { ...jsonAnswer(0, null), cut: 'whole' }, isRepeat: false };
    if (fault?.fault === 'rate_limit')
      return { answer: rateLimited(fault, passage.debugId), isRepeat: false };
    // PayPal keeps no 5xx under a request id, so `stored` means nothing here.
    if (fault?.fault === 'error_before') throw refused('INTERNAL_SERVER_ERROR');

    const waiting = fault?.fault === 'delay' ? fault.delay_ms : 0;
    const keyed = keyOf(passage);
    const kept = keyed && idempotency.enter(keyed);
    if (kept) {
      if (waiting) await sleep(waiting);
      return { answer: damaged(replayed(passage, kept), fault), isRepeat: true };
    }
    try {
      if (waiting && fault?.effect === 'after') await sleep(waiting);
      emulator.tick();
      const answer = store.commit(() => execute(passage, keyed));
      webhooks.deliverDue();
      if (waiting && fault?.effect === 'before') await sleep(waiting);
      return { answer: damaged(answer, fault), isRepeat: false };
    } finally {
      if (keyed) idempotency.leave(keyed);
    }
  }
}

function traced(
  incoming: Incoming,
  debugId: string,
  passage: Passage | undefined,
  { answer, isRepeat }: Answered,
): Omit<PaypalRequest, 'at'> {
  return {
    request_id: debugId,
    account: passage?.account?.id ?? null,
    method: incoming.method,
    path: incoming.path,
    query: incoming.query,
    prefer: header(incoming, 'prefer') ?? null,
    idempotency_key: header(incoming, 'paypal-request-id') ?? null,
    body: passage?.body ?? {},
    status: answer.cut ? null : answer.status,
    replayed: isRepeat,
    fault: passage?.fault?.fault ?? null,
  };
}

function errorAnswer(error: unknown, debugId: string, logger: Logger | undefined): Answer {
  if (error instanceof OauthError)
    return jsonAnswer(error.status, { error: error.code, error_description: error.message });
  if (error instanceof PaypalError) return jsonAnswer(error.status, errorBody(error, debugId));
  logger?.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const description = 'The emulator has a bug.';
  const bug = new PaypalError(500, [{ issue: 'INTERNAL_SERVER_ERROR', description }]);
  return jsonAnswer(500, errorBody(bug, debugId));
}

function rateLimited(fault: Fault, debugId: string): Answer {
  const headers = fault.retry_after === undefined ? {} : { 'retry-after': `${fault.retry_after}` };
  return jsonAnswer(429, errorBody(refused('RATE_LIMIT_REACHED'), debugId), headers);
}
