/** The two clocks of an activity. */
import { activityInfo } from '@temporalio/activity';

/** For business dates: when Temporal scheduled this attempt. Virtual where a test skips time. */
export function businessNow(): Date {
  return new Date(activityInfo().currentAttemptScheduledTimestampMs);
}

/** For deadlines and the life of keys: an attempt can run long after it was scheduled. */
export function safetyNow(): Date {
  return new Date(Math.max(activityInfo().currentAttemptScheduledTimestampMs, Date.now()));
}
