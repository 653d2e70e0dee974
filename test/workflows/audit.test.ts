/** What people ask of real runs, through Temporal's own client and through the API, leaves one audit entry each. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { bookActivities, gatewayActivities } from '../../activities/index.js';
import { noteAsked } from '../../prisma/audit.js';
import { listLanes } from '../../prisma/gateway-account.js';
import { newId } from '../../prisma/new-id.js';
import { verifyAudit } from '../../prisma/verify-audit.js';
import { type Workers, startWorkers } from '../../temporal/workers.js';
import { becomes, theRenewal } from '../support/crash.js';
import { type House, openHouse } from '../support/house.js';
import { aCustomer, aSubscription, dunningRun, renewalRun, until } from '../support/people.js';

let house: House;
let workers: Workers;
beforeAll(async () => {
  house = await openHouse({ workers: false });
  workers = await hireForgetful();
});
afterAll(async () => {
  await workers.stop();
  await house.close();
});

/** How often each command's activity was called, by the command's id. */
const calls = new Map<string, number>();

/** Workers whose answer to each command is lost once, after it was committed: Temporal repeats the activity. */
function hireForgetful(): Promise<Workers> {
  const books = bookActivities(house.deps);
  const forgetful =
    <A, R>(activity: (argument: A) => Promise<R>, idOf: (argument: A) => string) =>
    async (argument: A): Promise<R> => {
      const answer = await activity(argument);
      const count = (calls.get(idOf(argument)) ?? 0) + 1;
      calls.set(idOf(argument), count);
      if (count === 1) throw new Error('The answer was lost');
      return answer;
    };
  return startWorkers({
    ...house.target,
    bookActivities: {
      ...books,
      recordCommand: forgetful(books.recordCommand, ({ command }) => command.id),
      commandRenewal: forgetful(books.commandRenewal, ({ command }) => command.id),
      decideCharge: forgetful(books.decideCharge, ({ verdict }) => verdict.id),
    },
    gatewayActivities: gatewayActivities(house.deps),
    listLanes: () => listLanes(house.db),
    laneConcurrency: 20,
    graceMs: 3_000,
    onFatal: (error) => {
      throw error;
    },
    workflowBundle: { codePath: inject('storiesPath') },
  });
}

const wish = { actor: 'Mia', reason: 'The customer called' };

async function pastDue() {
  const person = await aCustomer(house, 'pm_card_attachThen_insufficient_funds');
  const { id } = await theRenewal(house, await aSubscription(house, person));
  await becomes(house, id, 'past_due');
  const run = dunningRun(house, id);
  await until(() => house.deps.launch.isRunning(run.workflowId), 30_000);
  return { id, run };
}

const entriesOf = (object: string) =>
  house.db.auditEntry.findMany({ where: { object }, orderBy: { id: 'asc' } });

/** Sent as the Temporal UI sends it; answers once its activity was called twice. */
async function send(run: WorkflowHandle, update: string, args: object): Promise<string> {
  const updateId = randomUUID();
  await run.executeUpdate(update, { args: [args], updateId });
  await until(() => Promise.resolve((calls.get(updateId) ?? 0) > 1), 30_000);
  return updateId;
}

const byMia = (update: string, updateId: string) => ({
  actorKind: 'operator',
  actor: 'Mia',
  keyId: null,
  action: `update ${update}`,
  reason: wish.reason,
  requestId: updateId,
  commandId: updateId,
  idempotencyKey: null,
});

test('holdUntil, retryNow and writeOff, each once though its activity is repeated', async () => {
  const { id, run } = await pastDue();
  const until = new Date(Date.now() + 86_400_000).toISOString();
  const sent = [
    byMia('holdUntil', await send(run, 'holdUntil', { ...wish, until })),
    byMia('retryNow', await sendWhenFree(run, 'retryNow')),
    byMia('writeOff', await sendWhenFree(run, 'writeOff')),
  ];
  await run.result();
  expect(await entriesOf(id)).toMatchObject(sent);
});

