/** Sealing the audit trail, in the background: whoever writes an entry never waits for it. */
import { sealBatch } from '../prisma/audit-seal.js';
import type { Deps } from './deps.js';

const BATCH = 1_000;

/** Answers how many entries it has sealed. */
export async function sealAudit({ db, alive }: Deps): Promise<number> {
  for (let total = 0; ;) {
    alive();
    const sealed = await sealBatch(db, BATCH);
    total += sealed;
    if (sealed < BATCH) return total;
  }
}
