/** Sealing the audit trail, in the background: whoever writes an entry never waits for it. */
import { sealBatch } from '../prisma/audit-seal.js';
import type { Deps } from './deps.js';

const BATCH = 1_000;
/** Of one sweep: the next one goes on. */
const MOST_BATCHES = 200;

/** Answers how many entries it has sealed. */
export async function sealAudit({ db, alive }: Deps): Promise<number> {
  let total = 0;
  for (let batch = 0; batch < MOST_BATCHES; batch++) {
    alive();
    const sealed = await sealBatch(db, BATCH);
    total += sealed;
    if (sealed < BATCH) break;
  }
  return total;
}
