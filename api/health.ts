/** Health: alive says that the process runs, ready that it can do its work. */
import { Router } from 'express';

import type { ApiDeps } from './deps.js';
import { awayProblem } from './errors.js';

export function health({ db, launch }: Pick<ApiDeps, 'db' | 'launch'>): Router {
  const router = Router();
  router.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  router.get('/readyz', async (_req, res) => {
    const checks = { PostgreSQL: db.$queryRaw`select 1`, Temporal: launch.ping() };
    const away = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => ((await answers(check)) ? [] : [name])),
    );
    if (away.flat().length > 0) throw awayProblem(`Not reachable: ${away.flat().join(', ')}`);
    res.json({ status: 'ready' });
  });
  return router;
}

async function answers(check: Promise<unknown>): Promise<boolean> {
  const late = new Promise<boolean>((resolve) => void setTimeout(resolve, 3_000, false).unref());
  const settled = check.then(
    () => true,
    () => false,
  );
  return Promise.race([settled, late]);
}
