/** Healed: everything must become quiet, and says how long it took. */
import { type RenewalId, type SubscriptionId } from '../../domain/ids.js';
import { renewalWorkflowId } from '../../domain/workflow-ids.js';
import type { Parts } from '../../processes/compose.js';
import { skipWaits } from '../support/clocks.js';
import { each, within } from '../support/within.js';
import { type Books, OPEN, OWED, UNDECIDED } from '../support/books.js';

export interface Quiet {
  readonly undecidedAtHeal: number;
  /** Renewals that were still waiting for a later look when their runs' clocks began to be moved. */
  readonly moved: number;
  /** Undefined: not in time. */
  readonly decidedAfterMs: number | undefined;
  readonly quietAfterMs: number | undefined;
}

/** Real time first. Then whoever waits for a later hour is taken to it: nobody here has a day to spare. */
export async function becomeQuiet(parts: Parts, books: Books): Promise<Quiet> {
  const healed = Date.now();
  const undecidedAtHeal = await books.count(UNDECIDED);
  const moved = new Set<string>();
  const decided = async () => {
    if (Date.now() - healed > PATIENCE_MS) await skipAhead(parts, books, moved);
    return (await books.count(UNDECIDED)) === 0;
  };
  const took = async (
    ms: number,
    what: string,
    happened: () => Promise<boolean>,
    every: number,
  ) => {
    try {
      await within(ms, what, happened, every);
      return Date.now() - healed;
    } catch (error) {
      console.error(error);
      return undefined;
    }
  };
  const decidedAfterMs = await took(DECIDED_WITHIN_MS, 'all is decided', decided, 1_000);
  const silent = async () => (await books.count(UNDECIDED)) + (await books.count(OWED)) === 0;
  const quietAfterMs = await took(OWED_WITHIN_MS, 'nothing is owed to a run', silent, 500);
  if (quietAfterMs === undefined) await showSweeps(parts);
  return { undecidedAtHeal, moved: moved.size, decidedAfterMs, quietAfterMs };
}

/** What is owed and stays so is the sweep's to send: what keeps it? */
async function showSweeps({ client }: Parts): Promise<void> {
  const query = `WorkflowType = 'sweep' and ExecutionStatus = 'Running'`;
  for await (const { workflowId } of client.workflow.list({ query })) {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    for (const { activityType, attempt, lastStartedTime } of raw.pendingActivities ?? [])
      console.error(
        `${workflowId}: ${activityType?.name}, attempt ${attempt}, since`,
        new Date(Number(lastStartedTime?.seconds ?? 0) * 1000).toISOString(),
      );
  }
}

const PATIENCE_MS = 20_000;
const DECIDED_WITHIN_MS = 240_000;
/** The sweep passes every two minutes, and does not look at what is only seconds old. */
const OWED_WITHIN_MS = 150_000;

interface Waiting {
  readonly renewal: RenewalId;
  readonly subscription: SubscriptionId;
  readonly starts: Date;
  readonly only_looked_up: boolean;
}

/**
 * A renewal that waits for a gateway looks again within the half hour, a review takes hours, and a charge whose key
 * is spoilt by a stored 500 is only looked up until a day has passed.
 */
async function skipAhead(parts: Parts, books: Books, moved: Set<string>): Promise<void> {
  const waiting = await books.rows<Waiting>(`
    select r.id as renewal, r.subscription_id as subscription, r.period_start as starts,
      exists (select from charge c where c.renewal_id = r.id and c.status in ${OPEN}
        and c.server_errors >= 3) as only_looked_up
    from ${UNDECIDED} and r.needs_attention is null`);
  await each(waiting, 8, async ({ renewal, subscription, starts, only_looked_up }) => {
    moved.add(renewal);
    const run = renewalWorkflowId(subscription, starts.getTime());
    // A run that has just ended has nothing left to skip.
    await skipWaits(parts, run, only_looked_up ? LOOKS_IN_A_DAY : 1).catch(() => {});
  });
}

const LOOKS_IN_A_DAY = 30;
