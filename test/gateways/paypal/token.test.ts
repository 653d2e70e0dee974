/** Access tokens, seen through the calls that need them. */
import type { ServerResponse } from 'node:http';

import { afterEach, describe, expect, it, vi } from 'vitest';

import type { Account } from '../../../gateways/gateway.js';
import { callPaypal } from '../../../gateways/paypal/call.js';
import { deadlineIn } from '../../../gateways/paypal/deadline.js';
import { submit } from '../../../gateways/paypal/submit.js';
import { type Seen, TOKEN, accountAt, chargeOf, json, orderOf, startStub } from './stub.js';

afterEach(() => void vi.useRealTimers());

const TOKEN_PATH = '/v1/oauth2/token';

const read = (account: Account) =>
  callPaypal(account, { method: 'GET', path: '/v2/x' }, deadlineIn(account.deadlineMs));

/** Numbers its tokens; `answer` says what else to do. */
function startBank(answer: (seen: Seen, response: ServerResponse) => void = fine) {
  let tokens = 0;
  return startStub((seen, response) =>
    seen.path === TOKEN_PATH
      ? json(response, 200, { ...TOKEN, access_token: `token${++tokens}` })
      : answer(seen, response),
  );
}

function fine(_: Seen, response: ServerResponse): void {
  json(response, 200, {});
}

const asked = (seen: readonly Seen[]) => seen.filter(({ path }) => path === TOKEN_PATH).length;
const bearers = (seen: readonly Seen[]) =>
  seen.filter(({ path }) => path !== TOKEN_PATH).map(({ headers }) => headers.authorization);

describe('an access token', () => {
  it('is bought with the client id and secret, and kept', async () => {
    const stub = await startBank();
    const account = accountAt(stub.url, { secret: 'client_kept:se:cret' });
    await read(account);
    await read(account);
    expect(asked(stub.seen)).toBe(1);
    expect(stub.seen[0]!.body).toBe('grant_type=client_credentials');
    const basic = Buffer.from('client_kept:se:cret').toString('base64');
    expect(stub.seen[0]!.headers.authorization).toBe(`Basic ${basic}`);
    expect(bearers(stub.seen)).toEqual(['Bearer token1', 'Bearer token1']);
  });

  it('is fetched once for five calls at the same time', async () => {
    const stub = await startBank();
    const account = accountAt(stub.url);
    await Promise.all(Array.from({ length: 5 }, () => read(account)));
    expect(asked(stub.seen)).toBe(1);
    expect(bearers(stub.seen)).toEqual(Array.from({ length: 5 }, () => 'Bearer token1'));
  });

  it('is fetched anew five minutes before it ends', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const stub = await startBank();
    const account = accountAt(stub.url);
    await read(account);
    vi.setSystemTime(Date.now() + (TOKEN.expires_in - 301) * 1000);
    await read(account);
    expect(asked(stub.seen)).toBe(1);
    vi.setSystemTime(Date.now() + 2_000);
    await read(account);
    expect(asked(stub.seen)).toBe(2);
  });

  it('is never sent to another place with the same client id', async () => {
    const [one, other] = [await startBank(), await startBank()];
    const account = accountAt(one.url);
    await read(account);
    await read({ ...account, apiBase: other.url });
    expect([asked(one.seen), asked(other.seen)]).toEqual([1, 1]);
  });

  it('does not outlive a rotation of the secret', async () => {
    const stub = await startBank();
    const account = accountAt(stub.url, { secret: 'client_rotated:old' });
    await read(account);
    await read({ ...account, secret: 'client_rotated:new' });
    expect(bearers(stub.seen)).toEqual(['Bearer token1', 'Bearer token2']);
  });

  it.each([
    ['without a token', { token_type: 'Bearer', expires_in: 100 }],
    ['of another kind', { ...TOKEN, token_type: 'MAC' }],
    ['without an end', { access_token: 'a', token_type: 'Bearer' }],
    ['that no header can carry', { ...TOKEN, access_token: 'a\nb' }],
  ])('is not taken from an answer %s', async (_, body) => {
    const stub = await startStub((__, response) => json(response, 200, body));
    const account = accountAt(stub.url);
    expect(await read(account)).toEqual({
      kind: 'unsent',
      why: "PayPal's token answer is not one",
    });
    await read(account);
    expect(stub.seen.map(({ path }) => path)).toEqual([TOKEN_PATH, TOKEN_PATH]);
  });
});

