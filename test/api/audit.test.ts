/** The audit trail of the API: one entry for whatever a request has changed, none for anything else. */
import { createHash } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { machineClock } from '../../activities/clock.js';
import { commandRenewal, decideCharge } from '../../activities/command.js';
import type { Deps } from '../../activities/deps.js';
import { routes } from '../../api/routes.js';
import { DomainError } from '../../domain/errors.js';
import type { RenewalId } from '../../domain/ids.js';
import { sealBatch } from '../../prisma/audit-seal.js';
import { newId } from '../../prisma/new-id.js';
import { changeSettings } from '../../prisma/settings.js';
import type { RecordedCommand, Verdict } from '../../workflows/messages.js';
import { type House, aCustomer, aKeyWith, aSubscription, anAccount, openHouse } from './harness.js';
import { seedCharge, seedMoneyBack, seedPastDue } from './seed.js';

let house: House;
let keyId: string;
beforeAll(async () => {
  const issued = () => Promise.resolve({ chargeId: newId('chg'), secret: 'the_secret_of_a_link' });
  const paymentLinks = { issue: issued, use: () => Promise.resolve(undefined) };
  house = await openHouse({ paymentLinks });
  const { merchant } = house;
  keyId = (await house.db.apiKey.findFirstOrThrow({ where: { merchantId: merchant.id } })).id;
});
afterAll(() => house.close());

const reason = 'The customer called';
const urls = { return_url: 'https://a.test/', cancel_url: 'https://a.test/' };
const pastDue = () => seedPastDue(house, house.merchant);
const made = ({ id }: { id: string }) => id;
const aRule = async () => {
  const body = { name: newId('rul'), accounts: [{ gateway_account: 'stripe-eu' }] };
  return (await house.call('POST', '/v1/routing-rules', { body })).body.id as string;
};

const anApp = () => ({ url: `https://app.example/${newId('whe')}` });
const anEndpoint = async () =>
  (await house.call('POST', '/v1/webhook-endpoints', { body: anApp() })).body.id as string;
const anEvent = async () => {
  await pastDue();
  return (await house.call('GET', '/v1/events?limit=1')).body.data[0].id as string;
};

async function aPaidCharge(): Promise<string> {
  const seeded = await pastDue();
  const more = { ordinal: 2, round: 'retry 1' };
  const charge = await seedCharge(house, house.merchant, seeded, 'pending', more);
  const data = { status: 'succeeded', gatewayChargeReference: `ch_${charge}` };
  await house.db.charge.update({ where: { id: charge }, data });
  return charge;
}

/** What waits for a second key was asked for by another than the house's own. */
async function aWaitingRefund(): Promise<string> {
  const key = await aKeyWith(house, ['operate']);
  const charge = await aPaidCharge();
  await changeSettings(house.db, house.merchant.id, { refundApprovalAbove: { EUR: 1 } });
  const { body } = await house.call('POST', `/v1/charges/${charge}/refunds`, {
    body: { reason },
    key,
  });
  await changeSettings(house.db, house.merchant.id, { refundApprovalAbove: {} });
  return body.id as string;
}

interface Story {
  /** The id in the path. */
  readonly id?: string;
  readonly body?: object;
  /** The id that the entry names, where it is not the one in the path. */
  readonly object?: string | ((answer: { id: string }) => string);
}

