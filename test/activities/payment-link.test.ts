/** docs/charging.md, rule 8: a payment that the customer completes on a page. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { useLink } from '../../activities/payment-link.js';
import { dashboard, workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { aLink, completeOnPage, paidAnywhere } from '../support/page.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false, paypal: true });
});
afterEach(async () => {
  await house.emulator.heal();
  await house.paypal.emulator.heal();
});
afterAll(() => house.close());

const NEEDS_3DS = 'pm_card_attachThen_authentication_required_unless_set_up';
const HALF_AN_HOUR = 31 * 60_000;
const CANCEL = { method: 'POST', path: '/v1/payment_intents/:id/cancel' };

/** A renewal whose card was declined because the customer must authenticate, and a link for it. */
async function declinedFor3ds() {
  const bench = workbench(house);
  const opened = await bench.plan(NEEDS_3DS);
  const declined = await bench.activities.submitCharge(opened.charge.id);
  expect(declined).toMatchObject({ kind: 'declined', decline: { class: 'authentication' } });
  const issued = await aLink(house, opened.renewalId);
  return { bench, issued, first: await bench.row(opened.charge.id), ...opened };
}

describe('8. a payment on a page at Stripe', () => {
  test('the first use begins it, the customer completes it, and the renewal is paid', async () => {
    const { bench, issued, renewalId, first } = await declinedFor3ds();
    expect((await bench.row(issued.chargeId)).status).toBe('planned');
    const page = await useLink(bench.deps, issued.secret);
    expect(page).toMatchObject({ kind: 'ready', reference: first.gatewayReference });
    expect(page).toHaveProperty('clientSecret', expect.stringContaining('_secret_'));
    expect(await bench.activities.resolveCharge(issued.chargeId)).toMatchObject({
      kind: 'pending',
    });
    await completeOnPage(house, first.gatewayReference!);
    expect(await bench.activities.resolveCharge(issued.chargeId)).toEqual({ kind: 'succeeded' });
    expect((await bench.renewal(renewalId)).status).toBe('paid');
    expect(await paidAnywhere(house, renewalId)).toBe(1);
  });

  test('a page reloaded shows the same payment', async () => {
    const { bench, issued } = await declinedFor3ds();
    const page = await useLink(bench.deps, issued.secret);
    expect(await useLink(bench.deps, issued.secret)).toEqual(page);
  });

  test('a new link takes the place of one nobody used', async () => {
    const { bench, issued, renewalId } = await declinedFor3ds();
    const second = await aLink(house, renewalId);
    expect(await useLink(bench.deps, issued.secret)).toMatchObject({ kind: 'over' });
    expect(await useLink(bench.deps, second.secret)).toMatchObject({ kind: 'ready' });
  });

  test('two links asked for at once leave one that works', async () => {
    const { bench, renewalId } = await declinedFor3ds();
    const links = await Promise.all([
      aLink(house, renewalId),
      aLink(house, renewalId),
      aLink(house, renewalId),
    ]);
    const uses = [];
    for (const { secret } of links) uses.push((await useLink(bench.deps, secret))!.kind);
    expect(uses.sort()).toEqual(['over', 'over', 'ready']);
  });

  test('while an automatic charge is under way it is refused, and tried again it works', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_attachThen_pending');
    const issued = await aLink(house, renewalId);
    await bench.activities.submitCharge(charge.id);
    expect(await useLink(bench.deps, issued.secret)).toEqual({ kind: 'under_way' });
    const { gatewayReference } = await bench.row(charge.id);
    await house.emulator.settle(gatewayReference!, 'declined');
    await bench.activities.resolveCharge(charge.id);
    expect(await useLink(bench.deps, issued.secret)).toMatchObject({ kind: 'ready' });
  });

  test('from its claim to its end automatic charges wait, and ask about it', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    const issued = await aLink(house, renewalId);
    const page = (await useLink(bench.deps, issued.secret)) as { reference: string };
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'pending' });
    expect(await bench.sends(charge.id)).toEqual([]);
    await completeOnPage(house, page.reference);
    expect(await bench.activities.resolveCharge(charge.id)).toEqual({ kind: 'canceled' });
    expect((await bench.row(issued.chargeId)).status).toBe('succeeded');
    expect(await paidAnywhere(house, renewalId)).toBe(1);
  });

  test('an attempt that fails on the page is not the end of it', async () => {
    const { bench, issued, first } = await declinedFor3ds();
    await useLink(bench.deps, issued.secret);
    await completeOnPage(house, first.gatewayReference!, 'failed');
    expect(await bench.activities.resolveCharge(issued.chargeId)).toMatchObject({
      kind: 'pending',
    });
    await completeOnPage(house, first.gatewayReference!);
    expect(await bench.activities.resolveCharge(issued.chargeId)).toEqual({ kind: 'succeeded' });
  });

  test('abandoned: after half an hour it is withdrawn, and can never be paid', async () => {
    const { bench, issued, first, renewalId } = await declinedFor3ds();
    await useLink(bench.deps, issued.secret);
    await completeOnPage(house, first.gatewayReference!, 'abandoned', NEEDS_3DS);
    bench.advance(HALF_AN_HOUR);
    expect(await bench.activities.resolveCharge(issued.chargeId)).toMatchObject({
      kind: 'declined',
      decline: { code: 'abandoned' },
      leadsOn: true,
    });
    const intent = await dashboard(house).paymentIntents.retrieve(first.gatewayReference!);
    expect(intent.status).toBe('canceled');
    await expect(completeOnPage(house, first.gatewayReference!)).rejects.toThrow();
    expect(await useLink(bench.deps, issued.secret)).toMatchObject({ kind: 'over' });
    const next = await bench.planMore(renewalId, 'retry 1');
    await bench.activities.submitCharge(next.id);
    expect((await bench.row(next.id)).gatewayReference).not.toBe(first.gatewayReference);
  });

  test('paid in the very moment of its withdrawal: the money is booked', async () => {
    const { bench, issued, first, renewalId } = await declinedFor3ds();
    await useLink(bench.deps, issued.secret);
    bench.advance(HALF_AN_HOUR);
    await house.emulator.fault({ match: CANCEL, fault: 'error_before', times: 1 });
    const asked = await bench.activities.resolveCharge(issued.chargeId);
    expect(asked, 'not withdrawn, so not over').toMatchObject({ kind: 'pending' });
    await completeOnPage(house, first.gatewayReference!);
    expect(await bench.activities.resolveCharge(issued.chargeId)).toEqual({ kind: 'succeeded' });
    expect((await bench.renewal(renewalId)).status).toBe('paid');
  });

  test('the API died between the claim and the gateway: the run makes the page and withdraws it', async () => {
    const bench = workbench(house);
    const { renewalId } = await bench.open('pm_card_visa');
    const issued = await aLink(house, renewalId);
    await house.emulator.fault({
      match: { method: 'POST', path: '/v1/payment_intents' },
      fault: 'reset_after',
      times: 1,
    });
    expect(await useLink(bench.deps, issued.secret)).toEqual({ kind: 'unavailable' });
    expect((await bench.row(issued.chargeId)).gatewayReference).toBeNull();
    expect(await bench.activities.resolveCharge(issued.chargeId)).toMatchObject({
      kind: 'pending',
    });
    expect((await bench.row(issued.chargeId)).gatewayReference).toMatch(/^pi_/);
    bench.advance(HALF_AN_HOUR);
    expect(await bench.activities.resolveCharge(issued.chargeId)).toMatchObject({
      kind: 'declined',
    });
  });

  test('an expired link begins nothing', async () => {
    const { bench, renewalId } = await declinedFor3ds();
    const issued = await aLink(house, renewalId, new Date(Date.now() - 1));
    expect(await useLink(bench.deps, issued.secret)).toMatchObject({ kind: 'over' });
    expect((await bench.row(issued.chargeId)).status).toBe('planned');
  });

  test('nothing owed, no link', async () => {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.plan('pm_card_visa');
    await bench.activities.submitCharge(charge.id);
    await expect(aLink(house, renewalId)).rejects.toThrow('The renewal is paid');
  });
});

