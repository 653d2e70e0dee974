/** Delivery of events to apps: when it is tried again, and for how long. */

/** `failed`: given up. `retrying`: a run of its own tries it again. */
export type DeliveryStatus = 'pending' | 'retrying' | 'delivered' | 'failed';

/** `failing`: nothing is sent until somebody sets it active again. `disabled`: nothing is even kept for it. */
export type EndpointStatus = 'active' | 'failing' | 'disabled';

/** What one try came to. `gone`: the app's own word that nothing may come any more. */
export type SendOutcome =
  | { readonly kind: 'delivered'; readonly status: number }
  | { readonly kind: 'gone'; readonly status: number; readonly why: string }
  | { readonly kind: 'refused'; readonly status?: number | undefined; readonly why: string };

/** What a run learns from one try: whether it is over, or another is due. */
export type DeliveryTry =
  | { readonly kind: 'again'; readonly why: string }
  /** `waiting`: the endpoint takes nothing now; the event goes out when it is active again. */
  | { readonly kind: 'delivered' | 'failed' | 'waiting' | 'over' };

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const BACK_OFF = [
  5 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
];

/** Counted from the first retry's planning. */
const GIVE_UP_AFTER = 72 * HOUR;

/** How long to wait before a retry, in milliseconds; the first is number 1. */
export function waitBeforeRetry(retry: number): number {
  return BACK_OFF[Math.min(retry, BACK_OFF.length) - 1]!;
}

/** Whether no other retry would fit into the three days. `triedForMs`: since the run began. */
export function isLastRetry(retry: number, triedForMs: number): boolean {
  return triedForMs + waitBeforeRetry(retry + 1) > GIVE_UP_AFTER;
}

/** An app that must acknowledge has so long for it, each time. */
export const ACKNOWLEDGE_WITHIN_MS = HOUR;
/** So often an event is sent again that nobody acknowledges. */
export const MOST_REMINDERS = 24;

/** Whether an event's type is among what an endpoint named: "refund.failed", "refund.*" or "*". */
export function namesType(patterns: readonly string[], type: string): boolean {
  const noun = type.slice(0, type.indexOf('.'));
  return patterns.some((named) => named === '*' || named === type || named === `${noun}.*`);
}

/** The Temporal task queue of retries: endpoints that hang must not take a renewal's place. */
export function deliveryLane(taskQueue: string): string {
  return `${taskQueue}/deliveries`;
}
