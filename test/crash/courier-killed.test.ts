/** SIGKILL of a real worker process between the sending of a letter and the recording of it. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { planNotice } from '../../prisma/notice.js';
import { workbench } from '../support/bench.js';
import { type WorkerProcess, startWorkerProcess } from '../support/crash.js';
import { type House, openHouse } from '../support/house.js';
import { openPostOffice } from '../support/letters.js';
import { type MailSink, headerOf, openMailSink } from '../support/mail-sink.js';
import { until, whereItIsNoon } from '../support/people.js';

let house: House;
let sink: MailSink;
const workers: WorkerProcess[] = [];
beforeAll(async () => {
  sink = await openMailSink();
  const environment = {
    SMTP_URL: sink.url,
    SMTP_TIMEOUT_SECONDS: '3',
    PUBLIC_URL: 'https://pay.nest.example',
  };
  house = await openHouse({ workers: false, environment });
});
afterAll(async () => {
  for (const worker of workers) await worker.kill();
  await sink.close();
  await house.close();
});

async function hire(): Promise<WorkerProcess> {
  const worker = await startWorkerProcess(house);
  workers.push(worker);
  return worker;
}

/** A notice to somebody for whom it is day, of a renewal that its bank leaves undecided. */
async function planned(): Promise<string> {
  const office = await openPostOffice(house, sink);
  const { renewalId, person } = await workbench(house).plan('pm_card_attachThen_pending');
  await office.introduce(person.customerId, { timeZone: whereItIsNoon() });
  const renewal = await house.db.renewal.findUniqueOrThrow({ where: { id: renewalId } });
  const told = { kind: 'payment_failed', subject: 'dnc_test', step: renewalId } as const;
  await planNotice(house.db, renewal, told, new Date());
  const [notice] = await office.list(renewalId);
  const now = new Date();
  await house.db.notice.update({ where: { id: notice!.id }, data: { sendAt: now, tryAt: now } });
  return notice!.id;
}

const row = (id: string) => house.db.notice.findUniqueOrThrow({ where: { id } });

test('a worker killed after the server took a letter: it is sent once more, under the same name', async () => {
  sink.trouble = 'silent';
  const victim = await hire();
  const id = await planned();
  await until(async () => sink.arrived.length === 1);
  await victim.kill();
  expect(await row(id)).toMatchObject({ status: 'planned', attempts: 1, unanswered: 1 });

  sink.trouble = 'none';
  await hire();
  await until(async () => (await row(id)).status === 'sent', 30_000);
  expect(sink.arrived).toHaveLength(2);
  const names = sink.arrived.map((letter) => headerOf(letter, 'Message-ID'));
  expect(new Set(names).size).toBe(1);
});

test('killed twice, it is not sent a third time, and a person is told', async () => {
  sink.arrived.splice(0);
  sink.trouble = 'silent';
  await workers.at(-1)!.kill();
  const id = await planned();
  for (const sent of [1, 2]) {
    const victim = await hire();
    await until(async () => sink.arrived.length === sent, 30_000);
    await victim.kill();
  }
  sink.trouble = 'none';
  await hire();
  await until(async () => (await row(id)).status === 'failed', 30_000);
  expect(sink.arrived).toHaveLength(2);
  const { renewalId, why } = await row(id);
  expect(why).toContain('nobody recorded an answer');
  const renewal = await house.db.renewal.findUniqueOrThrow({ where: { id: renewalId! } });
  expect(renewal.needsAttention).not.toBeNull();
});
