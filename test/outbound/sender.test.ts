/** What apps name as an address is hostile until it was checked: no connection may ever go where it must not. */
import { createHook } from 'node:async_hooks';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { type RequestListener, type Server, createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { type SecureContext, createSecureContext, createServer as createTlsServer } from 'node:tls';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { certificate } from '../../emulators/paypal/der.js';
import { createSender } from '../../outbound/sender.js';

const canaries: Server[] = [];
let sang = 0;
let sockets = 0;
/** Every connection that this process begins, in the clear or by TLS, wherever it leads. */
const countSockets = createHook({
  init: (_id, type) => void (type === 'TCPCONNECTWRAP' && sockets++),
});

async function listen(host: string, answer: RequestListener): Promise<number> {
  const server = createServer(answer);
  server.listen(0, host);
  await once(server, 'listening');
  canaries.push(server);
  return (server.address() as AddressInfo).port;
}

let four = 0;
let six = 0;
beforeAll(async () => {
  const sing: RequestListener = (_request, response) => {
    sang++;
    response.end();
  };
  four = await listen('127.0.0.1', sing);
  six = await listen('::1', sing);
  countSockets.enable();
});
afterAll(() => {
  countSockets.disable();
  for (const server of canaries) server.close();
});
beforeEach(() => {
  sang = 0;
  sockets = 0;
});

const message = { headers: { 'webhook-id': 'evt_1' }, body: '{}' };

/** 4 and 6 stand for the ports of the canaries. */
const HOSTILE = [
  'http://127.0.0.1:4/',
  'https://127.0.0.1:4/',
  'https://127.0.0.1/',
  'https://127.0.0.1:8443/',
  'https://127.1/',
  'https://127.0.1/',
  'https://0x7f.0.0.1/',
  'https://0x7f000001/',
  'https://2130706433/',
  'https://017700000001/',
  'https://0177.0.0.1/',
  'https://127.0.0.1./',
  'https://127.255.255.254/',
  'https://①②⑦.⓪.⓪.①/',
  'https://127。0。0。1/',
  'https://%31%32%37.0.0.1/',
  'https://localhost/',
  'https://localhost./',
  'https://LOCALHOST:4/',
  'https://app.localhost/',
  'https://0.0.0.0/',
  'https://0/',
  'https://[::]/',
  'https://[::1]/',
  'https://[::1]:6/',
  'https://[0:0:0:0:0:0:0:1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[::127.0.0.1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[64:ff9b:1::7f00:1]/',
  'https://[2002:7f00:1::]/',
  'https://[2001:0:7f00:1::]/',
  'https://[fe80::1]/',
  'https://[fec0::1]/',
  'https://[fc00::1]/',
  'https://[fd00:ec2::254]/',
  'https://[ff02::1]/',
  'https://[2001:db8::1]/',
  'https://[2001:2::1]/',
  'https://[100::1]/',
  'https://[5f00::1]/',
  'https://[4000::1]/',
  'https://169.254.169.254/latest/meta-data/',
  'https://169.254.170.2/',
  'https://2852039166/',
  'https://100.100.100.200/',
  'https://168.63.129.16/',
  'https://100.64.0.1/',
  'https://10.0.0.1/',
  'https://172.16.0.1/',
  'https://172.31.255.255/',
  'https://192.168.1.1/',
  'https://192.0.0.1/',
  'https://192.0.2.1/',
  'https://198.18.0.1/',
  'https://198.51.100.1/',
  'https://203.0.113.1/',
  'https://224.0.0.1/',
  'https://240.0.0.1/',
  'https://255.255.255.255/',
  'https://app:secret@example.com/',
  'https://example.com:22/',
  'https://example.com:6379/',
  'https://example.com:80/',
  'http://example.com/',
  'ftp://example.com/',
  'file:///etc/passwd',
  'gopher://127.0.0.1:4/',
  'javascript:alert(1)',
  'data:text/plain,hello',
  'https://',
  'not an address',
];

const patient = { deadlineMs: 2_000 };

describe('a hostile address', () => {
  test.each(HOSTILE)('%s is never connected to', async (written) => {
    const url = written.replace(/:4\//, `:${four}/`).replace(/:6\//, `:${six}/`);
    const outcome = await createSender(patient)({
      ...message,
      url,
      mode: 'live',
      privateTargets: false,
    });
    expect(outcome.kind).toBe('refused');
    expect([sang, sockets]).toEqual([0, 0]);
  });

  test.each([
    ['a name of this machine', ['127.0.0.1']],
    ['one of several', ['93.184.216.34', '127.0.0.1']],
    ['the other family', ['93.184.216.34', '::1']],
    ['a mapped one', ['::ffff:10.0.0.1']],
    ['the metadata of a cloud', ['169.254.169.254']],
    ['nothing at all', []],
    ['no address', ['localhost']],
  ])('behind a good name, %s, is never connected to', async (_what, addresses) => {
    const send = createSender({ ...patient, resolve: () => Promise.resolve(addresses) });
    const asked = { ...message, url: 'https://app.example/', mode: 'live', privateTargets: false };
    expect((await send(asked as never)).kind).toBe('refused');
    expect([sang, sockets]).toEqual([0, 0]);
  });

  test('that an installation opens its own network for is still no link and no metadata', async () => {
    for (const url of ['https://169.254.169.254/', 'https://[fe80::1]/', 'http://10.0.0.1/'])
      expect(
        (await createSender(patient)({ ...message, url, mode: 'test', privateTargets: true })).kind,
      ).toBe('refused');
    const live = { ...message, url: `http://127.0.0.1:${four}/`, mode: 'live' } as const;
    expect((await createSender(patient)({ ...live, privateTargets: true })).kind).toBe('refused');
    expect([sang, sockets]).toEqual([0, 0]);
  });

  test.each([
    ' http://10.0.0.1/',
    'ht\ttp://10.0.0.1/',
    '\u0000http://10.0.0.1/',
    'https://[fd00:ec2::254]/',
    'https://[fd20:ce::254]/',
    'https://[fd00:c1::a9fe:a9fe]/',
  ])('that is %j is not own network either, whatever it looks like', async (url) => {
    const send = createSender({ deadlineMs: 500 });
    expect(await send({ ...message, url, mode: 'test', privateTargets: true })).toEqual({
      kind: 'refused',
      why: expect.stringMatching(/^The address (must be https|leads to a metadata)/),
    });
    expect(sockets).toBe(0);
  });
});

describe('a good address', () => {
  const own = { ...message, mode: 'test', privateTargets: true } as const;

  test('is connected to, so that the canaries are known to sing', async () => {
    const urls = [`http://127.0.0.1:${four}/`, `http://[::1]:${six}/`];
    for (const url of urls)
      expect(await createSender(patient)({ ...own, url })).toEqual({
        kind: 'delivered',
        status: 200,
      });
    expect([sang, sockets]).toEqual([2, 2]);
    const overTls = { ...own, url: `https://127.0.0.1:${four}/` };
    expect((await createSender(patient)(overTls)).kind).toBe('refused');
    expect(sockets).toBe(3);
  });

  test('is connected to anew for each message: the addresses that were checked are the ones', async () => {
    const port = await listen('127.0.0.1', (_request, response) => void response.end());
    const url = `http://127.0.0.1:${port}/`;
    for (const _message of [1, 2])
      expect((await createSender(patient)({ ...own, url })).kind).toBe('delivered');
    expect(sockets).toBe(2);
  });

  test('is resolved once: a name that leads elsewhere a moment later changes nothing', async () => {
    const answers = [['127.0.0.1'], ['::1']];
    const asked: string[] = [];
    const send = createSender({
      ...patient,
      resolve: (host) => Promise.resolve(answers[asked.push(host) - 1]!),
    });
    const hosts: (string | undefined)[] = [];
    const port = await listen('127.0.0.1', ({ headers }, response) => {
      hosts.push(headers.host);
      response.end();
    });
    const url = `http://app.example:${port}/`;
    expect((await send({ ...own, url })).kind).toBe('delivered');
    expect(asked).toEqual(['app.example']);
    expect(hosts).toEqual([`app.example:${port}`]);
  });

  test('with names that hang leaves threads to the names of others', async () => {
    let [underWay, most] = [0, 0];
    const resolve = async () => {
      most = Math.max(most, ++underWay);
      return new Promise<never>(() => {});
    };
    const send = createSender({ deadlineMs: 200, resolve });
    const tries = [1, 2, 3, 4, 5].map((n) => send({ ...own, url: `https://app${n}.example/` }));
    const outcomes = await Promise.all(tries);
    expect(outcomes).toEqual(tries.map(() => ({ kind: 'refused', why: 'No answer within 0.2 s' })));
    expect(most).toBe(2);
    const literal = await send({ ...own, url: `http://127.0.0.1:${four}/` });
    expect(literal).toEqual({ kind: 'delivered', status: 200 });
  });

  test.each([
    ['app.example', { kind: 'delivered', status: 200 }],
    [
      'other.example',
      { kind: 'refused', why: 'It could not be reached: ERR_TLS_CERT_ALTNAME_INVALID' },
    ],
  ])('is told by its name to TLS: a certificate for %s is %j', async (subject, outcome) => {
    const { root, ...identity } = certified(subject);
    const names: string[] = [];
    const SNICallback = (name: string, done: (error: null, shown: SecureContext) => void) => {
      names.push(name);
      done(null, createSecureContext(identity));
    };
    const server = createTlsServer({ SNICallback }, (socket) => {
      socket.on('error', () => {}).end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const url = `https://app.example:${port}/`;
    const resolve = () => Promise.resolve(['127.0.0.1']);
    const send = (trustedRoots: string[]) =>
      createSender({ ...patient, resolve, trustedRoots })({ ...own, url });
    expect(await send([root])).toEqual(outcome);
    expect((await send([])).kind).toBe('refused');
    expect(names).toEqual(['app.example', 'app.example']);
    server.close();
  });

  test('that redirects to this machine is not followed', async () => {
    const port = await listen('127.0.0.1', (_request, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${four}/` }).end();
    });
    const outcome = await createSender(patient)({ ...own, url: `http://127.0.0.1:${port}/` });
    expect(outcome).toEqual({
      kind: 'refused',
      status: 302,
      why: 'It answered 302: redirects are not followed',
    });
    expect(sang).toBe(0);
  });

  test('that never answers costs its deadline and no more', async () => {
    const port = await listen('127.0.0.1', () => {});
    const send = createSender({ deadlineMs: 200 });
    const began = Date.now();
    expect(await send({ ...own, url: `http://127.0.0.1:${port}/` })).toEqual({
      kind: 'refused',
      why: 'No answer within 0.2 s',
    });
    expect(Date.now() - began).toBeLessThan(2_000);
  });

  test('whose name is never resolved costs its deadline and no more', async () => {
    const send = createSender({ deadlineMs: 200, resolve: () => new Promise(() => {}) });
    expect(await send({ ...own, url: 'https://app.example/' })).toEqual({
      kind: 'refused',
      why: 'No answer within 0.2 s',
    });
    expect(sockets).toBe(0);
  });

  test('that switches to another protocol is refused at once, and holds no place for ever', async () => {
    const switched =
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n';
    const server = createTcpServer((socket) => socket.once('data', () => socket.write(switched)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const outcome = await createSender(patient)({ ...own, url: `http://127.0.0.1:${port}/` });
    expect(outcome).toEqual({
      kind: 'refused',
      why: 'It could not be reached: it closed the connection',
    });
    server.close();
  });

  test('that answers without end is read no further than its status needs', async () => {
    let sent = 0;
    const port = await listen('127.0.0.1', (_request, response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(16_384))) sent += 16_384;
      };
      response.on('drain', more);
      more();
    });
    const outcome = await createSender(patient)({ ...own, url: `http://127.0.0.1:${port}/` });
    expect(outcome).toEqual({ kind: 'delivered', status: 200 });
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });
});

/** A root, and what a server needs to show that it is `subject`. */
function certified(subject: string) {
  const newKey = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const [issuerKey, subjectKey] = [newKey(), newKey()];
  const issuer = 'A root for tests';
  const times = {
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + 86_400_000),
  };
  const common = { issuer, issuerKey, ...times };
  return {
    root: certificate({ ...common, subject: issuer, subjectKey: issuerKey, isAuthority: true }),
    cert: certificate({ ...common, subject, subjectKey, isAuthority: false }),
    key: subjectKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}
