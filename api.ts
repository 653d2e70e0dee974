/** The API process: any number of them, behind any load balancer. */
import { readConfig } from './config.js';
import { makeLogger } from './logger.js';
import { ensureAdminKey } from './processes/admin-key.js';
import { runApi } from './processes/api-server.js';
import { compose } from './processes/compose.js';
import { main } from './processes/main.js';

await main(async () => {
  const config = readConfig({ required: ['DATABASE_URL', 'TEMPORAL_ADDRESS', 'SIGNING_KEY'] });
  const logger = makeLogger(config.LOG_LEVEL);
  const parts = compose(config, {
    databaseUrl: config.DATABASE_URL!,
    temporalAddress: config.TEMPORAL_ADDRESS!,
    temporalUiUrl: config.TEMPORAL_UI_URL ?? '',
  });
  await ensureAdminKey(parts.db, config.DUNLIN_ADMIN_KEY);
  const api = await runApi(config, parts, logger);
  return {
    async stop() {
      logger.info('Stopping: answering requests under way');
      await api.stop();
      await parts.close();
    },
  };
});
