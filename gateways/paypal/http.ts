/**
 * One HTTP exchange with PayPal, through the raw call of PayPal's own SDK, and nothing else of it.
 *
 * That call never times out, never calls back when a connection is lost half-way, drops the headers, and prints
 * what fails. So the request it makes is taken from it: with a deadline, an end in every case, and proof whether
 * any of its bytes can have left.
 */
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';

import { type InvokeError, invoke } from 'paypal-rest-sdk/lib/client.js';
import { default_options as sdkSettings } from 'paypal-rest-sdk/lib/configure.js';

// PAYPAL_DEBUG would print tokens and secrets; the SDK keeps quiet about them in this mode of its own settings,
// which nothing else here looks at.
sdkSettings.mode = 'live';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** Scheme, host and port. */
  readonly origin: URL;
  /** With its query. */
  readonly path: string;
  /** Names are sent as they are written; the SDK tells its own apart by their capitals. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For all of it: name, connection, request, answer. */
  readonly withinMs: number;
}

export type HttpAnswer =
  /** An answer read to its end, whose body is a JSON object or empty. */
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: IncomingMessage['headers'];
      readonly body: Readonly<Record<string, unknown>>;
    }
  /** There was no connection, so no byte of the request left. */
  | { readonly kind: 'unsent'; readonly why: string }
  /** It may have been executed. `status` when at least that arrived. */
  | { readonly kind: 'unreadable'; readonly why: string; readonly status?: number | undefined };

export function exchange(request: HttpRequest): Promise<HttpAnswer> {
  if (request.withinMs <= 0)
    return Promise.resolve({ kind: 'unsent', why: 'No time was left to send it' });
  return new Promise((resolve) => {
    let call: ClientRequest | undefined;
    let response: IncomingMessage | undefined;
    let connected = false;
    const deadline = setTimeout(
      () => fail(`nothing complete within ${request.withinMs} ms`),
      request.withinMs,
    );

    function settle(answer: HttpAnswer): void {
      clearTimeout(deadline);
      resolve(answer);
      // A socket of its own per request: nothing is worth keeping open.
      call?.destroy();
    }
    function fail(why: string): void {
      if (connected) settle({ kind: 'unreadable', why, status: response?.statusCode });
      else settle({ kind: 'unsent', why });
    }

    try {
      call = invokeTaking(request, (error, body) => {
        if (response?.complete) settle(readBody(response, error, body));
        else fail('the answer was cut short');
      });
    } catch (error) {
      // Thrown before anything asynchronous: there is no connection yet.
      return fail(describe(error));
    }
    // A request that went another way is out of sight, and may well be under way.
    if (!call) return settle({ kind: 'unreadable', why: 'the SDK went its own way' });
    call.on('error', (error) => fail(describe(error)));
    call.on('close', () => {
      // With an answer under way, that says itself whether it is whole.
      if (!response) fail('the connection was closed without an answer');
    });
    call.on('socket', (socket) => {
      if (!socket.connecting) connected = true;
      else
        socket.once(isSecure(request) ? 'secureConnect' : 'connect', () => void (connected = true));
    });
    call.on('response', (arrived) => {
      response = arrived;
      boundSize(arrived, fail);
      arrived.on('error', (error) => fail(describe(error)));
      arrived.on('close', () => {
        if (!arrived.complete) fail('the answer was cut short');
      });
    });
  });
}

type SdkCallback = (error: InvokeError | null, body: unknown) => void;

/**
 * Makes the SDK's call and takes the request from it. The SDK asks the module for `request` while it runs, and runs
 * to its end before anybody else does: the module is changed for that long only. Undefined when it did not ask.
 */
function invokeTaking(request: HttpRequest, callback: SdkCallback): ClientRequest | undefined {
  const { origin, method, path, headers, body } = request;
  const secure = isSecure(request);
  const module = (secure ? https : http) as { request: typeof http.request };
  const original = module.request;
  let taken: ClientRequest | undefined;
  module.request = ((...given: Parameters<typeof http.request>) =>
    (taken = original.apply(module, given))) as typeof http.request;
  try {
    invoke(
      method,
      path,
      body,
      {
        schema: secure ? 'https' : 'http',
        host: origin.hostname.replace(/^\[|\]$/g, ''),
        port: Number(origin.port) || (secure ? 443 : 80),
        // On a connection that was kept, whether a reset one took the request could not be said.
        agent: false,
        headers: { ...headers },
      },
      callback,
    );
  } catch (error) {
    taken?.on('error', () => undefined).destroy();
    throw error;
  } finally {
    module.request = original;
  }
  // The SDK's own listener prints; no event can have reached it yet.
  taken?.removeAllListeners('error');
  return taken;
}

function isSecure({ origin }: HttpRequest): boolean {
  return origin.protocol === 'https:';
}

function boundSize(response: IncomingMessage, fail: (why: string) => void): void {
  let size = 0;
  response.on('data', (chunk: string | Buffer) => {
    size += chunk.length;
    if (size > MOST_CHARACTERS) fail('the answer is too large');
  });
}

/** A page of 500 transactions is about one million. */
const MOST_CHARACTERS = 8_000_000;

function readBody(
  { statusCode: status = 0, headers }: IncomingMessage,
  error: InvokeError | null,
  body: unknown,
): HttpAnswer {
  const said = error ? error.response : body;
  if (error?.error !== undefined || typeof said !== 'object' || !said || Array.isArray(said))
    return { kind: 'unreadable', why: `its answer ${status} is no JSON object`, status };
  // The SDK adds the status to whatever the body is.
  const { httpStatusCode: _, ...own } = said as Record<string, unknown>;
  return { kind: 'answered', status, headers, body: own };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return code ?? error.message;
}
