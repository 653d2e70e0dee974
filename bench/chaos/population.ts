/** Who is billed: a thousand customers whose methods and fates the dice decide. */
import type { Parts } from '../../processes/compose.js';
import type { EmulatedGateway } from '../support/gateways.js';
import { addCustomer, giveMethod, subscribe } from '../support/people.js';
import { SECRETS } from '../support/gateways.js';
import { each } from '../support/within.js';

export interface Population {
  /** Customers whose bank says no to the method they chose. All others are to be paid for in the end. */
  readonly refusing: ReadonlySet<string>;
  readonly customers: readonly Customer[];
}

interface Customer {
  readonly id: string;
  readonly amountMinor: number;
  readonly currency: string;
}

interface Character {
  /** In the order of choice. */
  readonly methods: readonly ('card' | 'wallet')[];
  readonly card: string;
  readonly wallet: string;
  readonly amountMinor: number;
  readonly currency: string;
}

const AT_ONCE = 12;
const CURRENCIES = ['EUR', 'USD', 'JPY'] as const;

export async function populate(
  parts: Parts,
  stripe: EmulatedGateway,
  paypal: EmulatedGateway,
  count: number,
  dice: () => number,
): Promise<Population> {
  const refusing = new Set<string>();
  const customers: Customer[] = [];
  const characters = Array.from({ length: count }, (_, n) => drawCharacter(n, dice));
  await each(characters, AT_ONCE, async ({ methods, card, wallet, amountMinor, currency }) => {
    const id = await addCustomer(parts, stripe.account.merchantId);
    for (const method of methods) {
      const isDefault = method === methods[0];
      if (method === 'card') {
        const token = `pm_card_attachThen_${card}`;
        await giveMethod(parts, stripe.account, id, token, isDefault);
      } else {
        const asked = { client_id: CLIENT_ID, fate: wallet };
        const approved = await paypal.emulator.call<{ id: string }>('POST', 'setup_tokens', asked);
        await giveMethod(parts, paypal.account, id, approved.id, isDefault);
      }
    }
    if (REFUSALS.has(methods[0] === 'card' ? card : wallet)) refusing.add(id);
    customers.push({ id, amountMinor, currency });
  });
  return { refusing, customers };
}

const CLIENT_ID = SECRETS.BENCH_PAYPAL_CREDENTIALS.split(':')[0];
const NO_FUNDS = { card: 'insufficient_funds', wallet: 'declined_5120' };
const REFUSALS: ReadonlySet<string> = new Set(Object.values(NO_FUNDS));

function drawCharacter(n: number, dice: () => number): Character {
  const [owns, card, wallet, seconds] = [dice(), dice(), dice(), 2 + Math.floor(dice() * 6)];
  return {
    methods: owns < 0.15 ? ['wallet', 'card'] : owns < 0.75 ? ['card', 'wallet'] : ['card'],
    card: card < 0.05 ? `pending_${seconds}` : card < 0.08 ? NO_FUNDS.card : 'succeed',
    wallet:
      wallet < 0.02
        ? `pending_PENDING_REVIEW_${seconds}`
        : wallet < 0.05
          ? NO_FUNDS.wallet
          : 'succeed',
    amountMinor: 1000 + n,
    currency: CURRENCIES[n % CURRENCIES.length]!,
  };
}

/** One subscription each, all of them due in the same moment. */
export async function subscribeAll(
  parts: Parts,
  merchantId: string,
  { customers }: Population,
  dueAt: number,
): Promise<void> {
  await each(customers, AT_ONCE, ({ id: customerId, amountMinor, currency }) =>
    subscribe(parts, { merchantId, customerId, amountMinor, currency, dueAt }),
  );
}
