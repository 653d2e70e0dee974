/** A gateway that gives money back, behind a wire that can be cut, with shorthand for what rows keep of a refund. */
import { type Money, money } from '../../domain/money.js';
import type {
  Account,
  FrozenRefund,
  Gateway,
  RefundAnswer,
  Refunding,
} from '../../gateways/gateway.js';
import { type Method, type World, freeze, useWire } from './contract.js';

type End = 'succeeded' | 'failed';

/** What the suite must be able to make happen besides. */
export interface RefundWorld extends World {
  readonly gateway: Gateway & { readonly refunding: Refunding };
  isRefund(method: string, path: string): boolean;
  /** As `refuse`, but of the next refund. */
  refuseRefund(kind: Parameters<World['refuse']>[0]): Promise<void>;
  /** A method whose charges succeed, and whose refunds are pending until `endRefund`, which ends them so. */
  slowly(end: End): Promise<Method>;
  endRefund(reference: string, end: End): Promise<void>;
  dispute(chargeReference: string): Promise<void>;
  /** Refunds that moved money of a charge. */
  refunded(chargeReference: string): Promise<readonly Money[]>;
}

export type RefundBench = ReturnType<typeof useRefunds>;

export function useRefunds(name: string, openWorld: () => Promise<RefundWorld>) {
  const { world, wire, nobody } = useWire(openWorld, (its, method, path) =>
    its.isRefund(method, path),
  );
  let charges = 0;
  let refunds = 0;

  return {
    world,
    wire,
    account: (more: Partial<Account> = {}): Account => ({
      ...world().account(wire().url),
      ...more,
    }),
    /** The account, at an address where nobody listens. */
    nowhere: () => world().account(nobody()),
    send: (refund: FrozenRefund, by?: Account) =>
      world().gateway.refunding.refund(by ?? world().account(wire().url), refund),
    lookUp: (refund: FrozenRefund, by?: Account) =>
      world().gateway.refunding.lookUpRefund(by ?? world().account(wire().url), refund),
    list: (chargeReference: string, by?: Account) =>
      world().gateway.refunding.listRefunds(by ?? world().account(wire().url), chargeReference),
    moved: ({ chargeReference }: FrozenRefund) => world().refunded(chargeReference),

    /** Charges, and says what a refund of it refers to. */
    async charged(amount?: Money, by?: Method): Promise<string> {
      const collected = await collect(world(), `refund_${name}_${++charges}`, { amount, by });
      return collected.chargeReference;
    },

    /** As its row gives it back: through JSON. */
    plan(chargeReference: string, amount = money(1999, 'USD')): FrozenRefund {
      const id = `rfd_${name.toLowerCase()}_${++refunds}`;
      const order = { id, merchantId: 'mer_1', chargeReference, amount };
      const request = JSON.parse(
        JSON.stringify(world().gateway.refunding.composeRefund(order)),
      ) as unknown;
      return { id, chargeReference, amount, request, resendable: true, reference: undefined };
    },

    /** A refund of a charge of its own, not sent yet. */
    async planned(amount?: Money): Promise<FrozenRefund> {
      return this.plan(await this.charged(), amount);
    },

    async sent(chargeReference: string, amount?: Money) {
      const refund = this.plan(chargeReference, amount);
      const answer = await this.send(refund);
      return { answer, refund: { ...refund, reference: referenceIn(answer) } };
    },

    /** As an activity resolves one: looked up, and sent again while that is safe. */
    async resolve(refund: FrozenRefund): Promise<RefundAnswer> {
      const found = await this.lookUp(refund);
      return found.kind === 'absent' ? this.send(refund) : found;
    },
  };
}

/** Collects a charge: its ids are "chg_" and "rnw_" with the name behind. */
export async function collect(
  world: World,
  name: string,
  more: { readonly amount?: Money | undefined; readonly by?: Method | undefined } = {},
) {
  const { amount = money(1999, 'USD'), by = await world.method('succeeds') } = more;
  const [id, renewalId] = [`chg_${name}`, `rnw_${name}`];
  const { request } = world.gateway.compose({
    chargeId: id,
    merchantId: 'mer_1',
    renewalId,
    reversals: 0,
    amount,
    description: 'Pro, December',
    living: undefined,
    ...by,
  });
  const charge = freeze({ id, renewalId, amount, request, reference: undefined });
  const answer = await world.gateway.submit(world.account(world.url), charge);
  if (!('chargeReference' in answer) || answer.chargeReference === undefined)
    throw new Error(JSON.stringify(answer));
  const { reference, chargeReference } = answer;
  return { id, renewalId, amount, reference, chargeReference, customer: by.customer };
}

export function referenceIn(answer: RefundAnswer): string | undefined {
  return 'reference' in answer ? answer.reference : undefined;
}