describe('a 401', () => {
  it('on an order fetches a token, and sends the same order once more under the same key', async () => {
    const charge = chargeOf();
    const stub = await startBank((seen, response) =>
      seen.headers.authorization === 'Bearer token1'
        ? json(response, 401, { error: 'invalid_token' })
        : json(response, 201, orderOf(charge, { status: 'COMPLETED' })),
    );
    expect((await submit(accountAt(stub.url), charge)).kind).toBe('succeeded');
    const [first, second] = stub.seen.filter(({ path }) => path === '/v2/checkout/orders');
    expect(second!.body).toBe(first!.body);
    expect([first, second].map((seen) => seen!.headers['paypal-request-id'])).toEqual([
      charge.id,
      charge.id,
    ]);
    expect(asked(stub.seen)).toBe(2);
  });

  it('twice is a refusal for a person, and was not executed', async () => {
    const stub = await startBank((_, response) => json(response, 401, { error: 'invalid_token' }));
    expect(await submit(accountAt(stub.url), chargeOf())).toMatchObject({
      kind: 'refused',
      attention: true,
      parks: false,
    });
    expect(bearers(stub.seen)).toHaveLength(2);
  });

  it('followed by no answer is unknown: the second may have been executed', async () => {
    const stub = await startBank((seen, response) =>
      seen.headers.authorization === 'Bearer token1'
        ? json(response, 401, { error: 'invalid_token' })
        : void response.socket!.destroy(),
    );
    expect((await submit(accountAt(stub.url), chargeOf())).kind).toBe('unknown');
  });

  it('that comes late does not throw away the token another has fetched meanwhile', async () => {
    let late: ServerResponse | undefined;
    const refuse = (response: ServerResponse) => json(response, 401, { error: 'invalid_token' });
    const stub = await startBank(({ headers, path }, response) => {
      if (headers.authorization !== 'Bearer token1') {
        if (late) refuse(late);
        late = undefined;
        return json(response, 200, {});
      }
      if (path === '/v2/late') late = response;
      else refuse(response);
    });
    const account = accountAt(stub.url);
    const call = { method: 'GET', path: '/v2/late' } as const;
    const [one, other] = await Promise.all([
      callPaypal(account, call, deadlineIn(2_000)),
      read(account),
    ]);
    expect([one, other]).toMatchObject([{ status: 200 }, { status: 200 }]);
    expect(asked(stub.seen)).toBe(2);
  });
});

describe('without a token no byte of the order leaves', () => {
  const orders = (seen: readonly Seen[]) => seen.filter(({ path }) => path !== TOKEN_PATH);

  it('when PayPal does not know the credentials', async () => {
    const stub = await startStub((_, response) => json(response, 401, { error: 'invalid_client' }));
    expect(await submit(accountAt(stub.url), chargeOf())).toEqual({
      kind: 'refused',
      why: "PayPal refused the account's credentials (401 invalid_client)",
      attention: true,
      parks: false,
    });
    expect(orders(stub.seen)).toEqual([]);
  });

  it.each([
    ['answers 503', (response: ServerResponse) => json(response, 503, {})],
    ['answers HTML', (response: ServerResponse) => void response.writeHead(200).end('<html>')],
    ['cuts the line', (response: ServerResponse) => void response.socket!.destroy()],
    ['is silent', () => undefined],
  ])('when its token endpoint %s', async (_, answer) => {
    const stub = await startStub((__, response) => answer(response));
    const account = accountAt(stub.url, { deadlineMs: 100 });
    expect((await submit(account, chargeOf())).kind).toBe('unreachable');
    expect(orders(stub.seen)).toEqual([]);
  });

  it('when it is asked for too many', async () => {
    const stub = await startStub((_, response) => json(response, 429, {}, { 'retry-after': '9' }));
    expect(await submit(accountAt(stub.url), chargeOf())).toMatchObject({
      kind: 'refused',
      attention: false,
      retryAfterMs: 9_000,
    });
  });

  it('and a call that joins another’s fetch waits no longer than its own deadline', async () => {
    const stub = await startStub(() => undefined);
    const account = accountAt(stub.url, { deadlineMs: 1_000 });
    const patient = read(account);
    const call = { method: 'GET', path: '/v2/x' } as const;
    const impatient = await callPaypal(account, call, deadlineIn(50));
    expect(impatient).toEqual({ kind: 'unsent', why: 'PayPal gave no access token in time' });
    expect((await patient).kind).toBe('unsent');
  });

  it('and the deadline is one for token and order together', async () => {
    const stub = await startStub((seen, response) => {
      if (seen.path === TOKEN_PATH) setTimeout(() => json(response, 200, TOKEN), 500);
    });
    const answer = await submit(accountAt(stub.url, { deadlineMs: 1_500 }), chargeOf());
    expect(answer).toMatchObject({ kind: 'unknown', why: expect.stringContaining('within') });
    const left = Number(/within (\d+) ms/.exec((answer as { why: string }).why)![1]);
    expect(left, 'what the token has left of it').toBeLessThanOrEqual(1_010);
  });
});

describe('an account is refused, to a person', () => {
  it.each([
    ['has no colon', { secret: 'justonething' }, 'must be "client id:client secret"'],
    ['has an empty half', { secret: 'client:' }, 'must be "client id:client secret"'],
    ['sends plain HTTP elsewhere', { apiBase: 'http://10.0.0.1:80' }, 'must be https'],
    ['is live, and sends elsewhere', { mode: 'live' as const }, 'goes to PayPal itself'],
    ['sends to no address', { apiBase: 'nowhere' }, 'is not an address'],
  ])('when it %s', async (_, more, why) => {
    const stub = await startBank();
    const answer = await submit(accountAt(stub.url, more), chargeOf());
    expect(answer).toMatchObject({
      kind: 'refused',
      attention: true,
      parks: false,
      why: expect.stringContaining(why) as string,
    });
    expect(JSON.stringify(answer)).not.toContain('justonething');
    expect(stub.seen).toEqual([]);
  });
});
