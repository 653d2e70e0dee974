/**
 * Sweep: repairs whatever a crash left between the two stores.
 *
 * It reads rows only, in pages, oldest first, and describes a run only for what looks stuck. Everything it does is
 * safe to do twice.
 */
import {
  announceUpcoming,
  endOverdue,
  keepReconciling,
  restartLost,
  sealAudit,
  sendOwed,
} from './activities.js';

export async function sweep() {
  const repairs = {
    sent: sendOwed(),
    restarted: restartLost(),
    ended: endOverdue(),
    announced: announceUpcoming(),
  };
  // Each has its own chance, whatever becomes of the others.
  await Promise.allSettled(Object.values(repairs));
  const reconciled = keepReconciling();
  await Promise.allSettled([reconciled]);
  const sealed = await sealAudit();
  return {
    sent: await repairs.sent,
    restarted: await repairs.restarted,
    ended: await repairs.ended,
    announced: await repairs.announced,
    reconciled: await reconciled,
    sealed,
  };
}