/** How each mutating route is asked for something it grants. A route that is not here fails the test. */
const STORIES: Record<string, () => Promise<Story>> = {
  'POST /v1/customers': async () => ({ body: { name: 'Mia' }, object: made }),
  'PATCH /v1/customers/{id}': async () => ({ id: await aCustomer(house), body: { name: 'Mia' } }),
  'POST /v1/payment-method-sessions': async () => {
    const customer = await aCustomer(house);
    const body = { ...urls, kind: 'card', customer, gateway_account: 'stripe-eu' };
    return { body, object: customer };
  },
  'POST /v1/customers/{id}/payment-methods': async () => {
    const body = { gateway_account: 'stripe-eu', token: newId('pm') };
    return { id: await aCustomer(house), body, object: made };
  },
  'DELETE /v1/payment-methods/{id}': async () => ({ id: (await pastDue()).paymentMethod }),
  'POST /v1/subscriptions': async () => {
    const terms = { amount_minor: 1900, currency: 'EUR', interval: 'month' };
    return { body: { customer: await aCustomer(house), ...terms }, object: made };
  },
  'PATCH /v1/subscriptions/{id}': async () => ({
    id: (await aSubscription(house)).id,
    body: { description: 'Pro' },
  }),
  'POST /v1/subscriptions/{id}/cancellation': async () => ({
    id: (await aSubscription(house)).id,
    body: { at: 'now' },
  }),
  'POST /v1/subscriptions/{id}/pause': async () => ({ id: (await aSubscription(house)).id }),
  'DELETE /v1/subscriptions/{id}/pause': async () => {
    const { id } = await aSubscription(house);
    await house.call('POST', `/v1/subscriptions/${id}/pause`);
    return { id };
  },
  'POST /v1/subscriptions/{id}/renewals': async () => ({
    id: (await aSubscription(house)).id,
    object: made,
  }),
  'POST /v1/renewals/{id}/payment-links': async () => ({
    id: (await pastDue()).renewal,
    body: urls,
    object: (answer) => (answer as unknown as { charge: string }).charge,
  }),
  'POST /v1/renewals/{id}/retries': async () => ({
    id: (await pastDue()).renewal,
    body: { reason },
  }),
  'POST /v1/charges/{id}/resolution': async () => {
    const more = { ordinal: 2, round: 'retry 1' };
    const id = await seedCharge(house, house.merchant, await pastDue(), 'unknown', more);
    return { id, body: { outcome: 'not_sent', reason } };
  },
  'POST /v1/charges/{id}/refunds': async () => ({
    id: await aPaidCharge(),
    body: { reason },
    object: made,
  }),
  'POST /v1/refunds/{id}/approvals': async () => ({
    id: await aWaitingRefund(),
    body: { decision: 'approve', reason },
  }),
  'PUT /v1/disputes/{id}/evidence': async () => {
    const { disputes } = await seedMoneyBack(house, house.merchant, await pastDue());
    return { id: disputes, body: { text: 'It was delivered' } };
  },
  'POST /v1/dunning-cases/{id}/retries': async () => ({
    id: (await pastDue()).dunningCase,
    body: { reason },
  }),
  'POST /v1/dunning-cases/{id}/hold': async () => ({
    id: (await pastDue()).dunningCase,
    body: { reason, until: '2099-01-01T00:00:00Z' },
  }),
  'POST /v1/dunning-cases/{id}/write-off': async () => ({
    id: (await pastDue()).dunningCase,
    body: { reason },
  }),
  'POST /v1/attention/{id}/acknowledgements': async () => {
    const { attention } = await seedMoneyBack(house, house.merchant, await pastDue());
    return { id: attention, body: { reason } };
  },
  'POST /v1/gateway-accounts': async () => ({
    body: {
      gateway: 'stripe',
      mode: 'test',
      name: `a${newId('gwa').slice(-9)}`,
      secret_ref: 'env:STRIPE_TEST_KEY',
    },
    object: made,
  }),
  'PATCH /v1/gateway-accounts/{id}': async () => ({
    id: await anAccount(house, { name: `a${newId('gwa').slice(-9)}` }),
    body: { state: 'drained' },
  }),
  'POST /v1/gateway-accounts/{id}/reconciliations': async () => ({ id: house.merchant.accountId }),
  'POST /v1/differences/{id}/resolutions': async () => {
    const { differences } = await seedMoneyBack(house, house.merchant, await pastDue());
    return { id: differences, body: { action: 'accept', reason } };
  },
  'POST /v1/routing-rules': async () => ({
    body: { name: newId('rul'), accounts: [{ gateway_account: 'stripe-eu' }] },
    object: made,
  }),
  'PATCH /v1/routing-rules/{id}': async () => ({ id: await aRule(), body: { position: 9 } }),
  'DELETE /v1/routing-rules/{id}': async () => ({ id: await aRule() }),
  'PATCH /v1/settings': async () => ({ body: { surplus: 'refund' }, object: house.merchant.id }),
  'POST /v1/webhook-endpoints': async () => ({ body: anApp(), object: made }),
  'PATCH /v1/webhook-endpoints/{id}': async () => ({
    id: await anEndpoint(),
    body: { description: 'Ours' },
  }),
  'DELETE /v1/webhook-endpoints/{id}': async () => ({ id: await anEndpoint() }),
  'POST /v1/webhook-endpoints/{id}/secret-rotations': async () => ({
    id: await anEndpoint(),
    body: { expires_in_hours: 1 },
  }),
  'POST /v1/events/{id}/redeliveries': async () => ({
    id: await anEvent(),
    body: { endpoint: await anEndpoint() },
  }),
  'POST /v1/events/{id}/acknowledgements': async () => {
    const [id, endpoint] = [await anEvent(), await anEndpoint()];
    await house.call('POST', `/v1/events/${id}/redeliveries`, { body: { endpoint } });
    return { id, body: { endpoint } };
  },
  'POST /v1/api-keys': async () => ({
    body: { name: 'audited', mode: 'test', scopes: ['read'] },
    object: made,
  }),
  'DELETE /v1/api-keys/{id}': async () => {
    await aKeyWith(house, ['read']);
    const { body } = await house.call('GET', '/v1/api-keys?limit=1');
    return { id: body.data[0].id };
  },
};

