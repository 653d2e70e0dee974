import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import type { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';

import type { TemporalTarget } from '../temporal/connect.js';

export async function startBareWorker({ address, namespace }: TemporalTarget) {
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: 'bare',
    workflowsPath: fileURLToPath(new URL('bare-workflow.ts', import.meta.url)),
    activities: { nothing: async () => {} },
  });
  const done = worker.run();
  return {
    async stop() {
      worker.shutdown();
      await done;
      await connection.close();
    },
  };
}

/** Bare workflows per second, started the way renewals are: asleep for a moment, then all at once. */
export async function bareRate(client: Client, count: number): Promise<number> {
  const dueAt = Date.now() + 4_000;
  const handles = [];
  for (let n = 0; n < count; n++)
    handles.push(
      await client.workflow.start('bare', {
        taskQueue: 'bare',
        workflowId: `bare/${randomUUID()}`,
        startDelay: Math.max(0, dueAt - Date.now()),
      }),
    );
  await Promise.all(handles.map((handle) => handle.result()));
  return count / ((Date.now() - dueAt) / 1000);
}
