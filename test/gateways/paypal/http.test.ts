/** One exchange through the SDK: a test for each of its pitfalls that a raw call can fall into. */
import http from 'node:http';
import https from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';

import { afterEach, describe, expect, it, vi } from 'vitest';

import { type HttpRequest, exchange } from '../../../gateways/paypal/http.js';
import { json, startStub } from './stub.js';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const to = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'POST',
  origin: new URL(url),
  path: '/v2/checkout/orders',
  headers: { Authorization: 'Bearer t', 'Content-Type': 'application/json' },
  body: '{}',
  withinMs: 2_000,
  ...more,
});

function silence() {
  const outlets = ['log', 'dir', 'warn', 'error', 'info'] as const;
  return outlets.map((name) => vi.spyOn(console, name).mockImplementation(() => undefined));
}

describe('an exchange', () => {
  it('gives status, headers and body, without what the SDK puts into it', async () => {
    const stub = await startStub((_, response) =>
      json(response, 201, { id: 'ORDER1' }, { 'PayPal-Debug-Id': 'd1', 'Retry-After': '7' }),
    );
    const answer = await exchange(to(stub.url));
    expect(answer).toMatchObject({ kind: 'answered', status: 201 });
    if (answer.kind !== 'answered') return;
    expect(answer.body).toEqual({ id: 'ORDER1' });
    expect(answer.headers).toMatchObject({ 'paypal-debug-id': 'd1', 'retry-after': '7' });
  });

  it.each([400, 422, 500])('gives the body of a %d as well', async (status) => {
    const stub = await startStub((_, response) => json(response, status, { name: 'ISSUE' }));
    expect(await exchange(to(stub.url))).toMatchObject({
      kind: 'answered',
      status,
      body: { name: 'ISSUE' },
    });
  });

  it('takes an empty answer as an empty object', async () => {
    const stub = await startStub((_, response) => void response.writeHead(204).end());
    expect(await exchange(to(stub.url, { method: 'PATCH', body: '[]' }))).toMatchObject({
      kind: 'answered',
      status: 204,
      body: {},
    });
  });

  it('takes an answer that ends with its connection', async () => {
    const server = createTcpServer((socket) => {
      const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n';
      socket.once('data', () => socket.end(`${head}{"id":"ORDER1"}`));
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const answer = await exchange(to(`http://127.0.0.1:${port}`));
    server.close();
    expect(answer).toMatchObject({ kind: 'answered', body: { id: 'ORDER1' } });
  });

  it('leaves the caller’s headers as they were, and sends them to this call only', async () => {
    const stub = await startStub((_, response) => json(response, 200, {}));
    const headers = Object.freeze({ Authorization: 'Bearer t', 'PayPal-Request-Id': 'chg_1' });
    await exchange(to(stub.url, { headers }));
    await exchange(to(stub.url, { headers: { Authorization: 'Bearer u' } }));
    expect(stub.seen[0]!.headers['paypal-request-id']).toBe('chg_1');
    expect(stub.seen[1]!.headers['paypal-request-id']).toBeUndefined();
    expect(stub.seen[1]!.headers.authorization).toBe('Bearer u');
  });

  it('sends a form as a form: header names keep their capitals', async () => {
    const stub = await startStub((_, response) => json(response, 200, {}));
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    await exchange(to(stub.url, { headers, body: 'grant_type=client_credentials' }));
    expect(stub.seen[0]!.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(stub.seen[0]!.body).toBe('grant_type=client_credentials');
  });

  it('sends the query of a GET once', async () => {
    const stub = await startStub((_, response) => json(response, 200, {}));
    await exchange(to(stub.url, { method: 'GET', path: '/v1/reporting?a=1&b=2', body: '' }));
    expect(stub.seen[0]!.path).toBe('/v1/reporting?a=1&b=2');
  });

  it('sends an empty object as one', async () => {
    const stub = await startStub((_, response) => json(response, 200, {}));
    await exchange(to(stub.url, { body: '{}' }));
    expect(stub.seen[0]!.body).toBe('{}');
  });

  it('goes to the host it was told, not to the SDK’s own', async () => {
    const stub = await startStub((_, response) => json(response, 200, {}));
    await exchange(to(stub.url));
    expect(stub.seen[0]!.headers.host).toBe(new URL(stub.url).host);
  });

  it('makes a connection of its own for each call', async () => {
    const stub = await startStub((_, response) => json(response, 200, {}));
    for (let call = 0; call < 3; call++) await exchange(to(stub.url));
    expect(stub.connections()).toBe(3);
  });

  it('leaves http.request and https.request in place, whatever happens', async () => {
    const [plain, secure] = [http.request, https.request];
    const stub = await startStub((_, response) => json(response, 200, {}));
    await exchange(to(stub.url));
    await exchange(to(stub.url, { headers: { 'Bad Name': 'x' } }));
    const pending = exchange(to(stub.url));
    expect([http.request, https.request]).toEqual([plain, secure]);
    await pending;
  });

  it('keeps parallel calls apart', async () => {
    const stub = await startStub((seen, response) => json(response, 200, { said: seen.body }));
    const bodies = Array.from({ length: 20 }, (_, n) => `{"n":${n}}`);
    const answers = await Promise.all(bodies.map((body) => exchange(to(stub.url, { body }))));
    const said = answers.map((answer) => answer.kind === 'answered' && answer.body['said']);
    expect(said).toEqual(bodies);
  });
});

describe('no byte has left', () => {
  it.each([
    ['a refused connection', 'http://127.0.0.1:1', 'ECONNREFUSED'],
    ['an unknown name', 'http://paypal.invalid', /ENOTFOUND|EAI_AGAIN/],
  ])('of %s', async (_, url, why) => {
    expect(await exchange(to(url))).toEqual({
      kind: 'unsent',
      why: typeof why === 'string' ? why : expect.stringMatching(why),
    });
  });

  it('when the connection is never made within the deadline', async () => {
    // Accepts, and never says a word of TLS.
    const mute = createTcpServer(() => undefined);
    await new Promise<void>((listening) => mute.listen(0, '127.0.0.1', listening));
    const { port } = mute.address() as AddressInfo;
    const answer = await exchange(to(`https://127.0.0.1:${port}`, { withinMs: 100 }));
    mute.close();
    expect(answer).toEqual({ kind: 'unsent', why: 'nothing complete within 100 ms' });
  });

  it('when no time was left', async () => {
    const stub = await startStub((_, response) => json(response, 200, {}));
    expect((await exchange(to(stub.url, { withinMs: 0 }))).kind).toBe('unsent');
    expect(stub.seen).toEqual([]);
  });

  it('when the request cannot even be written', async () => {
    const stub = await startStub((_, response) => json(response, 200, {}));
    const answer = await exchange(to(stub.url, { headers: { 'PayPal-Request-Id': 'a\nb' } }));
    expect(answer).toMatchObject({ kind: 'unsent', why: 'ERR_INVALID_CHAR' });
    expect(stub.seen).toEqual([]);
  });
});

describe('it may have been executed', () => {
  it('when a silent server lets the deadline pass', async () => {
    const stub = await startStub(() => undefined);
    expect(await exchange(to(stub.url, { withinMs: 500 }))).toEqual({
      kind: 'unreadable',
      why: 'nothing complete within 500 ms',
      status: undefined,
    });
    expect(stub.seen).toHaveLength(1);
  });

  it('when bytes drip beyond the deadline, which is for all of it', async () => {
    let drip: NodeJS.Timeout | undefined;
    const stub = await startStub((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      drip = setInterval(() => response.write(' '), 10);
    });
    const answer = await exchange(to(stub.url, { withinMs: 500 }));
    clearInterval(drip);
    expect(answer).toMatchObject({ kind: 'unreadable', status: 200 });
  });

  it('when the connection is reset before an answer', async () => {
    const stub = await startStub((_, response) => void response.socket!.destroy());
    expect(await exchange(to(stub.url))).toMatchObject({ kind: 'unreadable', why: 'ECONNRESET' });
  });

  it('when the connection is lost after the headers, of which the SDK never tells', async () => {
    const stub = await startStub((_, response) => {
      response.writeHead(201, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"id":"ORD', () => response.socket!.destroy());
    });
    expect(await exchange(to(stub.url))).toMatchObject({ kind: 'unreadable', status: 201 });
  });

  it('when a chunked answer is cut where its JSON happens to be whole', async () => {
    const stub = await startStub((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"id":"ORDER1"}', () => response.socket!.destroy());
    });
    expect(await exchange(to(stub.url))).toMatchObject({ kind: 'unreadable', status: 200 });
  });

  it.each([
    ['HTML at 200', 200, 'text/html', '<html></html>'],
    ['HTML at 502', 502, 'text/html', '<html>Bad Gateway</html>'],
    ['HTML at 401', 401, 'text/html', '<html>Go away</html>'],
    ['another kind of JSON', 200, 'application/hal+json', '{"id":"ORDER1"}'],
    ['the JSON null', 200, 'application/json', 'null'],
    ['a JSON text', 200, 'application/json', '"fine"'],
    ['a JSON list', 200, 'application/json', '[{"id":"ORDER1"}]'],
    ['half of a JSON object', 200, 'application/json', '{"id":'],
  ])('when the answer is %s', async (_, status, type, body) => {
    const stub = await startStub((__, response) => {
      response.writeHead(status, { 'content-type': type }).end(body);
    });
    expect(await exchange(to(stub.url))).toEqual({
      kind: 'unreadable',
      why: `its answer ${status} is no JSON object`,
      status,
    });
  });

  it('when the answer has no end', async () => {
    const stub = await startStub((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(`{"a":"${'x'.repeat(9_000_000)}"}`);
    });
    expect(await exchange(to(stub.url))).toMatchObject({ why: 'the answer is too large' });
  });
});

it('a request that slips past us may have been executed', async () => {
  let arrive = (): void => undefined;
  const arrived = new Promise<void>((seen) => (arrive = seen));
  const stub = await startStub((_, response) => {
    json(response, 200, {});
    arrive();
  });
  const original = Object.getOwnPropertyDescriptor(http, 'request')!;
  const held = { get: () => original.value as unknown, set: () => undefined, configurable: true };
  Object.defineProperty(http, 'request', held);
  const answer = await exchange(to(stub.url));
  Object.defineProperty(http, 'request', original);
  expect(answer).toEqual({ kind: 'unreadable', why: 'the SDK went its own way' });
  await arrived;
});

describe('the SDK keeps quiet', () => {
  it('of a connection that fails', async () => {
    const outlets = silence();
    await exchange(to('http://127.0.0.1:1'));
    const stub = await startStub((_, response) => void response.socket!.destroy());
    await exchange(to(stub.url));
    for (const outlet of outlets) expect(outlet).not.toHaveBeenCalled();
  });

  it('of tokens and bodies, PAYPAL_DEBUG or not', async () => {
    const outlets = silence();
    vi.stubEnv('PAYPAL_DEBUG', '1');
    const stub = await startStub((_, response) => json(response, 200, { secret: 'body' }));
    await exchange(to(stub.url, { headers: { Authorization: 'Bearer token' }, body: '{"b":1}' }));
    const printed = JSON.stringify(outlets.map((outlet) => outlet.mock.calls));
    expect(printed).not.toMatch(/token|secret|Bearer/);
  });
});
