/** Writing: key, facts and answer in one transaction; then, after the commit, what it owes to Temporal. */
import type { Tx } from '../prisma/client.js';
import { type Dispatch, markSent } from '../prisma/dispatch.js';
import { type StoredAnswer, findAnswer, storeAnswer, takeKey } from '../prisma/idempotency.js';
import { type Audited, type AuditedRequest, audit } from './audit.js';
import { wasDeadlocked } from './errors.js';
import type { Answer, ApiRequest } from './route.js';

export type Written = WrittenOnce &
  (
    | { readonly body: Identified; readonly audited?: Audited | null }
    | { readonly body: object; readonly audited: Audited | null }
  );

interface WrittenOnce {
  readonly status: number;
  /** The address of what was made. */
  readonly location?: string;
  /** Belongs to the first answer only, and is stored nowhere. */
  readonly shownOnce?: object;
  readonly dispatches?: readonly Dispatch[];
  /** A sleeping run that nobody needs any more. */
  readonly sleeper?: string | undefined;
}

/** A body that shows what was made or changed: unless said otherwise, that is audited. Null: nothing was changed. */
interface Identified {
  readonly id: string;
}

type Asked = Pick<ApiRequest, 'api' | 'log'> & AuditedRequest;

/** Does a piece of work once per Idempotency-Key; a repeat gets the answer of the first. */
export async function write(
  asked: Asked,
  work: (tx: Tx, now: Date) => Promise<Written>,
): Promise<Answer> {
  const { api, keyed } = asked;
  const now = new Date();
  const once = () =>
    api.db.$transaction(async (tx) => {
      const stored = keyed && (await takeKey(tx, keyed, now));
      if (stored) return { stored };
      const written = await work(tx, now);
      const audited = auditedIn(written);
      if (audited) await audit(tx, asked, audited);
      if (keyed) await storeAnswer(tx, keyed, toStore(written));
      return { written };
    });
  const outcome = await againAfterDeadlock(once);
  if ('stored' in outcome) return replayed(outcome.stored);
  await launchOwed(asked, outcome.written);
  return answerOf(outcome.written);
}

function auditedIn(written: Written): Audited | null {
  if (written.audited !== undefined) return written.audited;
  return { object: (written.body as Identified).id, after: written.body };
}

/** A run and a request may take the same rows in another order; whom PostgreSQL sends away comes again. */
async function againAfterDeadlock<T>(once: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await once();
    } catch (error) {
      if (attempt === MOST_ATTEMPTS || !wasDeadlocked(error)) throw error;
    }
  }
}

const MOST_ATTEMPTS = 4;

/** The answer that this key has led to already, for work that begins outside the database. */
export async function findEarlier({
  api,
  keyed,
}: Pick<Asked, 'api' | 'keyed'>): Promise<Answer | undefined> {
  const stored = keyed && (await findAnswer(api.db, keyed));
  return stored && replayed(stored);
}

export function isReplay({ headers }: Answer): boolean {
  return headers?.[REPLAYED] !== undefined;
}

const REPLAYED = 'Idempotency-Replayed';

/** As text, because jsonb forgets the order of keys and a replay is the same to the byte. */
interface Envelope {
  readonly text: string;
  readonly location: string | null;
}

function toStore({ status, body, location }: Pick<Written, 'status' | 'body' | 'location'>) {
  const envelope: Envelope = { text: JSON.stringify(body), location: location ?? null };
  return { status, body: { ...envelope } };
}

function replayed(stored: StoredAnswer): Answer {
  const { text, location } = stored.body as Envelope;
  const headers = { [REPLAYED]: 'true', ...(location !== null && { Location: location }) };
  return { status: stored.status, body: JSON.parse(text) as object, headers };
}

function answerOf({ status, body, location, shownOnce }: Written): Answer {
  const headers = location === undefined ? {} : { Location: location };
  return { status, body: { ...body, ...shownOnce }, headers };
}

/** What cannot be sent now is sent by the sweep: the fact is committed, so the answer stays a success. */
async function launchOwed(
  { api, log }: Pick<Asked, 'api' | 'log'>,
  { dispatches = [], sleeper }: Written,
): Promise<void> {
  if (dispatches.length === 0 && sleeper === undefined) return;
  const sends = dispatches.map(async (dispatch) => {
    try {
      await api.launch.send(dispatch);
      await markSent(api.db, dispatch.id);
    } catch (err) {
      log.warn(
        { err, dispatch: dispatch.id, workflow_id: dispatch.workflowId },
        'left to the sweep',
      );
    }
  });
  await Promise.race([Promise.all([...sends, endSleeper({ api, log }, sleeper)]), patience()]);
}

/** Sent once: a leftover sleeper wakes, sees that it is not needed, and ends. */
async function endSleeper(
  { api, log }: Pick<Asked, 'api' | 'log'>,
  sleeper: string | undefined,
): Promise<void> {
  if (sleeper === undefined) return;
  try {
    await api.launch.terminateSleeper(sleeper, 'The subscription was canceled');
  } catch (err) {
    log.warn({ err, workflow_id: sleeper }, 'a sleeping run was left to end by itself');
  }
}

/** An unreachable Temporal delays an answer no longer than this. */
function patience(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 2_000).unref());
}
