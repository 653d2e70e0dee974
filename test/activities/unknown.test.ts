/** docs/charging.md, rule 5: unknown outcomes, and how they end. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { HOUR, dashboard, workbench } from '../support/bench.js';
import { type House, IMPATIENT, openHouse } from '../support/house.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false, environment: IMPATIENT });
});
afterEach(() => house.emulator.heal());
afterAll(() => house.close());

const CREATE = { method: 'POST', path: '/v1/payment_intents' };
const CONFIRM = { method: 'POST', path: '/v1/payment_intents/:id/confirm' };

describe('5. unknown, and how it ends', () => {
  test.each([
    ['reset_before', 'declined later, never written as declined now'],
    ['reset_after', 'found'],
    ['error_after', 'found, although the 500 is replayed'],
    ['truncate', 'found'],
  ])('%s leaves it unknown; it ends by the gateway (%s)', async (fault) => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    await house.emulator.fault({ match: CREATE, fault, times: 1 });
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    expect((await bench.row(charge.id)).status).toBe('unknown');
    expect(await bench.activities.resolveCharge(charge.id)).toEqual({ kind: 'succeeded' });
    expect(await house.emulator.paid(renewalId)).toHaveLength(1);
  });

  test('a silent gateway is given up after the deadline, and asked', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    await house.emulator.fault({ match: CREATE, fault: 'delay', delay_ms: 4_000, times: 1 });
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    expect(await bench.activities.resolveCharge(charge.id)).toEqual({ kind: 'succeeded' });
    expect(await house.emulator.paid(renewalId)).toHaveLength(1);
  });

  test('a 2xx with another amount is unknown, and somebody is called at once', async () => {
    const other = await answering({
      id: 'pi_other',
      object: 'payment_intent',
      status: 'succeeded',
      amount_received: 1,
      currency: 'eur',
      latest_charge: 'ch_other',
      metadata: {},
    });
    const bench = workbench(house, {
      accountFor: (row) => ({ ...house.deps.accountFor(row), apiBase: other.url }),
    });
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    expect((await bench.renewal(renewalId)).needsAttention).not.toBeNull();
    other.close();
  });

  test('not found is no outcome while the key lives: it is sent again', async () => {
    const bench = workbench(house);
    const { charge } = await bench.plan('pm_card_visa');
    await house.emulator.fault({ match: CREATE, fault: 'reset_before', times: 2 });
    await bench.activities.submitCharge(charge.id);
    bench.advance(22 * HOUR);
    expect(await bench.activities.resolveCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    expect(await bench.sends(charge.id)).toHaveLength(2);
  });

  test("after the key's life plus an hour, absence is proof; the search is never used", async () => {
    const bench = workbench(house);
    const { charge } = await bench.plan('pm_card_visa');
    await house.emulator.fault({ match: CREATE, fault: 'reset_before' });
    await bench.activities.submitCharge(charge.id);
    bench.advance(24.5 * HOUR);
    expect(await bench.activities.resolveCharge(charge.id)).toMatchObject({ kind: 'unknown' });
    bench.advance(0.6 * HOUR);
    expect(await bench.activities.resolveCharge(charge.id)).toMatchObject({ kind: 'not_sent' });
    const paths = (await house.emulator.requests()).map(({ path }) => path);
    expect(paths.filter((path) => path.includes('search'))).toEqual([]);
  });

  test('money that shows after the life of the key is found, not lost', async () => {
    const bench = workbench(house);
    const { charge } = await bench.plan('pm_card_visa');
    await house.emulator.fault({ match: CREATE, fault: 'reset_after', times: 1 });
    await bench.activities.submitCharge(charge.id);
    bench.advance(30 * HOUR);
    expect(await bench.activities.resolveCharge(charge.id)).toEqual({ kind: 'succeeded' });
  });

  test('after three replayed errors it is only looked up', async () => {
    const bench = workbench(house);
    const { charge } = await bench.plan('pm_card_visa');
    await house.emulator.fault({ match: CREATE, fault: 'error_before' });
    await bench.activities.submitCharge(charge.id);
    for (let ask = 0; ask < 5; ask++) await bench.activities.resolveCharge(charge.id);
    expect(await bench.sends(charge.id)).toHaveLength(3);
  });

  test('a person decides an open charge, with evidence, and no other', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    const verdict = {
      id: `cmd_${charge.id}`,
      actor: 'Mia',
      reason: 'The dashboard shows pi_77 as paid',
      chargeId: charge.id,
      outcome: 'succeeded',
      reference: 'pi_77',
    } as const;
    await bench.activities.decideCharge({ renewalId, verdict });
    expect((await bench.row(charge.id)).status, 'a planned charge is not open').toBe('planned');

    await house.emulator.fault({ match: CREATE, fault: 'reset_before' });
    await bench.activities.submitCharge(charge.id);
    await bench.activities.decideCharge({ renewalId, verdict: { ...verdict, id: 'cmd_2' } });
    expect(await bench.row(charge.id)).toMatchObject({
      status: 'succeeded',
      gatewayReference: 'pi_77',
    });
    expect((await bench.renewal(renewalId)).status).toBe('paid');
    expect(await house.db.command.findUnique({ where: { id: 'cmd_2' } })).toMatchObject({
      actor: 'Mia',
      kind: 'resolveUnknown',
    });
  });
});

describe('5a. a confirmation is told from the ones before it', () => {
  async function declinedOnce(token: string) {
    const bench = workbench(house);
    const opened = await bench.plan(token);
    await bench.activities.submitCharge(opened.charge.id);
    const second = await bench.planMore(opened.renewalId, 'again');
    return { bench, ...opened, second };
  }

  test('the newest attempt is committed before the confirmation is sent', async () => {
    const { bench, charge, second } = await declinedOnce('pm_card_attachThen_do_not_honor_times_1');
    await house.emulator.fault({ match: CONFIRM, fault: 'reset_before' });
    await bench.activities.submitCharge(second.id);
    const first = await bench.row(charge.id);
    expect((await bench.row(second.id)).baseline).toEqual({
      latestCharge: first.gatewayChargeReference,
    });
  });

  test('unchanged while the key lives: sent again; changed: that is the outcome', async () => {
    const { bench, second, renewalId } = await declinedOnce(
      'pm_card_attachThen_do_not_honor_times_1',
    );
    await house.emulator.fault({ match: CONFIRM, fault: 'reset_before', times: 1 });
    expect(await bench.activities.submitCharge(second.id)).toMatchObject({ kind: 'unknown' });
    await house.emulator.fault({ match: CONFIRM, fault: 'reset_after', times: 1 });
    expect(await bench.activities.resolveCharge(second.id)).toMatchObject({ kind: 'unknown' });
    expect(await bench.sends(second.id)).toHaveLength(2);
    expect(await bench.activities.resolveCharge(second.id)).toEqual({ kind: 'succeeded' });
    expect(await bench.sends(second.id), 'it was read, not sent a third time').toHaveLength(2);
    expect(await house.emulator.paid(renewalId)).toHaveLength(1);
  });

  test('canceled by somebody while it was unknown: not sent, and the next charge makes a new one', async () => {
    const { bench, second, renewalId } = await declinedOnce(
      'pm_card_attachThen_do_not_honor_times_1',
    );
    await house.emulator.fault({ match: CONFIRM, fault: 'reset_before', times: 1 });
    await bench.activities.submitCharge(second.id);
    const { gatewayReference } = await bench.row(second.id);
    await dashboard(house).paymentIntents.cancel(gatewayReference!);
    expect(await bench.activities.resolveCharge(second.id)).toMatchObject({ kind: 'not_sent' });
    const third = await bench.planMore(renewalId, 'again+1');
    expect(await bench.activities.submitCharge(third.id)).toEqual({ kind: 'succeeded' });
    expect((await bench.row(third.id)).gatewayReference).not.toBe(gatewayReference);
  });

  test("unchanged at the end of the key's life: not sent", async () => {
    const { bench, second } = await declinedOnce('pm_card_attachThen_do_not_honor_times_1');
    await house.emulator.fault({ match: CONFIRM, fault: 'reset_before' });
    await bench.activities.submitCharge(second.id);
    bench.advance(26 * HOUR);
    expect(await bench.activities.resolveCharge(second.id)).toMatchObject({ kind: 'not_sent' });
  });

  test('a claimer that died before committing the baseline cannot have sent: it is read, then sent', async () => {
    const { bench, second, renewalId } = await declinedOnce(
      'pm_card_attachThen_do_not_honor_times_1',
    );
    await house.db.charge.update({
      where: { id: second.id },
      data: {
        status: 'submitted',
        firstSentAt: new Date(),
        keyValidUntil: new Date(Date.now() + HOUR),
      },
    });
    expect(await bench.activities.resolveCharge(second.id)).toEqual({ kind: 'succeeded' });
    expect((await bench.row(second.id)).baseline).not.toBeNull();
    expect(await house.emulator.paid(renewalId)).toHaveLength(1);
  });
});

async function answering(body: object) {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}
