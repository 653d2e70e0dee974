/** The worker role: stories, books, and every lane in the database. */
import { bookActivities, gatewayActivities } from '../activities/index.js';
import { keepReconciling } from '../activities/reconcile.js';
import type { Config } from '../config.js';
import type { Logger } from '../logger.js';
import { startCourier } from '../notices/courier.js';
import { listLanes } from '../prisma/gateway-account.js';
import { prepareNamespace } from '../temporal/connect.js';
import { type Workers, startWorkers } from '../temporal/workers.js';
import { deliveryLane } from '../domain/delivery.js';
import type { Database } from '../prisma/client.js';
import type { Parts } from './compose.js';
import { startRelay } from './relay.js';

export async function runWorkers(
  config: Config,
  { db, client, target, deps, courier: parts }: Parts,
  logger: Logger,
  onFatal: (error: unknown) => void,
): Promise<Workers> {
  await prepareNamespace(client, target);
  await keepReconciling({ ...deps, alive: () => {} });
  const workers = await startWorkers({
    ...target,
    bookActivities: bookActivities(deps),
    gatewayActivities: gatewayActivities(deps),
    listLanes: () => allLanes(db, target.taskQueue),
    laneConcurrency: config.LANE_CONCURRENCY,
    graceMs: config.SHUTDOWN_GRACE_SECONDS * 1000,
    onFatal,
  });
  const relay = startRelay(deps, logger);
  logger.info({ lanes: workers.lanes() }, 'Workers are running');
  const onSurprise = (error: unknown, notice: string) =>
    logger.error({ err: error, notice }, 'A notice could not be sent');
  const courier = startCourier({ ...parts, onSurprise }, LOOK_FOR_NOTICES_EVERY_MS);
  return {
    ...workers,
    async stop() {
      await Promise.all([relay.stop(), courier.stop(), workers.stop()]);
    },
  };
}

/** Those of the gateway accounts, and the one on which apps are tried again. */
export async function allLanes(db: Database, taskQueue: string): Promise<string[]> {
  return [...(await listLanes(db)), deliveryLane(taskQueue)];
}

const LOOK_FOR_NOTICES_EVERY_MS = 3_000;
