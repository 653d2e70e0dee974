/** Temporal's runtime without its chatter: what matters in a test is asserted. */
import { Runtime } from '@temporalio/worker';

const silent = () => {};

Runtime.install({
  logger: {
    log: silent,
    trace: silent,
    debug: silent,
    info: silent,
    warn: silent,
    error: silent,
  },
  telemetryOptions: { logging: { forward: {}, filter: 'ERROR' } },
});
