/**
 * SIGKILL of a real worker process, at every point of a refund.
 *
 * Six refunds are brought to six points, where each stands still. Then the one worker is killed at once with all of
 * them in its hands, and a second one is started.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { sendDispatch } from '../../activities/dispatch.js';
import { refundWorkflowId } from '../../domain/workflow-ids.js';
import { workbench } from '../support/bench.js';
import type { Gates } from '../support/crash-gate.js';
import { type CrashScene, openCrashScene } from '../support/crash-scene.js';
import type { HeldAt, Wire } from '../support/crash-wire.js';
import { type Road, expectOneBodyPerKey, theRenewal } from '../support/crash.js';
import type { House } from '../support/house.js';
import { aCustomer, aSubscription, until } from '../support/people.js';
import { booksOf, eventsOf, gateRefunds, refundDesk } from '../support/refunding.js';

/** The refunds stand at their points for a few seconds: nothing may time out before the kill. */
const PATIENT = {
  GATEWAY_DEADLINE_SECONDS: '4',
  CHARGE_TIMEOUT_SECONDS: '8',
  SHUTDOWN_GRACE_SECONDS: '8',
};

const POINTS = ['planned', 'claimed', 'sent', 'unheard', 'uncommitted', 'untold'] as const;
type PointName = (typeof POINTS)[number];

interface Case {
  readonly id: string;
  readonly customerId: string;
  readonly renewalId: string;
  readonly capture: string;
}

let house: House;
let wire: Wire;
let gates: Gates;
let road: Road;
const cases = {} as Record<PointName, Case>;

let scene: CrashScene;
beforeAll(async () => {
  scene = await openCrashScene(PATIENT);
  ({ house, wire, gates, road } = scene);
  await gateRefunds(house);
});
afterAll(() => scene.close());

const aWorker = (temporalAddress?: string) => scene.aWorker(temporalAddress);

const desk = () => refundDesk(house, workbench(house), 'stripe');

interface Debtor {
  readonly customerId: string;
  readonly subscription: { readonly id: string };
}

async function aDebtor(): Promise<Debtor> {
  const person = await aCustomer(house, 'pm_card_visa');
  return { customerId: person.customerId, subscription: await aSubscription(house, person) };
}

/** A renewal that the worker has collected, and a refund of it that nobody has begun. */
async function planned({ customerId, subscription }: Debtor): Promise<Case> {
  const { id: renewalId } = await theRenewal(house, subscription);
  const charge = await until(
    () => house.db.charge.findFirst({ where: { renewalId, status: 'succeeded' } }),
    40_000,
  );
  const id = await desk().plan(charge.id);
  return { id, customerId, renewalId, capture: charge.gatewayChargeReference! };
}

async function begin({ id }: Case): Promise<void> {
  const workflowId = refundWorkflowId(id);
  const owed = await house.db.dispatch.findFirstOrThrow({ where: { workflowId } });
  await sendDispatch(house.deps, owed);
}

const sendsOf = ({ id }: Case) =>
  wire.requests.filter(({ method, key }) => method === 'POST' && key === id);

function holdSend({ id }: Case, at: HeldAt) {
  return wire.hold(({ method, key }) => method === 'POST' && key === id, at);
}

async function hasSucceeded({ id }: Case): Promise<boolean> {
  return (await desk().row(id)).status === 'succeeded';
}

beforeAll(async () => {
  const [victim, ...debtors] = await Promise.all([aWorker(road.address), ...POINTS.map(aDebtor)]);
  const all = await Promise.all(debtors.map(planned));
  POINTS.forEach((point, index) => (cases[point] = all[index]!));
  const held = {
    claimed: holdSend(cases.claimed, 'request'),
    sent: holdSend(cases.sent, 'request'),
    unheard: holdSend(cases.unheard, 'answer'),
    untold: holdSend(cases.untold, 'answer'),
  };
  const gated = {
    planned: await gates.hold(cases.planned.customerId, 'claim'),
    uncommitted: await gates.hold(cases.uncommitted.customerId, 'settle'),
  };
  await Promise.all(Object.values(cases).map(begin));
  await Promise.all([...Object.values(held), ...Object.values(gated)].map((it) => it.reached()));

  road.cut();
  await held.untold.release();
  await until(() => hasSucceeded(cases.untold));
  await victim.kill();

  await gated.planned.cutOff();
  for (const gate of Object.values(gated)) await gate.release();
  held.claimed.lose();
  await held.unheard.release();
  await aWorker();
  // What the dead worker sent arrives late, just when the second worker sends it again.
  await until(async () => sendsOf(cases.sent).length >= 2, 30_000);
  await held.sent.release();
});

test.each([
  ['planned and not claimed', 'planned', 1],
  ['claimed and not sent', 'claimed', 2],
  ['sent; the gateway acts on it late, beside the second send', 'sent', 2],
  // The gateway was asked, and that was enough.
  ['made by the gateway, before its answer', 'unheard', 1],
  ['answered, before it was committed', 'uncommitted', 1],
  ['committed, before Temporal heard of it', 'untold', 1],
] as const)('killed with a refund %s', async (_, point, sends) => {
  const it = cases[point];
  await until(() => hasSucceeded(it), 40_000);
  expect(await desk().given(it.capture)).toEqual([1900]);
  expect(sendsOf(it)).toHaveLength(sends);
  expect(await booksOf(house, it.renewalId)).toEqual({ refunds: 1900, revenue: -1900 });
  expect(await eventsOf(house, it.id)).toEqual(['refund.requested', 'refund.succeeded']);
  const run = house.client.workflow.getHandle(refundWorkflowId(it.id));
  expect(await run.result()).toEqual({ outcome: 'succeeded' });
  expect(await desk().row(it.id)).toMatchObject({ needsAttention: null });
  expectOneBodyPerKey(await house.emulator.requests());
});
