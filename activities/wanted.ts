import type { Deps } from './deps.js';
import { PAYABLE } from './take-money.js';

/** Whether anybody still wants a renewal's money: what was canceled or written off is only looked up. */
export async function isWanted({ db }: Deps, renewalId: string): Promise<boolean> {
  const wanted = {
    id: renewalId,
    status: { in: [...PAYABLE] },
    cancelRequestedAt: null,
  };
  return (await db.renewal.count({ where: wanted })) > 0;
}
