/** What a run hears of a charge: the same from every execution that looks at the same row. */
import { type ChargeOutcome, askAgainAfter } from '../domain/charge.js';
import { type Charge } from '../prisma/charge.js';
import { outcomeOf } from '../prisma/charge-outcome.js';
import { readPolicyOf } from '../prisma/dunning-case.js';
import type { Deps } from './deps.js';

/** `askAgainMs`: when the gateway itself said how long it takes; otherwise the ladder does. */
export async function heard(
  deps: Deps,
  charge: Charge,
  askAgainMs: number = askAgain(deps, charge),
): Promise<ChargeOutcome> {
  const outcome = outcomeOf(charge, askAgainMs);
  if (outcome.kind !== 'declined' || outcome.decline.elsewhere) return outcome;
  // What became of another method, or of a page, is not the last word on the chosen one.
  if (charge.fallback || charge.pageSecretHash) return { ...outcome, leadsOn: true };
  const { fallback } = await readPolicyOf(deps.db, charge.renewalId);
  return fallback === 'decline' ? { ...outcome, leadsOn: true } : outcome;
}

/** How long to wait before asking about an open charge again. */
function askAgain({ tempo, clock }: Deps, { firstSentAt }: Charge): number {
  const openFor = firstSentAt ? clock.safety().getTime() - firstSentAt.getTime() : 0;
  return askAgainAfter(Math.max(0, openFor), tempo.askLadderMs);
}
