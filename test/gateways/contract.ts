/**
 * What every gateway adapter must keep to, whoever the vendor is: the port, tried against the vendor's emulator with
 * everything that networks and gateways do to a request. A new adapter brings a `World` and nothing else.
 *
 * The emulator's journal has the last word: whatever was answered, no renewal is ever charged twice.
 */
import {
  type IncomingMessage,
  type ServerResponse,
  createServer,
  request as send,
} from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { DomainError } from '../../domain/errors.js';
import { type Money, money } from '../../domain/money.js';
import type {
  Account,
  Answer,
  AttachRequest,
  FrozenCharge,
  Gateway,
  LookUp,
  SetupRequest,
  WebhookAccount,
} from '../../gateways/gateway.js';

/** What becomes of charges to a payment method. */
export type Fate = 'succeeds' | 'declines' | 'has_no_funds' | 'needs_the_payer' | 'pending';

/** A vendor's emulator, and what the suite must be able to make happen there. */
export interface World {
  readonly gateway: Gateway;
  /** Where the emulator listens. */
  readonly url: string;
  /** An account in good standing, which sends to this address. */
  account(apiBase: string): Account;
  /** Credentials that the gateway does not know. */
  stranger(apiBase: string): Account;
  /** A method that is attached already, whose charges end so. `customer`: whose it is to be, where that matters. */
  method(fate: Fate, customer?: string): Promise<Method>;
  /** A token to attach; refused ones may not be attached. */
  token(kind: 'good' | 'refused'): Promise<string>;
  /** Whether this is the call that moves money. */
  isCharge(method: string, path: string): boolean;
  /** In the vendor's own form, once, on the next call that moves money. `effect`: executed all the same. */
  refuse(kind: 'server_error' | 'server_error_after_effect' | 'rate_limit'): Promise<void>;
  /** The same answer, speaking of another amount. */
  withAnotherAmount(body: string): string;
  /** Charges that moved money for a renewal. */
  moved(renewalId: string): Promise<readonly Money[]>;
  /** The bank's word on a pending charge. */
  settle(answer: Accepted, outcome: 'succeeded' | 'declined'): Promise<void>;
  /** The customer completes the page, as far as it is up to him. */
  approve(reference: string): Promise<void>;
  advance(seconds: number): Promise<void>;
  /** Sends webhooks there from now on, and says with which secret. */
  sendWebhooksTo(url: string): Promise<string>;
  webhookAccount(secrets: readonly string[]): WebhookAccount;
  /** How long after it was sent a webhook is still taken, in milliseconds. */
  readonly webhookLifeMs: number;
  readonly charges: readonly Money[];
  readonly refuses: readonly Money[];
  close(): Promise<void>;
}

export interface Method {
  readonly customer: string;
  readonly method: string;
  readonly kind: string;
}

type Accepted = Extract<Answer, { kind: 'succeeded' | 'pending' }>;

