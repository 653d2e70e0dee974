/** The emulator's clock: the machine's, moved forward on request. Settlements and key expiry follow it. */
import type { Store } from './store.js';

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Whole seconds since 1970, as Stripe's timestamps are. */
  seconds(): number;
  advance(seconds: number): void;
}

export function createClock(store: Store): Clock {
  const offsets = store.table<number>('clock');
  const now = (): number => Date.now() + (offsets.get('offset_ms') ?? 0);
  return {
    now,
    seconds: () => Math.floor(now() / 1000),
    advance: (seconds) =>
      offsets.put('offset_ms', (offsets.get('offset_ms') ?? 0) + seconds * 1000),
  };
}