/** They are asked by POST and change nothing. */
const READ_ONLY = ['POST /v1/routing-rules/evaluations'];

const mutating = routes
  .filter(({ method }) => method !== 'get')
  .map(({ method, path }) => `${method.toUpperCase()} ${path}`)
  .filter((action) => !READ_ONLY.includes(action));

const entries = () => house.db.auditEntry.findMany({ orderBy: { id: 'asc' } });

let requests = 0;

/** Asks, lets the run take what it was given, and answers what the trail has then that it had not before. */
async function ask(action: string, { id = '', body }: Story, key?: string) {
  const before = new Set((await entries()).map((entry) => entry.id));
  const [method, path] = action.split(' ') as [string, string];
  const requestId = `req-audit-${++requests}`;
  const headers = { 'x-request-id': requestId, ...(key && { 'idempotency-key': key }) };
  const answered = await house.call(method, path.replace('{id}', id), {
    ...(body && { body }),
    headers,
  });
  const wishes = house.wishes.splice(0);
  for (const [, kind, wish, commandId] of answered.status === 202 ? wishes : [])
    await record(answered.body.renewal, kind as string, wish as object, commandId as string);
  return {
    ...answered,
    requestId,
    added: (await entries()).filter((entry) => !before.has(entry.id)),
  };
}

/** As the run's first act on a command does. */
async function record(renewal: string, kind: string, wish: object, id: string): Promise<void> {
  const deps = { db: house.db, clock: machineClock } as Deps;
  const renewalId = renewal as RenewalId;
  if (kind === 'resolveUnknown')
    return decideCharge(deps, { renewalId, verdict: { ...(wish as Verdict), id } });
  const command = { ...wish, kind, id } as RecordedCommand;
  await commandRenewal(deps, { renewalId, command });
}

async function asOwner(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: house.databaseUrl });
  await client.connect();
  await client.query(statement);
  await client.end();
}

