/** What networks and gateways do to a charge besides answering it. Unknown is never a failure, and always ends. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import {
  DECLINES_ONCE,
  RECOVERED,
  becomes,
  expectOneBodyPerKey,
  expectPaidOnce,
  retryNow,
  theRenewal,
} from '../support/crash.js';
import type { Fault } from '../support/emulator.js';
import { type House, IMPATIENT, openHouse } from '../support/house.js';
import { aCustomer, aSubscription, renewalRun, skipTime, until } from '../support/people.js';

let house: House;

beforeAll(async () => {
  house = await openHouse({ environment: { ...IMPATIENT, ASK_LADDER_SECONDS: '0.3,1' } });
});
afterAll(() => house.close());

type Plague = Fault & { readonly effect?: 'before' | 'after'; readonly stored?: boolean };

const SEND = { method: 'POST', path: '/v1/payment_intents' };
const BEYOND_THE_DEADLINE = 1_400;

/** One renewal, whose waits are skipped. */
async function renew(token: string) {
  const subscription = await aSubscription(house, await aCustomer(house, token));
  await skipTime(house, renewalRun(house, subscription).workflowId);
  return subscription;
}

const PLAGUES: Record<string, Plague> = {
  'the connection is reset before the request': { match: SEND, fault: 'reset_before' },
  'the connection is reset after the effect': { match: SEND, fault: 'reset_after' },
  'a 500 without effect': { match: SEND, fault: 'error_before' },
  'a 500 after the effect, replayed for its key': { match: SEND, fault: 'error_after' },
  'an answer cut in half': { match: SEND, fault: 'truncate' },
  'a 429': { match: SEND, fault: 'rate_limit' },
  'an answer after our deadline, with its effect at once': {
    match: SEND,
    fault: 'delay',
    delay_ms: BEYOND_THE_DEADLINE,
    effect: 'before',
  },
  'an answer after our deadline, with its effect later still': {
    match: SEND,
    fault: 'delay',
    delay_ms: BEYOND_THE_DEADLINE,
    effect: 'after',
  },
};
/** The only fault here that is an answer: nothing was executed, and a new charge follows when the gateway is back. */
const REFUSED = ['charge 1 → not_sent', 'charge 2 → succeeded'];

test.each(Object.entries(PLAGUES))('%s: paid once', async (_, plague) => {
  await house.emulator.fault({ ...plague, times: 1 });
  const { id } = await theRenewal(house, await renew('pm_card_visa'));
  await expectPaidOnce(house, id, plague.fault === 'rate_limit' ? REFUSED : undefined);
});

test('each of them on a decline, then on the confirmation of the second charge', async () => {
  const plagues = Object.values(PLAGUES).filter(({ fault }) => fault !== 'rate_limit');
  for (const plague of plagues) await house.emulator.fault({ ...plague, times: 1 });
  const recoveries = plagues.map(async (plague) => {
    const { id } = await theRenewal(
      house,
      await aSubscription(house, await aCustomer(house, DECLINES_ONCE)),
    );
    await becomes(house, id, 'past_due');
    const first = await house.db.charge.findFirstOrThrow({ where: { renewalId: id } });
    expect(first.decline).toMatchObject({ code: 'insufficient_funds' });
    const match = {
      method: 'POST',
      path: `/v1/payment_intents/${first.gatewayReference}/confirm`,
    };
    await house.emulator.fault({ ...plague, match, times: 1 });
    await retryNow(house, id);
    await expectPaidOnce(house, id, RECOVERED);
    expect(await house.db.dunningCase.count({ where: { renewalId: id } })).toBe(1);
  });
  await Promise.all(recoveries);
});

test('thirty renewals through a storm of faults: all paid, each once', async () => {
  const any = { path: '/v1/payment_intents*' };
  const storm: Plague[] = [
    { match: any, fault: 'reset_before', probability: 0.06 },
    { match: any, fault: 'reset_after', probability: 0.06 },
    // Three of these for one charge, and it would only be looked up until its key has died.
    { match: any, fault: 'error_before', probability: 0.06, times: 2 },
    { match: any, fault: 'error_after', probability: 0.06 },
    { match: any, fault: 'truncate', probability: 0.06 },
    { match: any, fault: 'rate_limit', probability: 0.06 },
    { match: any, fault: 'delay', delay_ms: BEYOND_THE_DEADLINE, probability: 0.06 },
  ];
  const people = [];
  for (let n = 0; n < 30; n++)
    people.push(await aCustomer(house, n % 4 ? 'pm_card_visa' : DECLINES_ONCE));
  for (const fault of storm) await house.emulator.fault(fault);
  const subscriptions = await Promise.all(
    people.map((person) => aSubscription(house, person, { policy: 'quick' })),
  );
  for (const subscription of subscriptions) {
    const { workflowId } = renewalRun(house, subscription);
    await skipTime(house, workflowId).catch(() => {}); // It may be over already.
  }
  const renewals = await Promise.all(subscriptions.map((it) => theRenewal(house, it)));
  await until(async () => (await strikes()) >= 25, 20_000);
  await house.emulator.heal();

  for (const { id } of renewals) {
    await until(async () => {
      const { status } = await house.db.renewal.findUniqueOrThrow({ where: { id } });
      return status === 'paid';
    }, 40_000);
    expect(await house.emulator.paid(id)).toHaveLength(1);
  }
  expect(await house.db.charge.count({ where: { status: { in: OPEN } } })).toBe(0);
  expectOneBodyPerKey(await house.emulator.requests());
});

const OPEN = ['submitted', 'pending', 'unknown'];

/** Requests that a fault has hit so far. */
async function strikes(): Promise<number> {
  const requests = (await house.emulator.requests()) as unknown as { fault: string | null }[];
  return requests.filter(({ fault }) => fault !== null).length;
}
