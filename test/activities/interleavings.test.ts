/** Whatever happens at once to a card, a wallet, a page and their gateways: paid at most once, and the books agree. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { useLink } from '../../activities/payment-link.js';
import { DEFAULT_POLICY } from '../../domain/dunning-policy.js';
import { workbench } from '../support/bench.js';
import { type House, openHouse } from '../support/house.js';
import { aLink, completeOnPage, paidAnywhere } from '../support/page.js';
import { aPolicy, giveWallet } from '../support/people.js';

let house: House;
beforeAll(async () => {
  house = await openHouse({ workers: false, paypal: true });
});
afterAll(() => house.close());

const HALF_AN_HOUR = 31 * 60_000;
const CARDS = [
  'pm_card_visa',
  'pm_card_attachThen_insufficient_funds_times_1',
  'pm_card_attachThen_do_not_honor',
  'pm_card_attachThen_processing_error_times_1',
] as const;
const WALLETS = ['succeed', 'issue_INSTRUMENT_DECLINED'] as const;
const FALLBACKS = ['never', 'outage', 'decline'] as const;
const FAULTS = ['reset_after', 'reset_before', 'error_after', 'truncate'] as const;
const ENDS = ['succeeded', 'failed', 'abandoned'] as const;
const OPEN = ['submitted', 'pending', 'unknown'];

const PATIENCE_MS = 180_000;

test.each([
  ['a card is chosen', false],
  ['a wallet is chosen', true],
])('%s', { timeout: PATIENCE_MS }, async (_, walletFirst) => {
  const wrong: string[] = [];
  for (let seed = 1; seed <= 15; seed++) {
    const renewalId = await muddleThrough(diceOf(seed), walletFirst);
    const charges = await house.db.charge.findMany({ where: { renewalId } });
    const having = (...wanted: string[]) =>
      charges.filter(({ status }) => wanted.includes(status)).length;
    const [paid, booked, open] = [
      await paidAnywhere(house, renewalId),
      having('succeeded'),
      having(...OPEN),
    ];
    if (paid > 1 || booked !== paid || open > 0)
      wrong.push(`seed ${seed}: paid ${paid}, booked ${booked}, still open ${open}`);
  }
  expect(wrong).toEqual([]);
});

type Dice = ReturnType<typeof diceOf>;

/** The same throws for the same seed. What the network makes of things done at once is left to it. */
function diceOf(seed: number) {
  let last = (seed * 2_654_435_761) >>> 0;
  const roll = (sides: number) => {
    last = (last * 1_664_525 + 1_013_904_223) >>> 0;
    return Math.floor((last / 2 ** 32) * sides);
  };
  return { roll, one: <T>(of: readonly T[]): T => of[roll(of.length)]! };
}

/** One renewal, to which one to three things happen at once, again and again, until there is quiet. */
async function muddleThrough({ roll, one }: Dice, walletFirst: boolean) {
  const bench = workbench(house);
  const policy = await aPolicy(house, { ...DEFAULT_POLICY, fallback: one(FALLBACKS) });
  const { charge, renewalId, person } = await bench.plan(one(CARDS), { policy });
  await giveWallet(house, person.customerId, one(WALLETS), { isDefault: walletFirst });
  const charges = [charge.id];
  const links: string[] = [];
  const pages: string[] = [];
  const acts = [
    async () => void (await bench.activities.resolveCharge(one(charges))),
    async () => void links.push((await aLink(house, renewalId)).secret),
    async () => {
      const page = await useLink(bench.deps, links.at(-1) ?? '');
      if (page?.kind === 'ready') pages.push(page.reference);
    },
    async () => {
      const page = pages.at(-1) ?? '';
      if (page.startsWith('pi_')) await completeOnPage(house, page, one(ENDS));
      else await house.paypal.emulator.call('POST', 'approve', { order: page });
    },
    async () => {
      const round = one(['first', `first+${roll(5)}`]);
      const plan = await bench.activities.planCharge({ renewalId, owner: 'renewal', round });
      if (plan.kind !== 'charge') return;
      charges.push(plan.charge.id);
      await bench.activities.submitCharge(plan.charge.id);
    },
    async () => {
      const [gateway, path] = one([
        [house.emulator, '/v1/payment_intents*'],
        [house.paypal.emulator, '/v2/checkout/*'],
      ] as const);
      await gateway.fault({ match: { method: 'POST', path }, fault: one(FAULTS), times: 1 });
    },
  ];
  for (let n = 0; n < 14; n++) {
    const together = Array.from({ length: 1 + roll(3) }, () => one(acts));
    // What is not possible just now is refused, and what cannot be asked now is asked again.
    await Promise.allSettled(together.map((act) => act()));
  }
  await quiet(bench, renewalId);
  return renewalId;
}

/** The gateways are well, the pages are over, and whatever is open is asked about. */
async function quiet(bench: ReturnType<typeof workbench>, renewalId: string) {
  await house.emulator.heal();
  await house.paypal.emulator.heal();
  bench.advance(HALF_AN_HOUR);
  for (let n = 0; n < 4; n++) {
    const where = { renewalId, status: { in: OPEN } };
    for (const { id } of await house.db.charge.findMany({ where }))
      await bench.activities.resolveCharge(id);
  }
}
