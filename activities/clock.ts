/** The two clocks of an activity. */
import { activityInfo } from '@temporalio/activity';

export interface Clock {
  /** For business dates: when Temporal scheduled this attempt. Virtual where a test skips time. */
  business(): Date;
  /** For deadlines and the life of keys: an attempt can run long after it was scheduled. */
  safety(): Date;
}

export const activityClock: Clock = {
  business: () => new Date(activityInfo().currentAttemptScheduledTimestampMs),
  safety: () => new Date(Math.max(activityInfo().currentAttemptScheduledTimestampMs, Date.now())),
};

/** For what is done outside of any run, at the request of an app or a customer. */
export const machineClock: Clock = { business: () => new Date(), safety: () => new Date() };
