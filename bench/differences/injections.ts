/** Sixty known differences of every type, each made through the gateways' control APIs and told to nobody. */
import type { DifferenceType } from '../../domain/difference.js';
import {
  changed,
  changedAtPaypal,
  dashboardRefund,
  failed,
  marksOf,
  paidByHand,
  reinstated,
  removed,
  removedAtPaypal,
  reversal,
  settled,
  settledAtPaypal,
  silentDispute,
  status,
  stranger,
  strangerAtPaypal,
  twin,
  twinAtPaypal,
  walletRefund,
} from './by-hand.js';
import { type OneCharge, type Population, type World, disputed, refunded } from './population.js';

/** What the report must say: `about` is the gateway's name of the object, or the id of our charge. */
export interface Injected {
  readonly type: DifferenceType;
  readonly object: 'charge' | 'refund' | 'dispute';
  readonly gateway: 'stripe' | 'paypal';
  readonly about: string;
  readonly ends: 'healed' | 'needs_person';
}

type Take = () => OneCharge;
type Injection = (world: World, card: Take, wallet: Take) => Promise<Injected>;

/** What is in both books before anything is done to them: refunds and disputes that we know. */
export interface Known {
  readonly refunds: string[];
  readonly walletRefunds: string[];
  readonly disputes: string[];
}

export async function know(world: World, card: Take, wallet: Take): Promise<Known> {
  const known: Known = { refunds: [], walletRefunds: [], disputes: [] };
  for (let n = 0; n < 5; n++) known.refunds.push(await refunded(world, card().id));
  for (let n = 0; n < 2; n++) known.walletRefunds.push(await refunded(world, wallet().id));
  for (let n = 0; n < 3; n++) known.disputes.push(await disputed(world, card().payment));
  return known;
}

export function planned(people: Population, lost: readonly OneCharge[], known: Known): Injection[] {
  const [failing, failingToo, goneAtStripe, altered, recoined] = known.refunds as [
    string,
    string,
    string,
    string,
    string,
  ];
  const [won, forgotten, halved] = known.disputes as [string, string, string];
  const [goneAtPaypal, alteredAtPaypal] = known.walletRefunds as [string, string];
  return [
    ...times(4, (world, card) => dashboardRefund(world, card())),
    ...times(3, (world, _, wallet) => walletRefund(world, wallet())),
    ...times(2, (world, card) => silentDispute(world, card())),
    (world, _, wallet) => reversal(world, wallet()),
    ...people.refused.map(
      (charge): Injection =>
        (world) =>
          paidByHand(world, charge),
    ),
    ...times(3, (world, card) => removed(world, 'charge', card().payment)),
    (world) => removed(world, 'refund', goneAtStripe),
    (world) => removed(world, 'dispute', forgotten),
    ...times(2, (world, _, wallet) => removedAtPaypal(world, 'charge', wallet().payment)),
    (world) => removedAtPaypal(world, 'refund', goneAtPaypal),
    ...times(3, (world, card) => changed(world, 'charge', card().payment, { amount_minor: 1234 })),
    (world) => changed(world, 'refund', altered, { amount_minor: 123 }),
    (world) => changed(world, 'dispute', halved, { amount_minor: 950 }),
    ...times(2, (world, _, wallet) =>
      changedAtPaypal(world, 'charge', wallet().payment, '12.34', 'EUR'),
    ),
    (world) => changedAtPaypal(world, 'refund', alteredAtPaypal, '1.23', 'EUR'),
    ...times(3, (world, card) => changed(world, 'charge', card().payment, { currency: 'usd' })),
    (world) => changed(world, 'refund', recoined, { currency: 'usd' }),
    ...times(2, (world, _, wallet) => {
      const { payment, amount } = wallet();
      return changedAtPaypal(world, 'charge', payment, (amount / 100).toFixed(2), 'USD');
    }),
    ...people.debit.map(
      (charge): Injection =>
        (world) =>
          settled(world, charge),
    ),
    ...people.review.map(
      (charge): Injection =>
        (world) =>
          settledAtPaypal(world, charge),
    ),
    ...lost.map(
      (charge): Injection =>
        () =>
          Promise.resolve(status('stripe', 'charge', charge.id)),
    ),
    ...[failing, failingToo].map(
      (refund): Injection =>
        (world) =>
          failed(world, refund),
    ),
    (world) => reinstated(world, won),
    ...times(4, stranger),
    ...times(3, strangerAtPaypal),
    ...times(3, (world, card) => twin(world, card(), {})),
    ...times(2, (world, card) => {
      const charge = card();
      return twin(world, charge, marksOf(world, charge));
    }),
    ...times(2, (world, _, wallet) => twinAtPaypal(world, wallet())),
  ];
}

function times(count: number, injection: Injection): Injection[] {
  return Array.from({ length: count }, () => injection);
}