export function describeGateway(name: string, openWorld: () => Promise<World>): void {
  const { world, wire, nobody } = useWire(openWorld, (its, method, path) =>
    its.isCharge(method, path),
  );

  let charges = 0;
  const account = (more: Partial<Account> = {}): Account => ({
    ...world().account(wire().url),
    ...more,
  });

  interface Planned {
    readonly fate?: Fate;
    readonly method?: Method;
    readonly renewalId?: string;
    readonly living?: string | undefined;
    readonly amount?: Money;
  }

  async function plan(planned: Planned = {}): Promise<FrozenCharge> {
    const { fate = 'succeeds', living, amount = money(1999, 'USD') } = planned;
    const id = `chg_${name.toLowerCase()}_${++charges}`;
    const renewalId = planned.renewalId ?? `rnw_${name.toLowerCase()}_${charges}`;
    const { request, continues } = world().gateway.compose({
      chargeId: id,
      merchantId: 'mer_1',
      renewalId,
      reversals: 0,
      amount,
      description: 'Pro, December',
      living,
      ...(planned.method ?? (await world().method(fate))),
    });
    return freeze({ id, renewalId, amount, request, reference: continues });
  }

  /** As an activity sends a charge: how the object stands is read first. */
  async function attempt(charge: FrozenCharge, by = account()): Promise<Answer> {
    const prepared = await world().gateway.prepare(by, charge);
    switch (prepared.kind) {
      case 'ready':
        return world().gateway.submit(by, { ...charge, baseline: prepared.baseline });
      case 'duplicate':
        return { kind: 'duplicate' };
      case 'gone':
        return { kind: 'gone', why: 'prepared' };
      default:
        return { kind: 'unreachable', why: prepared.why };
    }
  }

  /** As an activity resolves one: looked up, and sent again while that is safe. */
  async function resolve(charge: FrozenCharge, by = account()): Promise<Answer> {
    const found = await world().gateway.lookUp(by, charge);
    return isAnswer(found) ? found : attempt(charge, by);
  }

  async function sent(planned: Planned = {}) {
    const charge = await plan(planned);
    const answer = await attempt(charge);
    const reference = 'reference' in answer ? answer.reference : undefined;
    return { charge: { ...charge, reference: reference ?? charge.reference }, answer };
  }

  describe(`${name}: a charge`, () => {
    it('that succeeds moves its money once, and says where', async () => {
      const { charge, answer } = await sent();
      expect(answer).toMatchObject({
        kind: 'succeeded',
        reference: expect.any(String) as string,
        chargeReference: expect.any(String) as string,
      });
      expect(await world().moved(charge.renewalId)).toEqual([charge.amount]);
      expect(await world().gateway.lookUp(account(), charge)).toEqual(answer);
    });

    it.each([
      ['declines', ['issuer_soft']],
      ['has_no_funds', ['insufficient_funds']],
      ['needs_the_payer', ['authentication']],
    ] as const)('to a method that %s is declined, and moves nothing', async (fate, classes) => {
      const { charge, answer } = await sent({ fate });
      expect(answer.kind).toBe('declined');
      if (answer.kind !== 'declined') return;
      expect(classes).toContain(answer.decline.class);
      expect(answer.decline).toMatchObject({ elsewhere: false });
      expect(answer.decline.unmapped).toBeUndefined();
      expect(await world().moved(charge.renewalId)).toEqual([]);
    });

    it.each(['succeeded', 'declined'] as const)('that is pending ends as %s', async (outcome) => {
      const { charge, answer } = await sent({ fate: 'pending' });
      expect(answer.kind).toBe('pending');
      expect((await world().gateway.lookUp(account(), charge)).kind).toBe('pending');
      await world().settle(answer as Accepted, outcome);
      expect((await world().gateway.lookUp(account(), charge)).kind).toBe(outcome);
      expect(await world().moved(charge.renewalId)).toHaveLength(outcome === 'succeeded' ? 1 : 0);
    });

    it('of money that is paid already is a duplicate', async () => {
      const method = await world().method('succeeds');
      const first = await sent({ method });
      const { renewalId, reference } = first.charge;
      const second = await sent({ renewalId, living: reference, method });
      expect(second.answer.kind).toBe('duplicate');
      expect(await world().moved(renewalId)).toHaveLength(1);
    });

    it('of money that is pending already does not move it twice', async () => {
      const method = await world().method('pending');
      const first = await sent({ method });
      const { renewalId, reference } = first.charge;
      const second = await sent({ renewalId, living: reference, method });
      expect(second.answer.kind).not.toBe('succeeded');
      await world().settle(first.answer as Accepted, 'succeeded');
      expect(await world().moved(renewalId)).toHaveLength(1);
    });

    it('after a decline may succeed, on another method', async () => {
      const declining = await world().method('declines');
      const first = await sent({ method: declining });
      expect(first.answer.kind).toBe('declined');
      const { renewalId, reference } = first.charge;
      const method = await world().method('succeeds', declining.customer);
      const second = await sent({ renewalId, living: reference, method });
      expect(second.answer.kind).toBe('succeeded');
      expect(await world().moved(renewalId)).toHaveLength(1);
    });

    it('by a stranger is refused for a person, and moves nothing', async () => {
      const charge = await plan();
      const answer = await world().gateway.submit(world().stranger(wire().url), charge);
      expect(answer).toMatchObject({ kind: 'refused', attention: true, parks: false });
      expect(await world().moved(charge.renewalId)).toEqual([]);
    });
  });

  describe(`${name}: whatever happens on the way, money moves once`, () => {
    it('nobody there: no byte has left', async () => {
      const charge = await plan();
      const nowhere = account({ apiBase: nobody() });
      expect((await world().gateway.submit(nowhere, charge)).kind).toBe('unreachable');
      expect(await world().moved(charge.renewalId)).toEqual([]);
      expect((await resolve(charge)).kind).toBe('succeeded');
      expect(await world().moved(charge.renewalId)).toHaveLength(1);
    });

    it.each([
      ['the connection is reset before it is executed', 'reset_before', 0],
      ['the connection is reset after it was executed', 'reset_after', 1],
      ['silence beyond the deadline, not executed', 'hang_before', 0],
      ['silence beyond the deadline, executed', 'hang_after', 1],
      ['half an answer', 'truncate', 1],
      ['HTML instead of an answer, not executed', 'html_before', 0],
      ['HTML instead of an answer, executed', 'html_after', 1],
      ['HTML at 200, executed', 'html_200_after', 1],
    ] as const)('%s', async (_, spoil, moved) => {
      const charge = await plan();
      wire().spoil(spoil);
      const deadlineMs = spoil.startsWith('hang') ? 1_000 : 5_000;
      const answer = await attempt(charge, account({ deadlineMs }));
      expect(answer.kind).toBe('unknown');
      await wire().quiet();
      expect(await world().moved(charge.renewalId)).toHaveLength(moved);
      for (let time = 0; time < 2; time++) expect((await resolve(charge)).kind).toBe('succeeded');
      expect(await world().moved(charge.renewalId)).toHaveLength(1);
    });

    it.each([
      ['its own error, not executed', 'server_error', 0],
      ['its own error, executed', 'server_error_after_effect', 1],
    ] as const)('%s', async (_, kind, moved) => {
      const charge = await plan();
      await world().refuse(kind);
      expect(await attempt(charge)).toMatchObject({ kind: 'unknown', serverError: true });
      expect(await world().moved(charge.renewalId)).toHaveLength(moved);
      expect((await resolve(charge)).kind).toBe('succeeded');
      expect(await world().moved(charge.renewalId)).toHaveLength(1);
    });

    it('too many requests: nothing is executed, and it says for how long', async () => {
      const charge = await plan();
      await world().refuse('rate_limit');
      expect(await attempt(charge)).toMatchObject({
        kind: 'refused',
        attention: false,
        parks: false,
        retryAfterMs: 7_000,
      });
      expect(await world().moved(charge.renewalId)).toEqual([]);
      expect((await resolve(charge)).kind).toBe('succeeded');
      expect(await world().moved(charge.renewalId)).toHaveLength(1);
    });

    it('another amount than was asked is no success, and a person hears of it', async () => {
      const charge = await plan();
      wire().alter((body) => world().withAnotherAmount(body));
      expect(await attempt(charge)).toMatchObject({ kind: 'unknown', attention: true });
    });

    it.each(['declines', 'needs_the_payer'] as const)(
      'a method that %s stays declined after a lost answer',
      async (fate) => {
        const charge = await plan({ fate });
        wire().spoil('reset_after');
        expect((await attempt(charge)).kind).toBe('unknown');
        expect((await resolve(charge)).kind).toBe('declined');
        expect(await world().moved(charge.renewalId)).toEqual([]);
      },
    );

    it('a look-up that fails says nothing', async () => {
      const { charge } = await sent();
      for (const spoil of ['reset_before', 'html_before', 'truncate'] as const) {
        wire().spoil(spoil, () => true);
        expect((await world().gateway.lookUp(account(), charge)).kind).toBe('unknown');
      }
      const nowhere = account({ apiBase: nobody() });
      expect((await world().gateway.lookUp(nowhere, charge)).kind).toBe('unknown');
    });
  });

  describe(`${name}: one key, one outcome`, () => {
    it('sent again it answers the same', async () => {
      for (const fate of ['succeeds', 'declines'] as const) {
        const charge = await plan({ fate });
        const [first, second] = [
          await attempt(charge),
          await world().gateway.submit(account(), charge),
        ];
        expect(second.kind).toBe(first.kind);
        expect(await world().moved(charge.renewalId)).toHaveLength(fate === 'succeeds' ? 1 : 0);
      }
    });

    it('two at once move money once', async () => {
      const charge = await plan();
      const both = await Promise.all([attempt(charge), attempt(charge)]);
      for (const { kind } of both) expect(['succeeded', 'unknown']).toContain(kind);
      expect((await resolve(charge)).kind).toBe('succeeded');
      expect(await world().moved(charge.renewalId)).toHaveLength(1);
    });

    it('two at once, of which one is slow, move money once', async () => {
      const charge = await plan();
      wire().spoil('hang_after');
      const slow = attempt(charge, account({ deadlineMs: 1_000 }));
      const quick = await attempt(charge);
      expect(['succeeded', 'unknown']).toContain(quick.kind);
      expect((await slow).kind).toMatch(/^(succeeded|unknown)$/);
      expect((await resolve(charge)).kind).toBe('succeeded');
      expect(await world().moved(charge.renewalId)).toHaveLength(1);
    });
  });

  describe(`${name}: a release`, () => {
    it('of a declined charge is granted, as often as it is asked for', async () => {
      const { charge } = await sent({ fate: 'declines' });
      for (const attemptNumber of [1, 2])
        expect(await world().gateway.release(account(), charge, attemptNumber)).toEqual({
          kind: 'released',
        });
    });

    it.each(['succeeds', 'pending'] as const)('of one that %s is not', async (fate) => {
      const { charge } = await sent({ fate });
      expect(await world().gateway.release(account(), charge, 1)).toEqual({ kind: 'still_open' });
    });

    it('is not to be had where nobody answers', async () => {
      const { charge } = await sent();
      const nowhere = account({ apiBase: nobody() });
      expect((await world().gateway.release(nowhere, charge, 1)).kind).toBe('unavailable');
    });
  });

  describe(`${name}: a page`, () => {
    const ADDRESSES = {
      returnUrl: 'https://shop.example/back',
      cancelUrl: 'https://shop.example/no',
    };

    async function planPage(): Promise<FrozenCharge> {
      const id = `chg_${name.toLowerCase()}_${++charges}`;
      const renewalId = `rnw_${name.toLowerCase()}_${charges}`;
      const amount = money(1999, 'USD');
      const { request, continues } = world().gateway.composePage({
        chargeId: id,
        merchantId: 'mer_1',
        renewalId,
        reversals: 0,
        amount,
        description: 'Pro, December',
        living: undefined,
        ...(await world().method('succeeds')),
      });
      return freeze({ id, renewalId, amount, request, reference: continues });
    }

    async function opened(): Promise<FrozenCharge & { readonly reference: string }> {
      const charge = await planPage();
      const page = await world().gateway.openPage(account(), charge, ADDRESSES);
      if (page.kind !== 'ready') throw new Error(JSON.stringify(page));
      expect(page.url ?? page.clientSecret).toBeDefined();
      return { ...charge, reference: page.reference };
    }

    it('is opened once, however often it is asked for', async () => {
      const charge = await planPage();
      const [first, again] = [
        await world().gateway.openPage(account(), charge, ADDRESSES),
        await world().gateway.openPage(account(), charge, ADDRESSES),
      ];
      expect(again).toEqual(first);
      expect(await world().moved(charge.renewalId)).toEqual([]);
    });

    it('waits for its customer, and then moves money once', async () => {
      const charge = await opened();
      expect((await world().gateway.completePage(account(), charge)).kind).toBe('pending');
      await world().approve(charge.reference);
      for (let time = 0; time < 2; time++)
        expect((await world().gateway.completePage(account(), charge)).kind).toBe('succeeded');
      expect(await world().moved(charge.renewalId)).toEqual([charge.amount]);
      expect((await world().gateway.lookUp(account(), charge)).kind).toBe('succeeded');
      expect(await world().gateway.release(account(), charge, 1)).toEqual({ kind: 'still_open' });
    });

    it('that is abandoned is released, and can never be paid', async () => {
      const charge = await opened();
      expect(await world().gateway.release(account(), charge, 1)).toEqual({ kind: 'released' });
      await world()
        .approve(charge.reference)
        .catch(() => undefined);
      expect((await world().gateway.completePage(account(), charge)).kind).not.toBe('succeeded');
      expect(await world().moved(charge.renewalId)).toEqual([]);
    });

    it('is unavailable where nobody answers', async () => {
      const nowhere = account({ apiBase: nobody() });
      const page = await world().gateway.openPage(nowhere, await planPage(), ADDRESSES);
      expect(page.kind).toBe('unavailable');
    });
  });

  describe(`${name}: amounts`, () => {
    it('that it takes arrive as they were asked for', async () => {
      for (const amount of world().charges) {
        const { charge, answer } = await sent({ amount });
        expect(answer.kind).toBe('succeeded');
        expect(await world().moved(charge.renewalId)).toEqual([amount]);
      }
      expect(world().charges.length).toBeGreaterThan(0);
    });

    it('that it cannot hold are refused before anything is planned, never rounded', async () => {
      for (const amount of world().refuses)
        await expect(plan({ amount })).rejects.toSatisfy(
          (error) => error instanceof DomainError && error.reason === 'amount_not_supported',
        );
      expect(world().refuses.length).toBeGreaterThan(0);
    });
  });

  describe(`${name}: a method`, () => {
    let keys = 0;
    const attaching = (token: string): AttachRequest => ({
      token,
      customer: undefined,
      email: 'payer@example.com',
      name: 'Robin',
      merchantId: 'mer_1',
      customerId: 'cus_1',
      key: `key_${name}_${++keys}`,
    });
    const setup: SetupRequest = {
      customer: undefined,
      merchantId: 'mer_1',
      customerId: 'cus_1',
      kinds: [],
      returnUrl: 'https://shop.example/back',
      cancelUrl: 'https://shop.example/no',
      key: `key_${name}_setup`,
    };
    const nowhere = () => account({ apiBase: nobody() });

    it('is attached, and can be charged', async () => {
      const request = attaching(await world().token('good'));
      const attached = await world().gateway.attachMethod(account(), request);
      if (attached.kind !== 'attached') throw new Error(attached.why);
      const { customer, reference, methodKind: kind, display } = attached;
      expect(display).not.toBe('');
      const method = { customer, method: reference, kind };
      expect((await sent({ method })).answer.kind).toBe('succeeded');
    });

    it('that the gateway refuses is refused', async () => {
      const request = attaching(await world().token('refused'));
      expect((await world().gateway.attachMethod(account(), request)).kind).toBe('refused');
    });

    it('is unavailable where nobody answers', async () => {
      const request = attaching(await world().token('good'));
      expect((await world().gateway.attachMethod(nowhere(), request)).kind).toBe('unavailable');
    });

    it('is begun at the gateway, once per key', async () => {
      const begun = await world().gateway.createSetup(account(), setup);
      if (begun.kind !== 'ready') throw new Error(begun.why);
      expect(begun.url ?? begun.clientSecret).toBeDefined();
      expect(await world().gateway.createSetup(account(), setup)).toMatchObject({
        reference: begun.reference,
      });
      expect((await world().gateway.createSetup(nowhere(), setup)).kind).toBe('unavailable');
    });
  });

  describe(`${name}: a webhook`, () => {
    let receiver: Receiver;
    let secret: string;
    let webhook: Received;
    let charge: FrozenCharge;
    let answer: Answer;
    beforeAll(async () => {
      receiver = await openReceiver();
      secret = await world().sendWebhooksTo(receiver.url);
      ({ charge, answer } = await sent());
      webhook = await receiver.next(async ({ raw, headers }) => {
        const read = await world().gateway.readWebhook(
          world().webhookAccount([secret]),
          raw,
          headers,
        );
        return read.kind === 'report' && read.report.about?.says === 'paid';
      });
    });
    afterAll(() => receiver.close());
    afterEach(() => void vi.useRealTimers());

    const read = (secrets: readonly string[], raw = webhook.raw) =>
      world().gateway.readWebhook(world().webhookAccount(secrets), raw, webhook.headers);

    it('says which charge to ask about', async () => {
      expect(await read([secret])).toMatchObject({
        kind: 'report',
        report: {
          about: {
            says: 'paid',
            reference: (answer as Accepted).reference,
            renewalId: charge.renewalId,
            causedBy: charge.id,
          },
        },
      });
    });

    it('is the same event each time it is read', async () => {
      expect(await read([secret])).toEqual(await read([secret]));
    });

    it('is taken under either secret of a roll, and under no other', async () => {
      expect((await read(['whsec_other', secret])).kind).toBe('report');
      expect((await read([secret, 'whsec_other'])).kind).toBe('report');
      expect(await read(['whsec_other'])).toEqual({ kind: 'forged' });
      expect(await read([])).toEqual({ kind: 'forged' });
    });

    it('is forged when one byte differs, or only its spacing', async () => {
      const text = webhook.raw.toString('utf8');
      const changed = text.replace('1999', '9999').replace('19.99', '99.99');
      expect(changed).not.toBe(text);
      for (const body of [changed, `${text}\n`, JSON.stringify(JSON.parse(text), null, 3)])
        expect(await read([secret], Buffer.from(body))).toEqual({ kind: 'forged' });
    });

    it('is forged without its headers', async () => {
      const { gateway } = world();
      const empty = await gateway.readWebhook(world().webhookAccount([secret]), webhook.raw, {});
      expect(empty).toEqual({ kind: 'forged' });
    });

    it('is forged when it is replayed late', async () => {
      vi.useFakeTimers({ toFake: ['Date'] });
      vi.setSystemTime(Date.now() + world().webhookLifeMs + 60_000);
      expect(await read([secret])).toEqual({ kind: 'forged' });
    });
  });

  // Last: the emulator's clock only goes forward.
  describe(`${name}: a key`, () => {
    it('still protects when its life is nearly over', async () => {
      const charge = await plan();
      wire().spoil('reset_after');
      expect((await attempt(charge)).kind).toBe('unknown');
      await world().advance(world().gateway.keyLifeMs / 1000 - 60);
      expect((await resolve(charge)).kind).toBe('succeeded');
      expect(await world().moved(charge.renewalId)).toHaveLength(1);
    });

    it('that has died leaves look-ups, which do not send', async () => {
      const charge = await plan();
      const dead = { ...charge, resendable: false };
      await world().gateway.lookUp(account(), dead);
      expect(await world().moved(charge.renewalId)).toEqual([]);
    });
  });
}

