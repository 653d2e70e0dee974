/** Waiting for an outcome, as long as the caller would: `Prefer: wait=20`. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { ApiRequest } from './route.js';

/** Until it has happened, or for so many seconds, or until nobody listens any more. */
export async function waitFor(
  { api, closed }: Pick<ApiRequest, 'api' | 'closed'>,
  seconds: number,
  hasHappened: () => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + seconds * 1_000;
  const over = () => closed.aborted || api.stopping?.aborted || Date.now() >= deadline;
  while (!over() && !(await hasHappened()))
    await sleep(Math.min(POLL_MS, Math.max(1, deadline - Date.now())));
}

const POLL_MS = 120;
