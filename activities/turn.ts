/** Turns: how an account's sends are spaced, so that a gateway that comes back is not run down by those who waited. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Answer } from '../gateways/gateway.js';
import type { ChargeWithAccount, GatewayAccount } from '../prisma/charge.js';
import { keepQuiet, reserveMoment, reserveTurn } from '../prisma/turn.js';
import type { Deps } from './deps.js';

/** How long until a planned charge's turn, in milliseconds. Its place in the account's queue is kept. */
export async function waitForTurn(
  { db }: Deps,
  { id, account, sendAt }: ChargeWithAccount,
): Promise<number> {
  const now = Date.now();
  const place =
    sendAt ?? (account.sendsPerSecond ? await reserveTurn(db, id, new Date(now)) : null);
  const turn = Math.max(place?.getTime() ?? 0, account.quietUntil?.getTime() ?? 0);
  if (turn - now > A_MOMENT_MS) return turn - now;
  await pass(turn - now);
  return 0;
}

const A_MOMENT_MS = 750;

/**
 * The last thing before a byte leaves: whatever comes late, or is sent again, is spaced here too. False: its moment is
 * too far off, or the gateway asked to be left alone.
 */
export async function awaitMoment(
  { db }: Deps,
  { id, sendsPerSecond, quietUntil }: GatewayAccount,
  withinMs: number,
): Promise<boolean> {
  const now = Date.now();
  if (quietUntil && quietUntil.getTime() > now) return false;
  if (!sendsPerSecond) return true;
  const moment = await reserveMoment(db, id, new Date(now), withinMs);
  if (!moment) return false;
  await pass(moment.getTime() - Date.now());
  return true;
}

/** Waits so long; not at all for what is past. */
export async function pass(ms: number): Promise<void> {
  if (ms > 0) await sleep(ms);
}

/** A gateway that asked to be left alone is: nothing new is sent before. */
export async function heedRetryAfter({ db }: Deps, account: GatewayAccount, answer: Answer) {
  const waitMs = answer.kind === 'refused' ? (answer.retryAfterMs ?? 0) : 0;
  if (waitMs > 0) await keepQuiet(db, account.id, new Date(Date.now() + waitMs));
}
