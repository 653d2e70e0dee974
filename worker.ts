/** The worker process: any number of them, on any number of machines. */
import { createServer } from 'node:http';

import { readConfig } from './config.js';
import { makeLogger } from './logger.js';
import { compose } from './processes/compose.js';
import { main } from './processes/main.js';
import { installTemporalRuntime } from './processes/temporal-runtime.js';
import { runWorkers } from './processes/worker-pool.js';
import type { Workers } from './temporal/workers.js';

await main(async () => {
  const config = readConfig({ required: ['DATABASE_URL', 'TEMPORAL_ADDRESS', 'SIGNING_KEY'] });
  const logger = makeLogger(config.LOG_LEVEL);
  installTemporalRuntime(logger);
  const parts = compose(config, {
    databaseUrl: config.DATABASE_URL!,
    temporalAddress: config.TEMPORAL_ADDRESS!,
    temporalUiUrl: config.TEMPORAL_UI_URL ?? '',
  });
  const workers = await runWorkers(config, parts, logger, (error) => {
    logger.fatal({ err: error }, 'A worker has failed');
    process.exit(1);
  });
  const health =
    config.WORKER_HEALTH_PORT > 0 ? serveHealth(config.WORKER_HEALTH_PORT, workers) : undefined;
  return {
    async stop() {
      logger.info('Stopping: waiting for charges under way');
      await workers.stop();
      health?.close();
      await parts.close();
    },
  };
});

/** /healthz: the process answers. /readyz: every worker polls. */
function serveHealth(port: number, workers: Workers) {
  return createServer(({ url }, response) => {
    const ready = url === '/healthz' || (url === '/readyz' && workers.isReady());
    response.writeHead(ready ? 200 : 503, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ status: ready ? 'ok' : 'not_ready', lanes: workers.lanes() }));
  }).listen(port);
}