describe('a request that changes something', () => {
  it('is of a route that has a story here', () => {
    expect(Object.keys(STORIES).toSorted()).toEqual(mutating.toSorted());
  });

  it.each(mutating)('leaves one entry: %s', async (action) => {
    const story = await STORIES[action]!();
    const key = action.startsWith('POST') ? `audit ${action}` : undefined;
    const asked = await ask(action, story, key);
    expect(asked.status).toBeLessThan(300);
    const { object = story.id! } = story;
    expect(asked.added).toMatchObject([
      {
        merchantId: house.merchant.id,
        actorKind: 'api_key',
        actor: 'ops',
        keyId,
        action,
        object: typeof object === 'string' ? object : object(asked.body),
        reason: (story.body as { reason?: string } | undefined)?.reason ?? null,
        requestId: asked.requestId,
        idempotencyKey: key ?? null,
      },
    ]);
    if (!key) return;
    const again = await ask(action, story, key);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.added).toEqual([]);
  });

  it.each(mutating)('leaves none when it is refused: %s', async (action) => {
    const { id, body } = await STORIES[action]!();
    const unknownField = await ask(action, { ...(id && { id }), body: { ...body, odd: 1 } });
    expect([unknownField.status, unknownField.added]).toEqual([422, []]);
    if (!id) return;
    const foreign = await ask(action, { id: `${id.slice(0, -4)}zzzz`, ...(body && { body }) });
    expect([foreign.status, foreign.added]).toEqual([404, []]);
  });

  it('leaves none where the run refuses a command', async () => {
    const story = await STORIES['POST /v1/renewals/{id}/retries']!();
    const refusal = new DomainError('conflict', 'command_refused', 'A charge is under way');
    house.edges.wish = () => Promise.reject(refusal);
    const refused = await ask('POST /v1/renewals/{id}/retries', story, 'asked again');
    house.edges.wish = () => Promise.resolve();
    expect([refused.status, refused.added]).toEqual([409, []]);
    const taken = await ask('POST /v1/renewals/{id}/retries', story, 'asked again');
    expect([taken.status, taken.added.length]).toEqual([202, 1]);
  });

  it('leaves none where everything was so already', async () => {
    const { paymentMethod, subscription } = await pastDue();
    for (const [action, id] of [
      ['DELETE /v1/payment-methods/{id}', paymentMethod],
      ['POST /v1/subscriptions/{id}/pause', subscription],
      ['POST /v1/subscriptions/{id}/renewals', subscription],
    ] as const) {
      await ask(action, { id });
      const again = await ask(action, { id });
      expect([action, again.status, again.added]).toEqual([action, 200, []]);
    }
    for (const what of ['redeliveries', 'acknowledgements']) {
      const action = `POST /v1/events/{id}/${what}`;
      const story = await STORIES[action]!();
      expect((await ask(action, story)).added).toHaveLength(1);
      expect([action, (await ask(action, story)).added]).toEqual([action, []]);
    }
  });

  it.each([
    ['entry', 'audit_entry', `action <> 'POST /v1/customers'`],
    ['answer', 'idempotency_key', 'status is null'],
  ])(
    'leaves neither change nor entry where its %s cannot be written',
    async (name, table, fits) => {
      const make = () => ask('POST /v1/customers', { body: { name } }, `to make ${name}`);
      await asOwner(`alter table ${table} add constraint refused check (${fits}) not valid`);
      const failed = await make();
      await asOwner(`alter table ${table} drop constraint refused`);
      expect([failed.status, failed.added]).toEqual([500, []]);
      expect(await house.db.customer.count({ where: { name } })).toBe(0);
      expect((await make()).added).toHaveLength(1);
    },
  );

  it('is one entry for a command that is recorded twice', async () => {
    const story = await STORIES['POST /v1/dunning-cases/{id}/hold']!();
    const { added, body } = await ask('POST /v1/dunning-cases/{id}/hold', story);
    expect(added).toHaveLength(1);
    const wish = { actor: 'ops', reason, until: '2099-01-01T00:00:00Z' };
    await record(body.renewal, 'holdUntil', wish, body.id);
    expect(await house.db.auditEntry.count({ where: { commandId: body.id } })).toBe(1);
  });
});

