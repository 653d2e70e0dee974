/**
 * The courier: takes due notices, writes them, and hands them to the post.
 *
 * Any number of workers may have one. An attempt is counted before it is made, so that a crash between the sending
 * and the recording repeats a notice once at most, and then a person is told.
 */
import {
  MOST_UNANSWERED,
  type NoticeKind,
  daytime,
  isStale,
  matters,
  nextAttempt,
} from '../domain/notice.js';
import type { Database } from '../prisma/client.js';
import { readNoticeFacts } from '../prisma/notice-facts.js';
import {
  type Notice,
  claimNotices,
  countAttempt,
  recordDelay,
  recordEnd,
  recordFailure,
  recordSent,
} from '../prisma/notice.js';
import { raiseAttention } from '../prisma/renewal.js';
import { type Addresses, writeLetter } from './letter.js';
import type { Post, Posted } from './post.js';

export interface CourierDeps extends Addresses {
  readonly db: Database;
  /** Absent: there is no way to send anything. */
  readonly post: Post | undefined;
  /** Longer than one sending can take. */
  readonly leaseMs: number;
  /** Hears of what nobody has foreseen. */
  readonly onSurprise: (error: unknown, noticeId: string) => void;
}

const AT_ONCE = 4;
const MOST_ROUNDS = 250;

/** Sends what is due, a few letters at once. Answers how many notices it took. */
export async function sendDue(
  deps: CourierDeps,
  clock: () => Date,
  isStopped = () => false,
): Promise<number> {
  const { db, leaseMs, post } = deps;
  let taken = 0;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const atAnyHour = post?.atAnyHour ?? false;
    const due = await claimNotices(db, { now: clock(), leaseMs, limit: AT_ONCE, atAnyHour });
    await Promise.all(
      due.map((notice) =>
        deliver(deps, notice, clock).catch((error: unknown) => deps.onSurprise(error, notice.id)),
      ),
    );
    taken += due.length;
    if (due.length < AT_ONCE || isStopped()) break;
  }
  return taken;
}

async function deliver(deps: CourierDeps, notice: Notice, clock: () => Date): Promise<void> {
  const { db, post } = deps;
  const now = clock();
  if (notice.unanswered >= MOST_UNANSWERED) return giveUp(db, notice, UNHEARD, now);
  if (!post) return recordEnd(db, notice.id, { status: 'skipped', why: 'SMTP_URL is not set' });
  if (isStale(notice.sendAt.getTime(), now.getTime())) return giveUp(db, notice, TOO_LATE, now);
  const facts = await readNoticeFacts(db, notice, now);
  const written = writeLetter(notice, facts, deps, now);
  if (written.kind === 'skip')
    return recordEnd(db, notice.id, { status: 'skipped', why: written.why });
  if (notice.kind === 'debit_announced' && facts.day! <= now)
    return giveUp(db, notice, AFTER_DEBIT, now);
  const byDay = daytime(notice.kind as NoticeKind, now.getTime(), facts.customer.timeZone);
  if (byDay > now.getTime() && !post.atAnyHour) return recordDelay(db, notice.id, new Date(byDay));
  const { letter } = written;
  if (!(await countAttempt(db, notice, letter.messageId))) return;
  await record(db, notice, await post.send(letter), clock());
}

const UNHEARD =
  'It was sent twice and nobody recorded an answer: the customer may have got it, or not';
const TOO_LATE = 'It could not be sent within three days';
const AFTER_DEBIT = 'It could not be sent before the day of the debit';

async function record(db: Database, notice: Notice, posted: Posted, now: Date): Promise<void> {
  if (posted.kind === 'accepted') return recordSent(db, notice.id, now);
  const { why: lastError } = posted;
  const refusal = posted.kind === 'refused' ? lastError : undefined;
  if (posted.kind === 'refused' && posted.final)
    return giveUp(db, notice, "The customer's address was refused", now, refusal);
  const sendAt = notice.sendAt.getTime();
  const next = nextAttempt(sendAt, notice.attempts + 1, now.getTime());
  if (next === undefined) return giveUp(db, notice, TOO_LATE, now, refusal);
  const tryAt = new Date(next);
  await recordFailure(db, notice.id, { lastError, tryAt, answered: refusal !== undefined });
}

/** Nobody tries again. A person hears of it where the customer had to be told. */
async function giveUp(
  db: Database,
  { id, kind, renewalId }: Notice,
  why: string,
  now: Date,
  refusal?: string,
): Promise<void> {
  await db.$transaction(async (tx) => {
    await recordEnd(tx, id, { status: 'failed', why, refusal });
    if (!renewalId || !matters(kind as NoticeKind)) return;
    const told = { why: `The customer was not told (${kind}): ${why}`, next: NEXT };
    await raiseAttention(tx, renewalId, told, now);
  });
}

const NEXT = 'Nothing: reach the customer in another way';

export interface Courier {
  /** Waits for the letters under way. */
  stop(): Promise<void>;
}

/** Looks for due notices again and again. A database that is away for a moment ends nothing. */
export function startCourier(deps: CourierDeps, everyMs: number): Courier {
  const clock = () => new Date();
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let underWay: Promise<unknown> = Promise.resolve();
  const look = () => {
    underWay = sendDue(deps, clock, () => stopped)
      .catch((error: unknown) => deps.onSurprise(error, 'none'))
      .then(() => {
        if (!stopped) timer = setTimeout(look, everyMs);
      });
  };
  look();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await underWay;
    },
  };
}
