/** Temporal's native runtime, set up once per process before any worker exists. */
import { DefaultLogger, Runtime } from '@temporalio/worker';

import type { Logger } from '../logger.js';

export function installTemporalRuntime(logger: Logger): void {
  const child = logger.child({ part: 'temporal' });
  Runtime.install({
    // We stop workers ourselves, in order: a signal must not cut charges off behind our back.
    shutdownSignals: [],
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      // A lane serves gateway calls alone, on purpose.
      if (message.startsWith('No workflows registered')) return;
      const { workflowId, runId, activityType, error } = meta ?? {};
      const fields = { workflowId, runId, activityType, err: error };
      child[level === 'ERROR' ? 'error' : 'warn'](fields, message);
    }),
  });
}
