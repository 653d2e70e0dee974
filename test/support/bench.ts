/** A workbench: one renewal, and the real activities called by hand, with a clock that the test sets. */
import Stripe from 'stripe';

import { createActivities } from '../../activities/index.js';
import type { Deps } from '../../activities/deps.js';
import type { ChargeTicket, Plan } from '../../domain/charge.js';
import type { RenewalId } from '../../domain/ids.js';
import type { Owner } from '../../domain/renewal.js';
import { periodStartText } from '../../domain/workflow-ids.js';
import { SECRETS, type House } from './house.js';
import { type Person, type Terms, aCustomer, aSubscription, giveWallet } from './people.js';

export const HOUR = 3_600_000;

/** Activities at a time of the test's choosing: `advance` moves it. */
export function workbench(house: House, changes: Partial<Deps> = {}) {
  let ahead = 0;
  const now = () => new Date(Date.now() + ahead);
  const clock = { business: now, safety: now };
  const deps: Deps = { ...house.deps, clock, alive: () => {}, ...changes };
  const activities = createActivities(deps);
  return {
    deps,
    activities,
    now,
    advance: (ms: number) => void (ahead += ms),
    /** A renewal that was opened and has its first charge planned. */
    async open(token: string | null, terms: Terms = {}) {
      return this.openFor(await aCustomer(house, token), terms);
    },
    /** The same, for a customer that is there already. */
    async openFor(person: Person, terms: Terms = {}) {
      const subscription = await aSubscription(house, person, terms);
      const periodStart = periodStartText(subscription.startsAt.getTime());
      const opening = await activities.openRenewal({
        subscriptionId: subscription.id,
        periodStart,
      });
      if (opening.kind !== 'opened') throw new Error(`It is ${opening.kind}`);
      const { renewalId, plan } = opening;
      return { person, subscription, periodStart, renewalId, plan };
    },
    /** The same, with the ticket of the planned charge. */
    async plan(token: string, terms: Terms = {}) {
      return this.planFor(await aCustomer(house, token), terms);
    },
    async planFor(person: Person, terms: Terms = {}) {
      const opened = await this.openFor(person, terms);
      return { ...opened, charge: ticket(opened.plan) };
    },
    /** One whose customer pays by wallet. */
    async planWallet(fate = 'succeed', terms: Terms = {}) {
      const person = await aCustomer(house, null);
      await giveWallet(house, person.customerId, fate, { isDefault: true });
      return this.planFor(person, terms);
    },
    /** Another charge of the renewal, in the round of that name. */
    async planMore(renewalId: RenewalId, round: string, owner: Owner = 'renewal') {
      return ticket(await activities.planCharge({ renewalId, owner, round }));
    },
    row: (id: string) => house.db.charge.findUniqueOrThrow({ where: { id } }),
    renewal: (id: string) => house.db.renewal.findUniqueOrThrow({ where: { id } }),
    /** A bank's word on a pending payment at Stripe, and what asking about it makes of that. */
    async settle(chargeId: string, outcome: 'succeeded' | 'declined') {
      const { gatewayReference } = await this.row(chargeId);
      await house.emulator.settle(gatewayReference!, outcome);
      return activities.resolveCharge(chargeId);
    },
    /** The payer's bank takes a debit back that Stripe has collected. */
    async returnDebit(chargeId: string, reason = 'insufficient_funds') {
      const { gatewayChargeReference: at } = await this.row(chargeId);
      await house.emulator.call('POST', `charges/${at}/dispute`, { reason });
    },
    /** PayPal gives the money of a capture back to its payer, without any dispute. */
    reverse: (capture: string) => house.paypal.emulator.call('POST', `captures/${capture}/reverse`),
    /** A person decides a charge whose outcome is unknown. */
    async decide(renewalId: RenewalId, charge: ChargeTicket, reference?: string) {
      const decided = reference
        ? ({ outcome: 'succeeded', reference } as const)
        : ({ outcome: 'not_sent' } as const);
      const by = { id: `cmd_${charge.id}`, actor: 'Mia', reason: 'Seen at the gateway' };
      const verdict = { ...by, chargeId: charge.id, ...decided };
      await activities.decideCharge({ renewalId, verdict });
    },
    /** The requests that a charge's key carried: the ones that could move money. */
    async sends(chargeId: string) {
      const requests = await house.emulator.requests();
      return requests.filter(({ idempotency_key: key }) => key === chargeId);
    },
  };
}

function ticket(plan: Plan): ChargeTicket {
  if (plan.kind !== 'charge') throw new Error(`Nothing was planned: ${plan.kind}`);
  return plan.charge;
}

/** The vendor's own SDK, for what people do in the vendor's dashboard. */
export function dashboard(house: House): Stripe {
  const { hostname, port } = new URL(house.emulator.url);
  return new Stripe(SECRETS.TEST_STRIPE_KEY, {
    host: hostname,
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
  });
}
