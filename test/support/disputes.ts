/** Disputes for tests: a gateway that says what the test wants, and the one of the emulators. */
import type { DisputeName } from '../../domain/dispute.js';
import type {
  DisputeRead,
  Disputing,
  Evidence,
  EvidenceSent,
  SeenDispute,
} from '../../gateways/gateway.js';
import { money } from '../../domain/money.js';
import { workbench } from './bench.js';
import type { House } from './house.js';

export const DAY = 86_400_000;

/** What a gateway would say: `says` changes it, and every look is counted. */
function fakeDisputing(first: SeenDispute) {
  let read: DisputeRead = { kind: 'dispute', dispute: first };
  let sent: EvidenceSent = { kind: 'accepted' };
  let afterwards: Partial<SeenDispute> = {};
  const evidence: Evidence[] = [];
  const says = (changes: Partial<SeenDispute>) => {
    const before = read.kind === 'dispute' ? read.dispute : first;
    read = { kind: 'dispute', dispute: { ...before, ...changes } };
  };
  const disputing: Disputing = {
    readDispute: () => Promise.resolve(read),
    sendEvidence(_account, _reference, given) {
      evidence.push(given);
      says(afterwards);
      return Promise.resolve(sent);
    },
  };
  return {
    disputing,
    /** What was handed in, each time it was sent. */
    evidence,
    says,
    /** What evidence changes as soon as it is in. */
    handedIn: (changes: Partial<SeenDispute>) => void (afterwards = changes),
    reads: (answer: DisputeRead) => void (read = answer),
    answers: (answer: EvidenceSent) => void (sent = answer),
  };
}

export const ESCALATED = { inquiry: false, withdrawn: true, status: 'needs_response' } as const;
export const WON = { status: 'won', withdrawn: false, respondBy: undefined } as const;
export const LOST = { status: 'lost', withdrawn: true, respondBy: undefined } as const;

/** A renewal paid by card at Stripe, and a gateway that tells of a dispute about it. */
export async function paidAndDisputed(house: House, changes: Partial<SeenDispute> = {}) {
  const opened = await workbench(house).plan('pm_card_visa');
  await workbench(house).activities.submitCharge(opened.charge.id);
  const { gatewayChargeReference } = await workbench(house).row(opened.charge.id);
  const reference = `dp_${opened.charge.id}`;
  const bank = fakeDisputing({
    reference,
    chargeReference: gatewayChargeReference!,
    amount: money(1900, 'EUR'),
    reason: 'fraudulent',
    inquiry: false,
    status: 'needs_response',
    withdrawn: true,
    respondBy: Date.now() + 20 * DAY,
    openedAt: Date.now(),
    ...changes,
  });
  const bench = workbench(house, {
    gateways: (name) => ({ ...house.deps.gateways(name), disputing: bank.disputing }),
  });
  const ticket = ticketOf(house, reference);
  return {
    ...opened,
    bank,
    bench,
    ticket,
    look: () => bench.activities.followDispute(ticket),
    row: () => disputeOf(house, reference),
    told: () => eventsOf(house, opened.subscription.id),
    books: () => bookingsOf(house, opened.charge.id),
    openCase: () =>
      house.db.dunningCase.findFirst({ where: { renewalId: opened.renewalId, status: 'open' } }),
  };
}

export function ticketOf(house: House, reference: string, account = house.account): DisputeName {
  return { gatewayAccountId: account.id, reference };
}

export function disputeOf(house: House, gatewayReference: string) {
  return house.db.dispute.findFirstOrThrow({ where: { gatewayReference } });
}

/** What apps were told about a subscription's disputes, in order. */
export async function eventsOf({ db }: House, subscriptionId: string): Promise<string[]> {
  const events = await db.event.findMany({
    where: { subscriptionId, type: { startsWith: 'dispute.' } },
    orderBy: { sequence: 'asc' },
  });
  return events.map(({ type }) => type.replace('dispute.', ''));
}

/** "dispute_lost: receivable +1900, disputed -1900": what was booked of a charge after it was collected. */
export async function bookingsOf({ db }: House, chargeId: string): Promise<string[]> {
  const booked = await db.ledgerTransaction.findMany({
    where: { chargeId, kind: { notIn: ['charge', 'surplus', 'fee'] } },
    // Ids that are made in one millisecond have no order.
    orderBy: [{ bookedAt: 'asc' }, { id: 'asc' }],
  });
  return Promise.all(
    booked.map(async ({ id, kind }) => {
      const entries = await db.ledgerEntry.findMany({
        where: { transactionId: id },
        orderBy: { amountMinor: 'desc' },
      });
      const words = entries.map(
        ({ account, amountMinor }) => `${account} ${amountMinor > 0 ? '+' : ''}${amountMinor}`,
      );
      return `${kind}: ${words.join(', ')}`;
    }),
  );
}
