/** Executing a call: the endpoint's answer or refusal, and whether it had begun. */
import { type Answer, type Incoming, jsonAnswer } from '../common/exchange.js';
import type { Fault } from '../common/faults.js';
import type { Logger } from '../common/server.js';
import { createRouting } from '../common/routing.js';
import type { Account } from './account.js';
import type { Emulator } from './emulator.js';
import { StripeError, internalError } from './errors.js';
import { checkExpand, expanded } from './expansion.js';
import type { Form } from './form.js';
import type { KeyedRequest } from './idempotency.js';
import { routes } from './routes.js';

/** One call on its way. */
export interface Passage {
  readonly incoming: Incoming;
  readonly requestId: string;
  readonly account: Account;
  readonly params: Form;
  readonly fault: Fault | undefined;
  /** Only a POST with a key has one: on any other method the key means nothing. */
  readonly keyed: KeyedRequest | undefined;
}

interface Executed {
  readonly answer: Answer;
  /** Validation refuses before an endpoint begins; then nothing is kept under the key. */
  readonly executed: boolean;
}

export function createExecution(
  emulator: Emulator,
  searchDelaySeconds: () => number,
  logger: Logger | undefined,
): (passage: Passage) => Executed {
  const { endpoints, webhooks } = emulator;
  const route = createRouting(routes({ endpoints, webhooks, searchDelaySeconds }));

  return (passage) => {
    if (passage.fault?.fault === 'error_before')
      return { answer: errorAnswer(internalError(), logger), executed: true };
    const real = perform(passage);
    if (passage.fault?.fault !== 'error_after') return real;
    return { answer: errorAnswer(internalError(), logger), executed: real.executed };
  };

  function perform({ incoming, account, params, requestId, keyed }: Passage): Executed {
    try {
      const found = route(incoming.method, incoming.path);
      if (!found) throw unrecognized(incoming);
      checkExpand(params['expand']);
      const { endpoint, ids } = found;
      const cause = { id: requestId, idempotency_key: keyed?.key ?? null };
      const body = endpoint({ account, cause, path: incoming.path, ids, params });
      return {
        answer: jsonAnswer(200, expanded(account, body, params['expand'])),
        executed: true,
      };
    } catch (error) {
      const executed = error instanceof StripeError && error.executed;
      return { answer: errorAnswer(error, logger), executed };
    }
  }
}

export function errorAnswer(error: unknown, logger: Logger | undefined): Answer {
  if (error instanceof StripeError) return jsonAnswer(error.status, { error: error.body });
  logger?.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return jsonAnswer(500, { error: { type: 'api_error', message: 'The emulator has a bug.' } });
}

function unrecognized({ method, path }: Incoming): StripeError {
  return new StripeError(404, {
    type: 'invalid_request_error',
    message: `Unrecognized request URL (${method}: ${path}).`,
  });
}
