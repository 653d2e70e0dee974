/** What somebody refunded at the gateway: whose it is, and whether it is lost. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { adoptRefunds } from '../../activities/adopt-refunds.js';
import { ensureMerchant } from '../../prisma/merchant.js';
import { changeSettings } from '../../prisma/settings.js';
import { storeWebhook } from '../../prisma/webhook-inbox.js';
import { decideRefund } from '../../prisma/refund-view.js';
import { dashboard, workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { booksOf, refundDesk } from '../support/refunding.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false, paypal: true });
});
afterAll(() => house.close());

async function anotherMerchant(): Promise<House> {
  const { id: merchantId } = await ensureMerchant(house.db, 'other', new Date());
  const account = await house.db.gatewayAccount.create({
    data: {
      ...house.account,
      id: `gwa_other_${merchantId}`,
      merchantId,
      name: 'stripe-other',
      webhookSecretRefs: ['env:TEST_STRIPE_WEBHOOK_SECRET'],
      lane: `${house.account.lane}-other`,
    } as never,
  });
  return Object.create(house, {
    merchantId: { value: merchantId },
    account: { value: account },
  }) as House;
}

test("one merchant's dashboard refund that names another merchant's refund touches nothing of theirs, and is booked", async () => {
  const other = await anotherMerchant();
  const benchB = workbench(other);
  const victimDesk = refundDesk(other, benchB, 'stripe');
  const theirs = await victimDesk.paid();
  const victim = await victimDesk.plan(theirs.chargeId);
  expect((await victimDesk.row(victim)).merchantId).toBe(other.merchantId);
  // The victim's answer is lost: its refund was made, and it is unknown.
  await house.emulator.fault({
    match: { method: 'POST', path: '/v1/refunds' },
    fault: 'reset_after',
    times: 1,
  });
  expect(await victimDesk.look(victim)).toMatchObject({ status: 'unknown' });
  await house.emulator.heal();

  const bench = workbench(house);
  const desk = refundDesk(house, bench, 'stripe');
  const mine = await desk.paid();
  const made = await dashboard(house).refunds.create({
    charge: mine.capture,
    metadata: { dunlin_refund: victim },
  });
  await adoptRefunds(bench.deps, mine.chargeId);
  const row = await victimDesk.row(victim);
  expect(row.gatewayReference).not.toBe(made.id);
  expect(await house.db.refund.count({ where: { chargeId: mine.chargeId } })).toBe(1);
});

test("the victim's refund can still be followed to its end", async () => {
  const [victim] = await house.db.refund.findMany({
    where: { merchantId: { not: house.merchantId } },
  });
  const other = Object.create(house, { merchantId: { value: victim!.merchantId } }) as House;
  const desk = refundDesk(other, workbench(other), 'stripe');
  expect(await desk.look(victim!.id)).toEqual({ kind: 'settled', status: 'succeeded' });
});

test('the database was restored to before the approval: the money that went is booked, and does not become free by a rejection', async () => {
  await changeSettings(house.db, house.merchantId, { refundApprovalAbove: { EUR: 100 } });
  const bench = workbench(house);
  const desk = refundDesk(house, bench, 'stripe');
  const { chargeId, capture, renewalId } = await desk.paid();
  const id = await desk.plan(chargeId, 1000);
  await changeSettings(house.db, house.merchantId, { refundApprovalAbove: {} });
  const waiting = await desk.row(id);
  // What the gateway did after the backup: approved, sent, made.
  await dashboard(house).refunds.create(
    {
      charge: capture,
      amount: 1000,
      metadata: { dunlin_refund: id, dunlin_merchant: house.merchantId },
    },
    { idempotencyKey: id },
  );
  expect(waiting.status).toBe('awaiting_approval');
  await adoptRefunds(bench.deps, chargeId);
  await desk.look(id);
  const books = await booksOf(house, renewalId);
  expect.soft(books['refunds'] ?? 0).toBe(1000);
  expect.soft((await desk.row(id)).status).not.toBe('awaiting_approval');
  const before = await desk.row(id);
  const rejected = await house.db
    .$transaction((tx) =>
      decideRefund(tx, before, { decidedBy: 'key_b', approved: false, why: 'no' }, bench.now()),
    )
    .then(
      () => 'rejected',
      () => 'refused',
    );
  await adoptRefunds(bench.deps, chargeId);
  const after = await desk.row(id);
  const left = await house.db.refund.aggregate({
    where: { chargeId, status: { notIn: ['failed', 'canceled'] } },
    _sum: { amountMinor: true },
  });
  expect
    .soft({ rejected, status: after.status, counted: Number(left._sum.amountMinor ?? 0n) })
    .toMatchObject({ counted: 1000 });
});

test('a refund made in the dashboard while its charge is unknown here is booked once the charge is', async () => {
  const bench = workbench(house);
  const { charge, renewalId } = await bench.plan('pm_card_visa');
  await house.emulator.fault({
    match: { method: 'POST', path: '/v1/payment_intents' },
    fault: 'reset_after',
    times: 1,
  });
  await bench.activities.submitCharge(charge.id);
  await house.emulator.heal();
  expect((await bench.row(charge.id)).status).toBe('unknown');
  const [taken] = await house.emulator.paid(renewalId);
  const ch = (taken as unknown as { charge: string }).charge;
  const made = await dashboard(house).refunds.create({ charge: ch });
  // Its webhook, as api/webhooks.ts stores it.
  const stored = await storeWebhook(
    house.db,
    {
      account: house.account,
      eventId: `evt_${made.id}`,
      type: 'refund.created',
      payload: {},
      refund: { reference: made.id, chargeReference: ch },
    },
    new Date(),
  );
  if (stored?.owed) await bench.activities.sendOwed();
  expect(await bench.activities.resolveCharge(charge.id)).toEqual({ kind: 'succeeded' });
  expect((await bench.renewal(renewalId)).status).toBe('paid');
  const booked = await house.db.refund.count({ where: { chargeId: charge.id } });
  const owed = await house.db.gatewayEvent.count({
    where: { eventId: `evt_${made.id}`, dispatchedAt: null },
  });
  const called = (await bench.renewal(renewalId)).needsAttention !== null;
  expect({ booked, owed, called }).toEqual({ booked: 0, owed: 0, called: false });
  // The look at its refunds is owed by the transaction that has found the charge paid.
  const { input } = await house.db.dispatch.findFirstOrThrow({
    where: { workflowId: `refund/of/${charge.id}`, sentAt: null },
  });
  await bench.activities.adoptRefunds((input as { chargeId: string }).chargeId);
  expect(await house.db.refund.count({ where: { chargeId: charge.id } })).toBe(1);
});

test('refunds that cannot be listed, for a reason that no repetition mends, are laid before a person', async () => {
  const bench = workbench(house);
  const desk = refundDesk(house, bench, 'stripe');
  const { chargeId, renewalId } = await desk.paid();
  const blind = workbench(house, {
    gateways: (name) => {
      const gateway = house.deps.gateways(name);
      return {
        ...gateway,
        refunding: {
          ...gateway.refunding!,
          listRefunds: () =>
            Promise.resolve({ kind: 'unavailable', why: 'API key revoked', attention: true }),
        },
      };
    },
  });
  await adoptRefunds(blind.deps, chargeId).catch(() => {});
  const renewal = await house.db.renewal.findUniqueOrThrow({ where: { id: renewalId } });
  expect(renewal.needsAttention).not.toBeNull();
});

test('a pending PayPal refund that somebody made by hand, with a mark of their own, is followed to its end', async () => {
  const bench = workbench(house);
  const desk = refundDesk(house, bench, 'paypal');
  const { chargeId, capture, renewalId } = await desk.paid('refund_pending');
  const token = await fetch(`${house.paypal.emulator.url}/v1/oauth2/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from('dunlin-test-client:dunlin-test-secret').toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  }).then((r) => r.json() as Promise<{ access_token: string }>);
  const made = await fetch(`${house.paypal.emulator.url}/v2/payments/captures/${capture}/refund`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token.access_token}`,
      'content-type': 'application/json',
      'paypal-request-id': 'by-hand-1',
      prefer: 'return=representation',
    },
    // As PayPal shows a refund that inherits its capture's mark, or another tool's.
    body: JSON.stringify({ custom_id: chargeId }),
  }).then((r) => r.json() as Promise<{ id: string; status: string }>);
  expect(made.status).toBe('PENDING');
  expect(await adoptRefunds(bench.deps, chargeId)).toBe(1);
  await house.paypal.emulator.advance(3);
  const row = await house.db.refund.findFirstOrThrow({ where: { chargeId } });
  expect.soft(await desk.look(row.id)).toEqual({ kind: 'settled', status: 'succeeded' });
  expect((await booksOf(house, renewalId))['gateway'] ?? 0).toBe(0);
});