describe('8. a payment on a page at PayPal', () => {
  async function walletPage() {
    const bench = workbench(house);
    const { charge, renewalId } = await bench.planWallet('issue_PAYER_CANNOT_PAY');
    expect(await bench.activities.submitCharge(charge.id)).toMatchObject({ kind: 'declined' });
    const issued = await aLink(house, renewalId);
    const page = (await useLink(bench.deps, issued.secret)) as { reference: string; url: string };
    return { bench, renewalId, issued, page };
  }

  test('approved on its page, captured once under the id of the charge', async () => {
    const { bench, renewalId, issued, page } = await walletPage();
    expect(page.url).toMatch(/^http/);
    expect(await bench.activities.resolveCharge(issued.chargeId)).toMatchObject({
      kind: 'pending',
    });
    await house.paypal.emulator.call('POST', 'approve', { order: page.reference });
    const asked = [1, 2, 3].map(() => bench.activities.resolveCharge(issued.chargeId));
    await Promise.all(asked);
    expect(await bench.activities.resolveCharge(issued.chargeId)).toEqual({ kind: 'succeeded' });
    const [entry, ...more] = await house.paypal.emulator.paid(renewalId);
    expect(more).toEqual([]);
    expect(entry).toMatchObject({ custom_id: issued.chargeId });
  });

  test('the answer to the capture is lost: it is found, and not captured again', async () => {
    const { bench, renewalId, issued, page } = await walletPage();
    await house.paypal.emulator.call('POST', 'approve', { order: page.reference });
    await house.paypal.emulator.fault({
      match: { method: 'POST', path: '/v2/checkout/orders/:id/capture' },
      fault: 'reset_after',
      times: 1,
    });
    expect(await bench.activities.resolveCharge(issued.chargeId)).toMatchObject({
      kind: 'unknown',
    });
    expect(await bench.activities.resolveCharge(issued.chargeId)).toEqual({ kind: 'succeeded' });
    expect(await paidAnywhere(house, renewalId)).toBe(1);
  });

  test('approved too late, nothing is captured', async () => {
    const { bench, renewalId, issued, page } = await walletPage();
    bench.advance(HALF_AN_HOUR);
    expect(await bench.activities.resolveCharge(issued.chargeId)).toMatchObject({
      kind: 'declined',
      decline: { code: 'abandoned' },
    });
    await house.paypal.emulator.call('POST', 'approve', { order: page.reference }).catch(() => {});
    await bench.activities.resolveCharge(issued.chargeId);
    expect(await paidAnywhere(house, renewalId)).toBe(0);
  });
});