type Minimum = Pick<FrozenCharge, 'id' | 'renewalId' | 'amount' | 'request' | 'reference'>;

/** As its row gives it back: through JSON. */
export function freeze({ request, ...charge }: Minimum): FrozenCharge {
  return {
    ...charge,
    request: JSON.parse(JSON.stringify(request)) as unknown,
    firstSentAt: Date.now(),
    resendable: true,
    askedAt: Date.now(),
    baseline: undefined,
    otherReferences: [],
  };
}

function isAnswer(found: LookUp): found is Answer {
  return found.kind !== 'absent' && found.kind !== 'unchanged';
}

type Spoil =
  | 'reset_before'
  | 'reset_after'
  | 'hang_before'
  | 'hang_after'
  | 'truncate'
  | 'html_before'
  | 'html_after'
  | 'html_200_after';

/** The line between an adapter and its emulator, which can be cut. */
export interface Wire {
  readonly url: string;
  /** Spoils the next call that moves money, or that the test picks. */
  spoil(how: Spoil, which?: (method: string, path: string) => boolean): void;
  /** Changes the text of the next answer to a call that moves money. */
  alter(change: (body: string) => string): void;
  heal(): void;
  /** Waits until the emulator has answered everything that was let through. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

/** A vendor's emulator for a suite, the wire to it, and an address where nobody listens. `spoils`: what a fault hits unless told. */
export function useWire<W extends World>(
  openWorld: () => Promise<W>,
  spoils: (world: W, method: string, path: string) => boolean,
) {
  let world: W;
  let wire: Wire;
  let nobody: string;
  beforeAll(async () => {
    world = await openWorld();
    const isCharge = (method: string, path: string) => spoils(world, method, path);
    wire = await openWire({ url: world.url, isCharge });
    nobody = await vacantAddress();
  });
  afterEach(() => wire.heal());
  afterAll(async () => {
    await wire.close();
    await world.close();
  });
  return { world: () => world, wire: () => wire, nobody: () => nobody };
}

async function openWire(world: Pick<World, 'url' | 'isCharge'>): Promise<Wire> {
  const target = new URL(world.url);
  let spoil: { how: Spoil; which: (method: string, path: string) => boolean } | undefined;
  let change: ((body: string) => string) | undefined;
  const underWay = new Set<Promise<unknown>>();

  const server = createServer((request, response) => {
    const work = pass(request, response).catch(() => void response.socket?.destroy());
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
  });

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(request);
    const { method = 'GET', url = '/' } = request;
    const path = url.split('?')[0]!;
    const struck = spoil?.which(method, path) ? spoil.how : undefined;
    if (struck) spoil = undefined;
    const altered = world.isCharge(method, path) ? change : undefined;
    if (altered) change = undefined;

    if (struck === 'reset_before') return void response.socket?.destroy();
    if (struck === 'hang_before') return;
    if (struck === 'html_before') return html(response, 502);
    const { status, headers, text } = await forward(target, request, body);
    if (struck === 'reset_after') return void response.socket?.destroy();
    if (struck === 'hang_after') return;
    if (struck === 'html_after') return html(response, 502);
    if (struck === 'html_200_after') return html(response, 200);
    const bytes = Buffer.from(altered ? altered(text) : text);
    response.writeHead(status, { ...headers, 'content-length': bytes.length });
    if (struck !== 'truncate') return void response.end(bytes);
    response.write(bytes.subarray(0, bytes.length >> 1), () => response.socket?.destroy());
  }

  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spoil: (how, which = (method, path) => world.isCharge(method, path)) =>
      void (spoil = { how, which }),
    alter: (by) => void (change = by),
    heal: () => void (spoil = change = undefined),
    quiet: async () => void (await Promise.all(underWay)),
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

function html(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/html' }).end('<html>Bad Gateway</html>');
}

async function vacantAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return `http://127.0.0.1:${port}`;
}