describe('an entry', () => {
  it('hashes what the API showed of the object before and after', async () => {
    const id = await aCustomer(house);
    const before = await house.call('GET', `/v1/customers/${id}`);
    const body = { name: 'Mia', metadata: { b: '1', a: '2' } };
    const { added } = await ask('PATCH /v1/customers/{id}', { id, body });
    const after = await house.call('GET', `/v1/customers/${id}`);
    expect(added).toMatchObject([
      { beforeHash: hashOf(before.body), afterHash: hashOf(after.body) },
    ]);
    expect(JSON.stringify(added)).not.toContain('Mia');
  });

  it('hashes what was there before of whatever is changed in place', async () => {
    const changing = mutating.filter((it) => it.startsWith('PATCH') || it.endsWith('-rotations'));
    for (const action of changing) {
      const { added } = await ask(action, await STORIES[action]!());
      expect([action, added.map(({ beforeHash }) => beforeHash !== null)]).toEqual([
        action,
        [true],
      ]);
    }
  });

  it('tells a change from the one before even when they meet', async () => {
    const id = await aCustomer(house);
    const names = Array.from({ length: 10 }, (_, n) => `name ${n}`);
    await Promise.all(
      names.map((name) => house.call('PATCH', `/v1/customers/${id}`, { body: { name } })),
    );
    const rows = await house.db.auditEntry.findMany({ where: { object: id } });
    const befores = rows.map(({ beforeHash }) => beforeHash).filter((hash) => hash !== null);
    expect(new Set(befores).size).toBe(10);
  });

  it('has no secret in it', async () => {
    await STORIES['DELETE /v1/api-keys/{id}']!();
    const said = JSON.stringify(await entries());
    for (const secret of ['dk_test_', 'the_secret_of_a_link', 'secret_of_', 'tok_', '···4242'])
      expect(said).not.toContain(secret);
  });
});

describe('GET /v1/audit-entries', () => {
  it('lists newest first, page by page, with its seal', async () => {
    await house.call('POST', '/v1/customers', { body: {} });
    while ((await sealBatch(house.db, 1_000)) > 0);
    const fresh = await aCustomer(house);
    const first = await house.call('GET', '/v1/audit-entries?limit=1');
    expect(first.body).toMatchObject({ data: [{ object: fresh, seal: null }], has_more: true });
    const after = first.body.data[0].id as string;
    const { body } = await house.call('GET', `/v1/audit-entries?limit=1&starting_after=${after}`);
    const seal = await house.db.auditSeal.findFirstOrThrow({ orderBy: { seq: 'desc' } });
    expect(body.data[0]).toMatchObject({
      id: seal.entryId,
      actor_kind: 'api_key',
      key: keyId,
      seal: { seq: Number(seal.seq), hash: seal.hash },
    });
  });

  it('filters by object, actor, action and time', async () => {
    const id = await aCustomer(house);
    const action = encodeURIComponent('POST /v1/customers');
    const list = async (query: string) =>
      (await house.call('GET', `/v1/audit-entries?${query}`)).body.data as { id: string }[];
    const [entry] = await list(`object=${id}`);
    expect(entry).toMatchObject({ object: id, action: 'POST /v1/customers' });
    const { at } = entry as unknown as { at: string };
    const later = new Date(Date.parse(at) + 1).toISOString();
    const of = `object=${id}`;
    expect(await list(`${of}&action=${action}&actor=ops&from=${at}&to=${later}`)).toHaveLength(1);
    expect(await list(`${of}&actor=${keyId}`)).toHaveLength(1);
    expect(await list(`${of}&actor=nobody`)).toEqual([]);
    expect(await list(`${of}&action=${encodeURIComponent('PATCH /v1/customers/{id}')}`)).toEqual(
      [],
    );
    expect(await list(`${of}&from=${later}`)).toEqual([]);
    expect(await list(`${of}&to=${at}`)).toEqual([]);
  });

  it('shows a merchant its own only, and only to an admin key', async () => {
    await house.call('POST', '/v1/customers', { body: {} });
    const stranger = (await house.addMerchant()).admin;
    expect((await house.call('GET', '/v1/audit-entries', { key: stranger })).body.data).toEqual([]);
    const key = await aKeyWith(house, ['read', 'write', 'operate']);
    const { status, body } = await house.call('GET', '/v1/audit-entries', { key });
    expect([status, body.code]).toEqual([403, 'missing_scope']);
  });
});

/** As docs/audit.md says it is done; for objects whose keys are no numbers, JSON keeps this order. */
function hashOf(shown: unknown): string {
  const ordered = (part: unknown): unknown =>
    part && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(
          Object.keys(part)
            .toSorted()
            .map((key) => [key, ordered((part as Record<string, unknown>)[key])]),
        )
      : part;
  return createHash('sha256')
    .update(JSON.stringify(ordered(shown)))
    .digest('hex');
}
