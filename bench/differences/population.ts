/** Whose books are compared: renewals at both gateways, most of them paid, some on their way, some refused. */
import { planRefund } from '../../activities/plan-refund.js';
import { disputeWorkflowId } from '../../domain/workflow-ids.js';
import { markSent } from '../../prisma/dispatch.js';
import { newId } from '../../prisma/new-id.js';
import type { Parts } from '../../processes/compose.js';
import type { Books } from '../support/books.js';
import { type EmulatedGateway, SECRETS } from '../support/gateways.js';
import { addCustomer, giveMethod, subscribe } from '../support/people.js';
import { each, within } from '../support/within.js';

/** What a group's method does when it is charged. */
const GROUPS = {
  card: { gateway: 'stripe', fate: 'succeed', count: 52 },
  /** Pending until somebody says what became of it. */
  debit: { gateway: 'stripe', fate: 'pending', count: 4 },
  refused: { gateway: 'stripe', fate: 'insufficient_funds', count: 2 },
  wallet: { gateway: 'paypal', fate: 'succeed', count: 28 },
  review: { gateway: 'paypal', fate: 'pending_PENDING_REVIEW', count: 3 },
} as const;

type Group = keyof typeof GROUPS;

/** A charge of ours, as far as the gateways' control APIs need to name it. */
export interface OneCharge {
  readonly id: string;
  readonly renewal: string;
  readonly status: string;
  readonly amount: number;
  readonly currency: string;
  /** The gateway's name of the payment, of the object it was made on, and of the customer. */
  readonly payment: string;
  readonly object: string;
  readonly payer: string;
}

export interface World {
  readonly parts: Parts;
  readonly books: Books;
  readonly stripe: EmulatedGateway;
  readonly paypal: EmulatedGateway;
}

export type Population = Readonly<Record<Group, readonly OneCharge[]>>;

export async function populate(world: World): Promise<Population> {
  const groups: [Group, string[]][] = [];
  let nth = 0;
  for (const [name, { gateway, fate, count }] of Object.entries(GROUPS)) {
    const amounts = Array.from({ length: count }, () => 1900 + 10 * nth++);
    groups.push([name as Group, await bill(world, gateway, fate, amounts)]);
  }
  const total = nth;
  await within(60_000, 'every first charge is decided, or on its way', async () => {
    const known = await world.books.count(
      `charge where status in ('succeeded', 'declined', 'pending')`,
    );
    return known === total;
  });
  const charges: [Group, OneCharge[]][] = [];
  for (const [name, customers] of groups) charges.push([name, await chargesOf(world, customers)]);
  return Object.fromEntries(charges) as unknown as Population;
}

/** Subscriptions that fall due at once, one per amount: the ids of their customers. */
async function bill(
  { parts, stripe, paypal }: World,
  gateway: 'stripe' | 'paypal',
  fate: string,
  amounts: readonly number[],
): Promise<string[]> {
  const customers: string[] = [];
  const { account, emulator } = gateway === 'stripe' ? stripe : paypal;
  const { merchantId } = account;
  await each(amounts, 8, async (amountMinor) => {
    const customerId = await addCustomer(parts, merchantId);
    const token = gateway === 'stripe' ? `pm_card_attachThen_${fate}` : await approved(fate);
    await giveMethod(parts, account, customerId, token, true);
    const dueAt = Date.now();
    await subscribe(parts, { merchantId, customerId, amountMinor, currency: 'EUR', dueAt });
    customers.push(customerId);
  });
  return customers;

  async function approved(wish: string): Promise<string> {
    const [client] = SECRETS.BENCH_PAYPAL_CREDENTIALS.split(':');
    const asked = { client_id: client, fate: wish };
    return (await emulator.call<{ id: string }>('POST', 'setup_tokens', asked)).id;
  }
}

/** Charged, and the gateway's answer never arrived. */
export async function loseAnswers(world: World): Promise<OneCharge[]> {
  const { emulator } = world.stripe;
  const match = { method: 'POST', path: '/v1/payment_intents' };
  await emulator.fault({ match, fault: 'reset_after' });
  const customers = await bill(world, 'stripe', 'succeed', [8000, 8010]);
  await within(30_000, 'the lost answers are waited for', async () => {
    return (await world.books.count(`charge where status = 'unknown'`)) === customers.length;
  });
  await emulator.heal();
  return chargesOf(world, customers);
}

async function chargesOf({ books }: World, customers: readonly string[]): Promise<OneCharge[]> {
  return books.rows<OneCharge>(`
    select c.id, c.renewal_id as renewal, c.status, c.amount_minor::int as amount, c.currency,
      c.gateway_charge_reference as payment, c.gateway_reference as object,
      p.gateway_customer_reference as payer
    from charge c join renewal r on r.id = c.renewal_id join payment_method p on p.id = c.payment_method_id
    where r.customer_id in (${customers.map((id) => `'${id}'`).join(', ')}) order by c.id`);
}

/** Gives a part of a charge back, as the API does; the gateway's name of the refund. */
export async function refunded({ parts, books }: World, chargeId: string): Promise<string> {
  const { db, deps } = parts;
  const wish = { id: newId('rfd'), chargeId, amountMinor: 300, kind: 'requested' } as const;
  const by = { reason: 'A part of it', origin: 'app', requestedBy: 'key_bench' } as const;
  const { refund, dispatches } = await db.$transaction((tx) =>
    planRefund(deps, tx, { ...wish, ...by }, new Date()),
  );
  for (const dispatch of dispatches) {
    await deps.launch.send(dispatch);
    await markSent(db, dispatch.id);
  }
  const done = `refund where id = '${refund.id}' and status = 'succeeded'`;
  await within(30_000, 'a refund has arrived', async () => (await books.count(done)) === 1);
  return (await db.refund.findUniqueOrThrow({ where: { id: refund.id } })).gatewayReference!;
}

/** A dispute that is in both books. */
export async function disputed({ parts, books, stripe }: World, payment: string): Promise<string> {
  const { account, emulator } = stripe;
  const asked = { silent: true };
  const { id } = await emulator.call<{ id: string }>('POST', `charges/${payment}/dispute`, asked);
  await parts.deps.launch.start({
    merchantId: account.merchantId,
    workflowType: 'dispute',
    workflowId: disputeWorkflowId(account.id, id),
    input: { gatewayAccountId: account.id, reference: id },
  });
  const known = `dispute where gateway_reference = '${id}' and withdrawn_at is not null`;
  await within(30_000, 'a dispute is known', async () => (await books.count(known)) === 1);
  return id;
}
