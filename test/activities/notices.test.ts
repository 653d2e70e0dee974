import { DateTime } from 'luxon';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { DEFAULT_POLICY } from '../../domain/dunning-policy.js';
import type { NoticeKind } from '../../domain/notice.js';
import { startCourier } from '../../notices/courier.js';
import { openMailbox } from '../../notices/mailbox.js';
import { smtpPost } from '../../notices/smtp.js';
import { claimNotices, countAttempt, planNotice } from '../../prisma/notice.js';
import { changeSettings } from '../../prisma/settings.js';
import { HOUR, workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { openPostOffice } from '../support/letters.js';
import { type MailSink, decodedSubject, openMailSink } from '../support/mail-sink.js';
import {
  type Terms,
  aCustomer,
  aPolicy,
  until,
  whereItIsMidnight,
  whereItIsNoon,
} from '../support/people.js';
import { refundDesk } from '../support/refunding.js';

let house: House;
let sink: MailSink;
let office: Awaited<ReturnType<typeof openPostOffice>>;
beforeAll(async () => {
  house = await openHouse({ workers: false });
  sink = await openMailSink();
});
beforeEach(async () => void (office = await openPostOffice(house, sink)));
afterEach(async () => {
  sink.trouble = 'none';
  sink.arrived.splice(0);
  await house.db.notice.deleteMany();
});
afterAll(async () => {
  await sink.close();
  await house.close();
});

const NO_FUNDS = {
  class: 'insufficient_funds',
  code: 'insufficient_funds',
  message: 'no',
  elsewhere: false,
} as const;

/** A renewal in dunning, whose customer has an address, and in whose zone it is day. */
async function inDunning(about: object = {}, decline: object = NO_FUNDS, terms: Terms = {}) {
  const bench = workbench(house);
  const { renewalId, person } = await bench.plan('pm_card_visa', terms);
  await office.introduce(person.customerId, { timeZone: whereItIsNoon(), ...about });
  await bench.activities.openDunningCase({ renewalId, decline: decline as typeof NO_FUNDS });
  return { bench, renewalId, person };
}

async function warned(about: object = {}, decline: object = NO_FUNDS, terms: Terms = {}) {
  const opened = await inDunning(about, decline, terms);
  await opened.bench.activities.enterStage({ renewalId: opened.renewalId, stage: 'warned' });
  const [notice] = await office.list(opened.renewalId);
  return { ...opened, notice, at: notice?.sendAt ?? new Date() };
}

const after = (at: Date, ms: number) => new Date(at.getTime() + ms);
const row = (id: string) => house.db.notice.findUniqueOrThrow({ where: { id } });

describe('deciding', () => {
  test.each<[object, NoticeKind | undefined]>([
    [{}, 'payment_failed'],
    [{ class: 'authentication' }, 'action_needed'],
    [{ class: 'hard_stop' }, 'new_method_needed'],
    [{ class: 'merchant_config' }, undefined],
    [{ class: 'duplicate_check' }, undefined],
  ])('after a decline %j the customer is told %s', async (decline, kind) => {
    const { notice } = await warned({}, { ...NO_FUNDS, ...decline });
    expect(notice?.kind).toBe(kind);
  });

  test('nobody is promised another try that the policy does not make', async () => {
    const stages = DEFAULT_POLICY.stages.map((stage) => ({ ...stage, retries: [] }));
    const policy = await aPolicy(house, { ...DEFAULT_POLICY, stages });
    const { notice } = await warned({}, NO_FUNDS, { policy });
    expect(notice?.kind).toBe('new_method_needed');
  });

  test('a stage that is entered twice is told once', async () => {
    const { bench, renewalId } = await warned();
    await bench.activities.enterStage({ renewalId, stage: 'warned' });
    expect(await office.list(renewalId)).toHaveLength(1);
  });

  test('a service that is restricted already is not told of once more', async () => {
    const { bench, renewalId } = await warned();
    const { subscriptionId } = await bench.renewal(renewalId);
    await house.db.subscription.update({
      where: { id: subscriptionId },
      data: { service: 'restricted' },
    });
    await bench.activities.enterStage({ renewalId, stage: 'restricted' });
    await bench.activities.enterStage({ renewalId, stage: 'suspended' });
    const notices = await office.list(renewalId);
    expect(notices.map(({ kind }) => kind)).toEqual(['payment_failed', 'service_suspended']);
  });

  test('a retry is told where its decline asks for something else', async () => {
    const { bench, renewalId } = await warned();
    const step = { kind: 'retry', at: 0, why: '', slotAt: Date.now() } as const;
    const retry = (round: string, decline: object) =>
      bench.activities.recordRetry({
        renewalId,
        step: { ...step, round },
        collection: { kind: 'declined', decline: { ...NO_FUNDS, ...decline } as typeof NO_FUNDS },
      });
    await retry('retry 1', {});
    await retry('retry 2', { class: 'hard_stop' });
    await retry('retry 2', { class: 'hard_stop' });
    await retry('retry 3', { class: 'fraud' });
    const notices = await office.list(renewalId);
    expect(notices.map(({ kind }) => kind)).toEqual(['payment_failed', 'new_method_needed']);
  });

  test('a refund that arrived is told at once, with its own amount', async () => {
    const bench = workbench(house);
    const desk = refundDesk(house, bench, 'stripe');
    const { chargeId, person, renewalId } = await desk.paid();
    await office.introduce(person.customerId, { locale: 'fr' });
    await desk.look(await desk.plan(chargeId, 700));
    const [notice] = await office.list(renewalId);
    expect(notice).toMatchObject({ kind: 'refund_made', locale: 'fr' });
    await office.send(after(notice!.createdAt, 1_000));
    expect(decodedSubject(sink.arrived[0]!)).toMatch(/^Nest\s: nous avons remboursé 7,00\s€$/);
  });

  test('a bank debit is announced at once, with its day and account', async () => {
    const bench = workbench(house);
    const person = await aCustomer(house, 'pm_sepaDebit_attachThen_succeed');
    await office.introduce(person.customerId, { locale: 'es-ES' });
    const { renewalId } = await bench.openFor(person);
    const [notice] = await office.list(renewalId);
    expect(notice?.kind).toBe('debit_announced');
    await office.send(after(notice!.createdAt, 1_000));
    expect(decodedSubject(sink.arrived[0]!)).toMatch(/^Nest: vamos a cobrar 19,00\s€$/);
    expect(sink.arrived[0]!.raw).toMatch(/SEPA/);
  });
});

describe('deciding, where the notice cannot be written,', () => {
  async function withoutNotices(work: () => Promise<unknown>): Promise<void> {
    const owner = new pg.Client({ connectionString: house.database.url });
    await owner.connect();
    await owner.query('alter table notice add constraint refused check (false) not valid');
    await expect(work()).rejects.toThrow(/refused/);
    await owner.query('alter table notice drop constraint refused');
    await owner.end();
  }

  test('leaves no refund made of which nobody is told', async () => {
    const desk = refundDesk(house, workbench(house), 'stripe');
    const { chargeId, renewalId } = await desk.paid();
    const refund = await desk.plan(chargeId, 700);
    await withoutNotices(() => desk.look(refund));
    expect((await desk.row(refund)).status).not.toBe('succeeded');
    expect((await desk.look(refund)).status).toBe('succeeded');
    expect((await office.list(renewalId)).map(({ kind }) => kind)).toEqual(['refund_made']);
  });

  test('leaves no stage entered of which nobody is told', async () => {
    const { bench, renewalId } = await inDunning();
    const enter = () => bench.activities.enterStage({ renewalId, stage: 'warned' });
    await withoutNotices(enter);
    const open = await house.db.dunningCase.findFirstOrThrow({ where: { renewalId } });
    expect(open.stagesEntered).toEqual([]);
    await enter();
    expect(await office.list(renewalId)).toHaveLength(1);
  });
});

describe('is skipped, with why', () => {
  const why = async (id: string) => (await row(id)).why;

  test.each([
    [{ email: null }, 'The customer has no e-mail address'],
    [{ email: 'a@b' }, "The customer's e-mail address cannot be written to"],
  ])('for a customer with %j', async (about, expected) => {
    const { notice, at } = await warned(about);
    await office.send(at);
    expect(await row(notice!.id)).toMatchObject({ status: 'skipped', why: expected, attempts: 0 });
    expect(sink.arrived).toEqual([]);
  });

  test('where the merchant has set no sender, or left the kind out', async () => {
    const set = (notices: Parameters<typeof changeSettings>[2]['notices']) =>
      house.db.$transaction((tx) => changeSettings(tx, house.merchantId, { notices: notices! }));
    const first = await warned();
    await set(null);
    await office.send(first.at);
    expect(await why(first.notice!.id)).toBe('The merchant has set no sender: notices.from');
    const second = await warned();
    await set({
      from: 'a@nest.example',
      replyTo: null,
      brand: 'Nest',
      kinds: ['recovered'],
      upcomingDays: 7,
    });
    await office.send(second.at);
    expect(await why(second.notice!.id)).toContain('leave payment_failed out');
  });

  test('without PUBLIC_URL if it needs a link, and without SMTP_URL altogether', async () => {
    const first = await warned();
    await office.send(first.at, { publicUrl: undefined });
    expect(await why(first.notice!.id)).toContain('PUBLIC_URL is not set');
    const second = await warned();
    await office.send(second.at, { post: undefined });
    expect(await why(second.notice!.id)).toBe('SMTP_URL is not set');
  });

  test('when the debt was dropped before the morning came', async () => {
    const { notice, at, renewalId } = await warned();
    await house.db.dunningCase.updateMany({ where: { renewalId }, data: { status: 'canceled' } });
    await office.send(at);
    expect(await why(notice!.id)).toBe('It was overtaken by what happened since');
  });
});

describe('sending', () => {
  test('by three workers at once sends nothing twice', async () => {
    const all = await Promise.all(Array.from({ length: 9 }, () => warned()));
    const last = Math.max(...all.map(({ at }) => at.getTime()));
    await Promise.all([1, 2, 3].map(() => office.send(new Date(last))));
    await office.send(new Date(last));
    expect(sink.arrived).toHaveLength(9);
    expect(new Set(sink.arrived.map(({ raw }) => /Message-ID: (.*)/i.exec(raw)![1])).size).toBe(9);
  });

  test('that is stopped finishes what it has in hand, and takes nothing more', async () => {
    const { notice } = await warned();
    const past = after(new Date(), -HOUR);
    await house.db.$executeRaw`
      insert into notice (id, merchant_id, customer_id, renewal_id, kind, subject, key, locale, send_at, try_at, created_at)
      select 'ntc_' || n, merchant_id, customer_id, renewal_id, kind, subject, key || n, locale, ${past}, ${past}, ${past}
      from notice, generate_series(1, 11) n where id = ${notice!.id}`;
    let handed = 0;
    let answer = () => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const send = async () => {
      handed++;
      await answered;
      return { kind: 'accepted' } as const;
    };
    const post = { atAnyHour: true, send };
    const courier = startCourier({ ...office.courier, post }, 100);
    await until(() => Promise.resolve(handed === 4));
    const stopped = courier.stop();
    answer();
    await stopped;
    expect(handed).toBe(4);
  });

  test('is left to whoever has taken it over meanwhile', async () => {
    const { at } = await warned();
    const claim = { leaseMs: 1_000, limit: 1, atAnyHour: false };
    const [slow] = await claimNotices(house.db, { ...claim, now: at });
    expect(await claimNotices(house.db, { ...claim, now: after(at, 999) })).toEqual([]);
    const [quick] = await claimNotices(house.db, { ...claim, now: after(at, 1_000) });
    expect(await countAttempt(house.db, slow!, 'first')).toBe(false);
    expect(await countAttempt(house.db, quick!, 'second')).toBe(true);
  });

  test('waits for the hour that the notice was planned for', async () => {
    const { notice, at } = await warned();
    await office.send(after(at, -1_000));
    expect(await row(notice!.id)).toMatchObject({ status: 'planned', attempts: 0 });
  });

  test('that nobody was there to do by day waits for the next morning, and counts no attempt', async () => {
    const { notice, at } = await warned();
    await office.send(after(at, 12 * HOUR));
    const { status, attempts, tryAt } = await row(notice!.id);
    expect({ status, attempts }).toEqual({ status: 'planned', attempts: 0 });
    const morning = DateTime.fromJSDate(tryAt, { zone: whereItIsNoon() });
    expect([morning.hour, morning.minute]).toEqual([8, 0]);
    await office.send(after(at, 13 * HOUR));
    expect(sink.arrived).toEqual([]);
    await office.send(tryAt);
    expect(sink.arrived).toHaveLength(1);
  });

  test('to a customer who has moved meanwhile keeps to the day where they are now', async () => {
    const { notice, at, person } = await warned();
    await office.introduce(person.customerId, { timeZone: whereItIsMidnight() });
    await office.send(at);
    expect(await row(notice!.id)).toMatchObject({ status: 'planned', attempts: 0 });
    expect(sink.arrived).toEqual([]);
  });

  test.each(['busy_at_recipient', 'busy_at_end'] as const)(
    'to a server that is %s tries again until it is up, and counts no unanswered send',
    async (trouble) => {
      const { notice, at } = await warned();
      sink.trouble = trouble;
      await office.send(at);
      expect(await row(notice!.id)).toMatchObject({
        status: 'planned',
        attempts: 1,
        unanswered: 0,
      });
      expect((await row(notice!.id)).lastError).toMatch(/^SMTP 45[12]/);
      sink.trouble = 'none';
      await office.send(after(at, 30_000));
      expect(sink.arrived).toEqual([]);
      await office.send((await row(notice!.id)).tryAt);
      expect(await row(notice!.id)).toMatchObject({ status: 'sent', attempts: 2, lastError: null });
      expect(sink.arrived).toHaveLength(1);
    },
  );

  test('to a server that is away goes on for three days, then a person is told', async () => {
    const { notice, at, renewalId } = await warned();
    const post = smtpPost({ url: 'smtp://127.0.0.1:1', deadlineMs: 1_000 });
    for (let hour = 0; hour <= 80; hour++) await office.send(after(at, hour * HOUR), { post });
    const ended = await row(notice!.id);
    expect(ended).toMatchObject({
      status: 'failed',
      why: 'It could not be sent within three days',
    });
    expect(ended.attempts).toBeGreaterThan(5);
    expect(ended).toMatchObject({ unanswered: 0 });
    const renewal = await house.db.renewal.findUniqueOrThrow({ where: { id: renewalId } });
    expect(JSON.stringify(renewal.needsAttention)).toContain('was not told (payment_failed)');
  });

  test('to an address that does not exist fails at once, and keeps the address out of the row', async () => {
    const { notice, at, renewalId } = await warned();
    sink.trouble = 'no_such_recipient';
    await office.send(at);
    const ended = await row(notice!.id);
    expect(ended).toMatchObject({ status: 'failed', why: "The customer's address was refused" });
    expect(JSON.stringify(ended)).not.toContain('ada@');
    const renewal = await house.db.renewal.findUniqueOrThrow({ where: { id: renewalId } });
    expect(renewal.needsAttention).not.toBeNull();
  });

  test('what nobody answered is repeated once, then a person is told', async () => {
    const { notice, at } = await warned();
    sink.trouble = 'silent';
    await office.send(at);
    expect(await row(notice!.id)).toMatchObject({ status: 'planned', unanswered: 1 });
    for (let hour = 1; hour < 90; hour++) await office.send(after(at, hour * HOUR));
    expect(sink.arrived).toHaveLength(2);
    const ended = await row(notice!.id);
    expect(ended).toMatchObject({ status: 'failed', unanswered: 2, attempts: 2 });
    expect(ended.why).toContain('nobody recorded an answer');
  });

  test('the announcement of a debit is not sent after its day, and a person is told', async () => {
    const bench = workbench(house);
    const person = await aCustomer(house, 'pm_sepaDebit_attachThen_succeed');
    await office.introduce(person.customerId, {});
    const { renewalId } = await bench.openFor(person);
    const [notice] = await office.list(renewalId);
    await office.send(after(notice!.createdAt, 49 * HOUR));
    expect(sink.arrived).toEqual([]);
    expect(await row(notice!.id)).toMatchObject({
      status: 'failed',
      why: 'It could not be sent before the day of the debit',
    });
    const renewal = await house.db.renewal.findUniqueOrThrow({ where: { id: renewalId } });
    expect(JSON.stringify(renewal.needsAttention)).toContain('was not told (debit_announced)');
  });

  test('a notice that lay for more than three days is not sent any more', async () => {
    const { notice, at } = await warned();
    await office.send(after(at, 73 * HOUR));
    expect((await row(notice!.id)).why).toBe('It could not be sent within three days');
  });

  test('in a mailbox it need not wait for the morning', async () => {
    const { notice, renewalId } = await warned();
    const tomorrow = after(new Date(), 20 * HOUR);
    await house.db.notice.update({
      where: { id: notice!.id },
      data: { sendAt: tomorrow, tryAt: tomorrow },
    });
    const mailbox = openMailbox();
    await office.send(new Date(), { post: mailbox });
    expect(mailbox.list()).toHaveLength(1);
    expect((await office.list(renewalId))[0]!.status).toBe('sent');
  });
});

test('a thank-you without an earlier notice is left out', async () => {
  const { renewalId, person } = await inDunning();
  const renewal = await house.db.renewal.update({
    where: { id: renewalId },
    data: { status: 'paid' },
  });
  expect(renewal.customerId).toBe(person.customerId);
  const open = await house.db.dunningCase.findFirstOrThrow({ where: { renewalId } });
  const told = { kind: 'recovered', subject: open.id, step: 'closed' } as const;
  await planNotice(house.db, renewal, told, new Date());
  const [notice] = await office.list(renewalId);
  await office.send(notice!.sendAt);
  expect((await row(notice!.id)).why).toBe('The customer had not been told before');
});
