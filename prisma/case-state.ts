/** What the next step of a case is decided from, gathered from its rows. */
import type { CardAttempt } from '../domain/card-attempts.js';
import { type ChargeStatus, causeOf, isOpen } from '../domain/charge.js';
import type { Decline } from '../domain/decline.js';
import { DISPUTE_LOST } from '../domain/dispute.js';
import type { CaseState } from '../domain/dunning.js';
import type { DunningPolicy } from '../domain/dunning-policy.js';
import { money } from '../domain/money.js';
import { type Candidate, listCandidates } from './candidate.js';
import { type Charge, listCharges } from './charge.js';
import type { Tx } from './client.js';
import { findOpenDispute } from './dispute.js';
import { type CaseOutage, type DunningCase, readPolicy } from './dunning-case.js';
import type { Renewal } from './renewal.js';

export async function readCaseState(
  tx: Tx,
  renewal: Renewal,
  open: DunningCase,
  now: Date,
): Promise<{ policy: DunningPolicy; state: CaseState }> {
  const policy = await readPolicy(tx, open.dunningPolicyId);
  const all = await listCharges(tx, renewal.id);
  const charges = all.filter(({ pageSecretHash }) => !pageSecretHash);
  const { candidates } = await listCandidates(tx, renewal);
  const candidate = candidates.find(({ isFallback }) => !isFallback);
  const customer = await tx.customer.findUniqueOrThrow({ where: { id: renewal.customerId } });
  const outage = open.outage as unknown as CaseOutage | null;
  const lastDecline = open.lastDecline as unknown as Decline;
  const state: CaseState = {
    number: open.number,
    openedAt: open.openedAt.getTime(),
    timeZone: customer.timeZone,
    amount: money(Number(renewal.amountMinor), renewal.currency),
    stagesEntered: (open.stagesEntered as { name: string }[]).map(({ name }) => name),
    retriesAt: automaticRetries(charges, open),
    lastSlotAt: open.lastSlotAt?.getTime(),
    lastDecline,
    lastDeclineAt: open.lastDeclineAt.getTime(),
    declinesInARow: declinesInARow(charges, lastDecline),
    cardAttempts: candidate ? await listCardAttempts(tx, renewal, candidate, now) : [],
    roundUnderWay: all.find(({ status }) => isOpen(status as ChargeStatus))?.round,
    parked: open.parked ?? (await whyDisputed(tx, renewal)),
    untriedMethod: await untriedMethod(tx, open, candidate, charges),
    retryCommand: await unspentRetry(tx, renewal.id),
    holdUntil: open.holdUntil?.getTime(),
    returns: all.filter(({ reversedAt }) => reversedAt).length,
    outage: outage ?? undefined,
    lostMs: Number(open.lostMs),
  };
  return { policy, state };
}

/** One instant per round that the schedule caused in this case; a round spans several charges after an outage. */
function automaticRetries(charges: readonly Charge[], open: DunningCase): number[] {
  const rounds = new Map<string, number>();
  for (const { round, status, firstSentAt, plannedAt, fallback } of charges) {
    const counts = !fallback && (status === 'declined' || status === 'succeeded');
    if (!counts || !round.startsWith('retry ') || plannedAt < open.openedAt) continue;
    rounds.set(causeOf(round), (firstSentAt ?? plannedAt).getTime());
  }
  return [...rounds.values()].sort((a, b) => a - b);
}

function declinesInARow(charges: readonly Charge[], last: Decline): number {
  const declines = charges
    .filter(({ status, fallback }) => status === 'declined' && !fallback)
    .map(({ decline }) => (decline as unknown as Decline).class);
  const other = declines.findLastIndex((declineClass) => declineClass !== last.class);
  return Math.max(1, declines.length - 1 - other);
}

/** Whoever has won a dispute is charged to another method only if they gave it since. */
async function untriedMethod(
  tx: Tx,
  { openedAt, lastDecline }: DunningCase,
  candidate: Candidate | undefined,
  charges: readonly Charge[],
): Promise<string | undefined> {
  if (!candidate || wasTried(candidate, charges)) return undefined;
  const { id } = candidate;
  if ((lastDecline as unknown as Decline).code !== DISPUTE_LOST.code) return id;
  const since = { id, createdAt: { gt: openedAt } };
  return (await tx.paymentMethod.count({ where: since })) > 0 ? id : undefined;
}

/** A charge that was never sent is no try, unless a round of the method's own met an outage: that goes on by itself. */
function wasTried({ key, id: paymentMethodId }: Candidate, charges: readonly Charge[]): boolean {
  return charges.some(({ candidate, status, round }) => {
    const sent = status !== 'not_sent' && status !== 'canceled';
    const ownRound = causeOf(round) === paymentMethodId;
    return candidate === key && (sent || (ownRound && status === 'not_sent'));
  });
}

const WINDOW_MS = 30 * 86_400_000;

/** Attempts that reached the network on the same card, by any of its tokens, for any renewal of the merchant. */
async function listCardAttempts(
  tx: Tx,
  { merchantId }: Renewal,
  { id: paymentMethodId, fingerprint }: Candidate,
  now: Date,
): Promise<CardAttempt[]> {
  const since = new Date(now.getTime() - WINDOW_MS);
  const rows = await tx.$queryRaw<{ at: Date; amount: bigint; currency: string }[]>`
    select c.first_sent_at as at, c.amount_minor as amount, c.currency
    from charge c join payment_method m on m.id = c.payment_method_id
    where c.merchant_id = ${merchantId} and c.first_sent_at > ${since}
      and (m.id = ${paymentMethodId} or m.fingerprint = ${fingerprint})
      and c.status in ('declined', 'succeeded') and c.decline->>'notSentToNetwork' is null and c.page_secret_hash is null
    order by 1 desc limit 200`;
  return rows.map(({ at, amount, currency }) => ({
    at: at.getTime(),
    amountMinor: Number(amount),
    currency,
  }));
}

/** While a payer's bank decides about one payment of a subscription, none of the others is taken by itself. */
async function whyDisputed(tx: Tx, { subscriptionId }: Renewal): Promise<string | undefined> {
  const dispute = await findOpenDispute(tx, { subscriptionId });
  return dispute
    ? `A payment of this subscription is disputed (${dispute.id}): nothing is charged by itself before that is decided`
    : undefined;
}

async function unspentRetry(tx: Tx, renewalId: string): Promise<string | undefined> {
  const wish = await tx.command.findFirst({
    where: { renewalId, kind: 'retryNow', spentAt: null },
    orderBy: { recordedAt: 'asc' },
  });
  return wish?.id;
}