/** Not while a charge is under way. */
async function sendWhenFree(run: WorkflowHandle, update: string): Promise<string> {
  const taken = () => send(run, update, wish).catch(() => undefined);
  return (await until(taken, 30_000)) as string;
}

test('cancelCase, and a cancellation that is requested in the Temporal UI', async () => {
  const { id, run } = await pastDue();
  const updateId = await send(run, 'cancelCase', wish);
  await run.result();
  expect(await entriesOf(id)).toMatchObject([byMia('cancelCase', updateId)]);

  const other = await pastDue();
  await other.run.cancel();
  await other.run.result();
  expect(await entriesOf(other.id)).toMatchObject([
    { actorKind: 'operator', actor: 'Temporal UI', action: 'update cancelCase' },
  ]);
});

test('resolveUnknown is about the charge', async () => {
  const person = await aCustomer(house, 'pm_card_attachThen_pending');
  const subscription = await aSubscription(house, person);
  const { id: renewalId } = await theRenewal(house, subscription);
  const pending = { renewalId, status: 'pending' };
  const charge = await until(() => house.db.charge.findFirst({ where: pending }), 30_000);
  const reference = charge.gatewayReference;
  const verdict = { ...wish, chargeId: charge.id, outcome: 'succeeded', reference };
  const run = renewalRun(house, subscription);
  const updateId = await send(run, 'resolveUnknown', verdict);
  expect(await run.result()).toEqual({ outcome: 'paid' });
  expect(await entriesOf(charge.id)).toMatchObject([byMia('resolveUnknown', updateId)]);
});

test('a command of an API key names that key, and nobody can pass for it', async () => {
  const { id: renewalId, run } = await pastDue();
  const [id, merchantId, keyId] = [newId('cmd'), house.merchantId, 'key_of_the_app'];
  const action = 'POST /v1/dunning-cases/{id}/hold';
  const asked = { id, merchantId, renewalId, keyId, actor: 'the app', action, object: 'dnc_held' };
  const from = { requestId: 'req_asked', idempotencyKey: 'k' };
  await noteAsked(house.db, { ...asked, ...from }, new Date());
  const hold = {
    ...wish,
    actor: 'the app',
    until: new Date(Date.now() + 86_400_000).toISOString(),
  };
  await house.deps.launch.wish(run.workflowId, 'holdUntil', hold, id);
  await until(() => Promise.resolve((calls.get(id) ?? 0) > 1), 30_000);
  expect(await entriesOf('dnc_held')).toMatchObject([
    { ...from, keyId, action, actorKind: 'api_key', actor: 'the app', commandId: id },
  ]);

  await send(run, 'holdUntil', hold);
  expect(await entriesOf(renewalId)).toMatchObject([{ actorKind: 'operator', actor: 'the app' }]);
  await run.executeUpdate('writeOff', { args: [wish] });
  await run.result();
});

test('a refused update leaves nothing', async () => {
  const { id, run } = await pastDue();
  await expect(run.executeUpdate('writeOff', { args: [{ actor: 'Mia' }] })).rejects.toThrow();
  expect(await entriesOf(id)).toEqual([]);
});

test('the sweep seals what was written', async () => {
  const { taskQueue } = house.target;
  const { workflow } = house.client;
  const sweep = { workflowId: `sweep-${randomUUID()}`, taskQueue };
  // The sweep of the schedule may have sealed some of it.
  const sealedBefore = await house.db.auditSeal.count();
  const { sealed } = await workflow.execute<() => Promise<{ sealed: number }>>('sweep', sweep);
  expect(sealed).toBeLessThanOrEqual((await house.db.auditEntry.count()) - sealedBefore);
  expect(await house.db.auditSeal.count()).toBe(await house.db.auditEntry.count());
  expect(await verifyAudit(house.database.url)).toMatchObject({ kind: 'intact', open: 0 });
});
