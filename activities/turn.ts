/** Turns: how an account's sends are spaced, so that a gateway that comes back is not run down by those who waited. */
import type { Answer } from '../gateways/gateway.js';
import type { ChargeWithAccount, GatewayAccount } from '../prisma/charge.js';
import { TURN_LASTS_MS, keepQuiet, reserveTurn } from '../prisma/turn.js';
import type { Deps } from './deps.js';

/**
 * Takes a planned charge's place in its account's queue. Undefined: there is nothing to wait for. 0: its turn is now,
 * after a moment at most. Otherwise when to come again, in milliseconds, a little early; the place is kept.
 */
export async function waitForTurn(
  { db }: Deps,
  { id, account, sendAt }: ChargeWithAccount,
): Promise<number | undefined> {
  const now = Date.now();
  const quiet = account.quietUntil?.getTime() ?? 0;
  const kept = sendAt && sendAt.getTime() > now - TURN_LASTS_MS ? sendAt : null;
  const place = kept ?? (account.sendsPerSecond ? await reserveTurn(db, id, new Date(now)) : null);
  const turn = Math.max(place?.getTime() ?? 0, quiet);
  if (turn - now > A_MOMENT_MS) return turn - now - EARLY_MS;
  if (turn > now) await new Promise((resolve) => setTimeout(resolve, turn - now));
  return turn > now || place !== kept ? 0 : undefined;
}

/** Coming early and waiting here makes up for what a timer and a task queue take. */
const EARLY_MS = 500;
const A_MOMENT_MS = 750;

/** A gateway that asked to be left alone is: nothing new is sent before. */
export async function heedRetryAfter({ db }: Deps, account: GatewayAccount, answer: Answer) {
  const waitMs = answer.kind === 'refused' ? (answer.retryAfterMs ?? 0) : 0;
  if (waitMs > 0) await keepQuiet(db, account.id, new Date(Date.now() + waitMs));
}
