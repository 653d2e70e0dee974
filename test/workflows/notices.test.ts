import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { type House, openHouse } from '../support/house.js';
import { openPostOffice } from '../support/letters.js';
import { type MailSink, headerOf, openMailSink } from '../support/mail-sink.js';
import {
  aCustomer,
  aSubscription,
  dunningRun,
  fastForward,
  renewalRun,
  skipTime,
  until,
} from '../support/people.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let house: House;
let sink: MailSink;
let office: Awaited<ReturnType<typeof openPostOffice>>;
beforeAll(async () => {
  house = await openHouse();
  sink = await openMailSink();
  office = await openPostOffice(house, sink);
});
beforeEach(() => void sink.arrived.splice(0));
afterAll(async () => {
  await sink.close();
  await house.close();
});

async function fail(token: string) {
  const person = await aCustomer(house, token);
  await office.introduce(person.customerId);
  const subscription = await aSubscription(house, person);
  expect(await renewalRun(house, subscription).result()).toEqual({ outcome: 'in_dunning' });
  const { id } = await house.db.renewal.findFirstOrThrow({
    where: { subscriptionId: subscription.id },
  });
  return { renewalId: id, dunning: dunningRun(house, id) };
}

test('a whole dunning case tells each thing once, by day where the customer is, in German', async () => {
  const began = Date.now();
  const { renewalId, dunning } = await fail('pm_card_attachThen_stolen_card');
  await skipTime(house, dunning.workflowId);
  expect(await dunning.result()).toEqual({ outcome: 'unpaid' });
  const told = await office.sendHourly(began, began + 23 * DAY);
  const expected = [
    'Nest: Für 19,00 € brauchen wir ein anderes Zahlungsmittel',
    'Nest: Ihr Zugang ist eingeschränkt, bis 19,00 € bezahlt sind',
    'Nest: Ihr Zugang ist gesperrt, bis 19,00 € bezahlt sind',
    'Nest: Ihr Zugang ist beendet',
  ];
  expect(told.map((line) => line.replace(/^day +\d+ /, '').replaceAll('\u00a0', ' '))).toEqual(
    expected.map((subject) => `by day  ${subject}`),
  );
  const notices = await office.list(renewalId);
  expect(notices.map(({ kind, status, attempts }) => [kind, status, attempts])).toEqual([
    ['new_method_needed', 'sent', 1],
    ['service_restricted', 'sent', 1],
    ['service_suspended', 'sent', 1],
    ['service_ended', 'sent', 1],
  ]);
  for (const [index, letter] of sink.arrived.entries()) {
    expect(letter).toMatchObject({ from: 'billing@nest.example', to: ['ada@example.com'] });
    expect(headerOf(letter, 'Auto-Submitted')).toBe('auto-generated');
    expect(headerOf(letter, 'Reply-To')).toBe('help@nest.example');
    expect(headerOf(letter, 'Message-ID')).toBe(`<${notices[index]!.id}@nest.example>`);
  }
  expect(office.surprises).toEqual([]);
});

test('a case that is recovered leaves out what was overtaken, and says that the money is here', async () => {
  const began = Date.now();
  const { renewalId, dunning } = await fail('pm_card_attachThen_insufficient_funds_times_3');
  await fastForward(house, dunning.workflowId, 5 * DAY);
  const charges = () => house.db.charge.count({ where: { renewalId, status: 'declined' } });
  await until(async () => (await charges()) === 3);
  const first = await office.sendHourly(began, began + 5 * DAY);
  expect(first).toHaveLength(1);
  expect(first[0]).toContain('Ihre Zahlung über');
  await skipTime(house, dunning.workflowId);
  expect(await dunning.result()).toEqual({ outcome: 'recovered' });
  const last = await office.sendHourly(began + 5 * DAY, began + 10 * DAY);
  expect(last).toHaveLength(1);
  expect(last[0]).toMatch(/by day {2}Nest: Ihre Zahlung über 19,00\s€ ist eingegangen/);
  const notices = await office.list(renewalId);
  expect(notices.map(({ kind, status, why }) => [kind, status, why])).toEqual([
    ['payment_failed', 'sent', null],
    ['service_restricted', 'skipped', 'It was overtaken by what happened since'],
    ['recovered', 'sent', null],
  ]);
});
