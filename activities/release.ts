/** Releasing: before money is asked for anywhere else, what was asked for before must be dead. */
import { type ChargeWithAccount, readCharge } from '../prisma/charge.js';
import { countRelease, listUnreleased, markReleased } from '../prisma/release.js';
import type { Deps } from './deps.js';
import { exchangeOf } from './exchange.js';

/** Undefined: nothing of the earlier charges can be paid any more. Otherwise why this charge must wait. */
export async function releaseEarlier(
  deps: Deps,
  charge: ChargeWithAccount,
): Promise<string | undefined> {
  if (charge.ordinal === 1 && !charge.pageSecretHash) return undefined;
  for (const earlier of await listUnreleased(deps.db, charge)) {
    const why = await release(deps, await readCharge(deps.db, earlier.id));
    if (why) return why;
  }
  return undefined;
}

async function release(deps: Deps, charge: ChargeWithAccount): Promise<string | undefined> {
  if (charge.releasedAt) return undefined;
  const exchange = await exchangeOf(deps, charge);
  if (exchange.kind === 'unusable') return exchange.answer.why;
  const attempt = await countRelease(deps.db, charge.id);
  const released = await exchange.gateway.release(exchange.account, exchange.charge, attempt);
  if (released.kind === 'unavailable') return released.why;
  if (released.kind === 'still_open') return `${charge.gatewayReference} could not be released`;
  await markReleased(deps.db, charge, deps.clock.business());
  return undefined;
}
