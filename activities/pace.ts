/**
 * Pace: the last spacing of an account's sends, in this process. Turns are given out by the database; what a claim, a
 * look at the gateway or a busy machine has delayed since must not leave together with whoever comes next.
 */
import type { GatewayAccount } from '../prisma/gateway-account.js';
import { pass } from './turn.js';

/** Waits until the account's last send is far enough behind. At once where sends are not spaced. */
export type Pace = (account: Pick<GatewayAccount, 'id' | 'sendsPerSecond'>) => Promise<void>;

/** Closer than turns are, so that who was delayed catches up; a tenth wider than the rate, for timers and the network. */
const GAP_MS = 1_100;

export function createPace(): Pace {
  const freeAt = new Map<string, number>();
  return async ({ id, sendsPerSecond }) => {
    if (!sendsPerSecond) return;
    const now = Date.now();
    const at = Math.max(now, freeAt.get(id) ?? 0);
    freeAt.set(id, at + GAP_MS / sendsPerSecond);
    await pass(at - now);
  };
}
