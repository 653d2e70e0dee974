/** The floor to compare with: two activities that do nothing. */
import { proxyActivities } from '@temporalio/workflow';

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({
  startToCloseTimeout: '10 seconds',
});

export async function bare(): Promise<void> {
  await nothing();
  await nothing();
}
