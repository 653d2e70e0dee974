/**
 * A sender that stops in the middle and comes back: a frozen machine, a paused container, a run that was terminated.
 *
 * It has claimed a charge and sent nothing yet; somebody else takes over, and the charge succeeds. Whoever looks at
 * the gateway's object then sees it paid, by this very charge: that is no duplicate.
 */
import { afterAll, beforeAll, describe, test } from 'vitest';

import { type Gates, openGates } from '../support/crash-gate.js';
import { type Wire, movesMoneyOf, openWire } from '../support/crash-wire.js';
import {
  DECLINES_ONCE,
  RECOVERED,
  type WorkerProcess,
  becomes,
  expectPaidOnce,
  retryNow,
  startWorkerProcess,
  theRenewal,
} from '../support/crash.js';
import { type House, openHouse } from '../support/house.js';
import { aCustomer, aSubscription, dunningRun, until } from '../support/people.js';

let house: House;
let wire: Wire;
let gates: Gates;

async function open(workers: boolean, environment: Record<string, string>): Promise<void> {
  house = await openHouse({ workers, environment });
  wire = await openWire(house);
  gates = await openGates(house);
}

async function close(): Promise<void> {
  await wire.close();
  await gates.close();
  await house.close();
}

/** A customer in recovery, before the second charge. */
async function aDebtorInRecovery() {
  const person = await aCustomer(house, DECLINES_ONCE);
  const { id } = await theRenewal(house, await aSubscription(house, person));
  await becomes(house, id, 'past_due');
  return { person, id };
}

describe('a worker process', () => {
  const processes: WorkerProcess[] = [];
  const environment = {
    GATEWAY_DEADLINE_SECONDS: '2',
    CHARGE_TIMEOUT_SECONDS: '5',
    SHUTDOWN_GRACE_SECONDS: '5',
  };
  beforeAll(() => open(false, environment));
  afterAll(async () => {
    for (const worker of processes) {
      await worker.kill();
      process.stderr.write('WORKER: ' + worker.output() + '\n');
    }
    await close();
  });

  test('frozen after its claim, it wakes when another has charged: no duplicate', async () => {
    const frozen = await startWorkerProcess(house);
    processes.push(frozen);
    const { person, id } = await aDebtorInRecovery();
    const claim = await gates.hold(person.customerId, 'claim');
    const answer = wire.hold(movesMoneyOf(person.method), 'answer');
    await retryNow(house, id);
    await claim.reached();
    frozen.process.kill('SIGSTOP');
    await claim.release();

    processes.push(await startWorkerProcess(house));
    await answer.reached(30_000);
    frozen.process.kill('SIGCONT');
    await until(async () => {
      const [, second] = await house.db.charge.findMany({
        where: { renewalId: id },
        orderBy: { ordinal: 'asc' },
      });
      return second?.status !== 'submitted';
    });
    await answer.release();
    await expectPaidOnce(house, id, RECOVERED);
  });
});

describe('a run', () => {
  const environment = {
    GATEWAY_DEADLINE_SECONDS: '5',
    CHARGE_TIMEOUT_SECONDS: '12',
    SHUTDOWN_GRACE_SECONDS: '12',
  };
  beforeAll(() => open(true, environment));
  afterAll(close);

  test('terminated before it sent, it still sends while the next run looks: no duplicate', async () => {
    const { person, id } = await aDebtorInRecovery();
    const looks = ({ method, path }: { method: string; path: string }) =>
      method === 'GET' && path.startsWith('/v1/payment_intents/');
    const firstLook = wire.hold(looks, 'request');
    await retryNow(house, id);
    await firstLook.reached();

    const secondLook = wire.hold(looks, 'request');
    const run = dunningRun(house, id);
    await run.terminate('a test');
    const { merchantId } = house;
    const { workflowId } = run;
    const input = { renewalId: id };
    await house.deps.launch.start({ merchantId, workflowType: 'dunning', workflowId, input });
    await secondLook.reached();

    const answer = wire.hold(movesMoneyOf(person.method), 'answer');
    await firstLook.release();
    await answer.reached();
    await secondLook.release();
    await until(async () => {
      const [, second] = await house.db.charge.findMany({
        where: { renewalId: id },
        orderBy: { ordinal: 'asc' },
      });
      return second?.status !== 'submitted';
    });
    await answer.release();
    await expectPaidOnce(house, id, RECOVERED);
  });
});
