/** Workers: one for the stories and their books, and one per lane for the calls to a gateway account. */
import { fileURLToPath } from 'node:url';

import {
  DefaultLogger,
  NativeConnection,
  Worker,
  type WorkflowBundleOption,
  bundleWorkflowCode,
} from '@temporalio/worker';

import type { Activities } from '../activities/index.js';
import type { TemporalTarget } from './connect.js';

export interface WorkerOptions extends TemporalTarget {
  readonly bookActivities: Partial<Activities>;
  readonly gatewayActivities: Partial<Activities>;
  /** The lanes in the database now; asked again every few seconds. */
  readonly listLanes: () => Promise<readonly string[]>;
  readonly laneConcurrency: number;
  /** How long a stopping worker waits for charges under way. */
  readonly graceMs: number;
  readonly onFatal: (error: unknown) => void;
  /** Fewer than usual makes every step replay its history: for tests. */
  readonly maxCachedWorkflows?: number;
  readonly workflowBundle?: WorkflowBundleOption;
}

export interface Workers {
  /** True while every worker polls. */
  isReady(): boolean;
  lanes(): readonly string[];
  stop(): Promise<void>;
}

const LOOK_FOR_LANES_EVERY_MS = 3_000;

export async function startWorkers(options: WorkerOptions): Promise<Workers> {
  const connection = await NativeConnection.connect({ address: options.address });
  const common = {
    connection,
    namespace: options.namespace,
    shutdownGraceTime: options.graceMs,
    shutdownForceTime: options.graceMs + 5_000,
  };
  const running = new Map<string, { worker: Worker; done: Promise<void> }>();
  const run = (queue: string, worker: Worker) =>
    running.set(queue, { worker, done: worker.run().catch(options.onFatal) });

  run(
    options.taskQueue,
    await Worker.create({
      ...common,
      taskQueue: options.taskQueue,
      activities: options.bookActivities,
      workflowBundle: options.workflowBundle ?? (await bundleStories()),
      maxCachedWorkflows: options.maxCachedWorkflows ?? 500,
      stickyQueueScheduleToStartTimeout: '5 seconds',
    }),
  );
  const serveNewLanes = async (): Promise<void> => {
    for (const lane of await options.listLanes()) {
      if (running.has(lane)) continue;
      const activities = options.gatewayActivities;
      const maxConcurrentActivityTaskExecutions = options.laneConcurrency;
      const settings = {
        ...common,
        taskQueue: lane,
        activities,
        maxConcurrentActivityTaskExecutions,
      };
      run(lane, await Worker.create(settings));
    }
  };
  await serveNewLanes();
  // A database that is away for a moment must not end the look for new lanes.
  const timer = setInterval(() => void serveNewLanes().catch(() => {}), LOOK_FOR_LANES_EVERY_MS);

  return {
    isReady: () => [...running.values()].every(({ worker }) => worker.getState() === 'RUNNING'),
    lanes: () => [...running.keys()].filter((queue) => queue !== options.taskQueue),
    async stop() {
      clearInterval(timer);
      for (const { worker } of running.values())
        if (worker.getState() === 'RUNNING') worker.shutdown();
      await Promise.all([...running.values()].map(({ done }) => done));
      await connection.close();
    },
  };
}

/** Compiles the stories for Temporal's sandbox. */
export async function bundleStories() {
  const here = import.meta.url;
  const source = here.endsWith('.ts') ? '../workflows/index.ts' : '../workflows/index.js';
  const logger = new DefaultLogger('WARN');
  return bundleWorkflowCode({ workflowsPath: fileURLToPath(new URL(source, here)), logger });
}
