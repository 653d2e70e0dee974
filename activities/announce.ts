/** Announcing: customers hear some days ahead that a period will begin and be charged. */
import { planUpcoming } from '../prisma/notice.js';
import { listUnannounced } from '../prisma/upcoming.js';
import type { Deps } from './deps.js';
import { type Repairs, addRepairs, repairEach } from './repairs.js';

const PAGE = 50;
/** The next sweep goes on where this one stopped. */
const MOST_PAGES = 100;

export async function announceUpcoming({ db, clock, alive }: Deps): Promise<Repairs> {
  const now = clock.business();
  const all: Repairs[] = [];
  while (all.length < MOST_PAGES) {
    const page = await listUnannounced(db, now, PAGE);
    const plans = page.map((period) => () => planUpcoming(db, period, now));
    const planned = await repairEach(alive, plans);
    all.push(planned);
    if (page.length < PAGE || planned.failed > 0) break;
  }
  return addRepairs(all);
}