interface Forwarded {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
}

function forward(target: URL, request: IncomingMessage, body: Buffer): Promise<Forwarded> {
  return new Promise((resolve, reject) => {
    const { method, url, headers } = request;
    const { hostname: host, port } = target;
    const onward = send({ host, port, method, path: url, headers, agent: false }, (answer) => {
      readAll(answer).then((bytes) => {
        const { 'transfer-encoding': _, ...kept } = answer.headers;
        const { statusCode: status = 500 } = answer;
        resolve({ status, headers: kept, text: bytes.toString('utf8') });
      }, reject);
    });
    onward.on('error', reject).end(body);
  });
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

interface Received {
  readonly raw: Buffer;
  readonly headers: IncomingMessage['headers'];
}

/** Takes webhooks, and gives the first that a test is looking for. */
interface Receiver {
  readonly url: string;
  next(wanted: (received: Received) => Promise<boolean>): Promise<Received>;
  close(): Promise<void>;
}

async function openReceiver(): Promise<Receiver> {
  const queue: Received[] = [];
  let arrived = (): void => undefined;
  const server = createServer((request, response) => {
    void readAll(request).then((raw) => {
      queue.push({ raw, headers: request.headers });
      response.writeHead(200).end();
      arrived();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks`,
    async next(wanted) {
      for (;;) {
        const received = queue.shift();
        if (received && (await wanted(received))) return received;
        if (queue.length === 0) await new Promise<void>((some) => (arrived = some));
      }
    },
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
