/**
 * Sweep: repairs whatever a crash left between the two stores.
 *
 * It reads rows only, in pages, oldest first, and describes a run only for what looks stuck. Everything it does is
 * safe to do twice.
 */
import { endOverdue, restartLost, sendOwed } from './activities.js';

export async function sweep() {
  const sent = await sendOwed();
  const restarted = await restartLost();
  const ended = await endOverdue();
  return { sent, restarted, ended };
}
