/** Breakers: one per gateway account and process. A gateway that keeps failing is not asked for new money. */
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhenResult,
} from 'cockatiel';

export interface Breakers {
  /** Calls, unless the account's breaker is open: then nothing is called, but for one probe now and then. */
  through<A>(
    accountId: string,
    call: () => Promise<A>,
    isFailure: (answer: A) => boolean,
  ): Promise<A | 'open'>;
  /** Counts what a call met that is never held back. */
  note(accountId: string, failed: boolean): Promise<void>;
  /** Whether a call would be held back now. */
  isOpen(accountId: string): boolean;
}

export interface BreakerTempo {
  /** Failures in a row that open a breaker. */
  readonly failures: number;
  /** How long it stays open before one call is let through to see. */
  readonly probeAfterMs: number;
}

export function createBreakers({ failures, probeAfterMs }: BreakerTempo): Breakers {
  const breakers = new Map<string, CircuitBreakerPolicy>();
  const openedAt = new Map<string, number>();
  const breakerOf = (accountId: string): CircuitBreakerPolicy => {
    const known = breakers.get(accountId);
    if (known) return known;
    const breaker = circuitBreaker(
      handleWhenResult((result) => (result as { failed: boolean }).failed),
      { halfOpenAfter: probeAfterMs, breaker: new ConsecutiveBreaker(failures) },
    );
    breaker.onBreak(() => openedAt.set(accountId, Date.now()));
    breakers.set(accountId, breaker);
    return breaker;
  };
  const through: Breakers['through'] = async (accountId, call, isFailure) => {
    try {
      const { answer } = await breakerOf(accountId).execute(async () => {
        const answer = await call();
        return { answer, failed: isFailure(answer) };
      });
      return answer;
    } catch (error) {
      if (error instanceof BrokenCircuitError) return 'open';
      throw error;
    }
  };
  return {
    through,
    async note(accountId, failed) {
      const met = () => Promise.resolve();
      await through(accountId, met, () => failed);
    },
    isOpen(accountId) {
      if (breakerOf(accountId).state !== CircuitState.Open) return false;
      return Date.now() - (openedAt.get(accountId) ?? 0) < probeAfterMs;
    },
  };
}
