/** What an outage cost, and how the recovery went. */
import { type Books, OWED } from '../support/books.js';
import { type Asked, type EmulatedGateway, moneyMoved } from '../support/gateways.js';

export interface Cost {
  readonly least: number;
  readonly average: number;
  readonly most: number;
  /** Charges that were sent into the silence: nobody knew about them until it ended. */
  readonly unknown: number;
}

export async function costOf(books: Books): Promise<Cost> {
  const [cost] = await books.rows<Cost>(`
    select min(held)::int as least, avg(held)::float as average, max(held)::int as most,
      sum(asked)::int as unknown
    from (select count(*) filter (where c.status = 'not_sent') as held,
        count(*) filter (where c.status = 'unknown') as asked
      from renewal r left join charge c on c.renewal_id = r.id group by r.id) per_renewal`);
  return cost!;
}

/** What the gateway was asked after it came back, and how much of it was a charge that it had been sent before. */
export interface Recovered {
  readonly asked: readonly Asked[];
  readonly again: readonly Asked[];
  /** When the account's queue said that a charge may be sent. */
  readonly turns: readonly number[];
  readonly drainMs: number;
}

/** What the command was asked for. */
interface Asking {
  readonly renewals: number;
  readonly rate: number;
}

export async function report(
  books: Books,
  stripe: EmulatedGateway,
  { least, average, most, unknown }: Cost,
  { asked, again, turns, drainMs }: Recovered,
  { renewals, rate }: Asking,
): Promise<boolean> {
  const money = await moneyMoved([stripe]);
  const twice = money.length - new Set(money.map(({ renewal }) => renewal)).size;
  const facts = [
    { what: 'renewals', is: await books.count('renewal'), expected: renewals },
    {
      what: 'renewals paid',
      is: await books.count(`renewal where status = 'paid'`),
      expected: renewals,
    },
    { what: 'payments in the journal', is: money.length, expected: renewals },
    { what: 'paid twice', is: twice, expected: 0 },
    { what: 'dunning cases', is: await books.count('dunning_case'), expected: 0 },
    {
      what: 'rounds that spend a retry',
      is: await books.count(`charge where round like 'retry%'`),
      expected: 0,
    },
    {
      what: 'renewals that need attention',
      is: await books.count('renewal where needs_attention is not null'),
      expected: 0,
    },
    {
      what: 'charges sent without a turn',
      is: await books.count(`charge where status = 'succeeded' and send_at is null`),
      expected: 0,
    },
    { what: 'owed to a run', is: await books.count(OWED), expected: 0 },
  ];
  const peak = peakPerSecond(timesOf(asked));
  const first = peakPerSecond(timesOf(asked.filter((one) => !again.includes(one))));
  console.table([
    ...facts,
    { what: 'most charges sent in any second', is: peak, expected: `≤ ${rate}` },
    { what: '… of first sends', is: first, expected: `≤ ${rate}` },
    { what: '… turns for them', is: peakPerSecond(turns), expected: `≤ ${rate}` },
    { what: '… of re-sends', is: peakPerSecond(timesOf(again)), expected: `≤ ${rate}` },
  ]);
  console.table([
    { what: 'held back per renewal: least', is: least },
    { what: 'held back per renewal: on average', is: average.toFixed(1) },
    { what: 'held back per renewal: most', is: most },
    { what: 'sent into the silence', is: unknown },
    { what: 'charges sent after the recovery', is: asked.filter(createsCharge).length },
    { what: 'drained in', is: seconds(drainMs) },
    { what: 'at that rate at the soonest in', is: seconds((1000 * renewals) / rate) },
  ]);
  return peak <= rate && facts.every(({ is, expected }) => is === expected);
}

export async function turnsSince(books: Books, since: number): Promise<number[]> {
  const rows = await books.rows<{ at: Date }>('select send_at as at from charge order by send_at');
  return rows.map(({ at }) => at?.getTime() ?? 0).filter((at) => at >= since);
}

function timesOf(asked: readonly Asked[]): number[] {
  return asked.filter(createsCharge).map(({ at }) => Date.parse(at));
}

/** The most that any second saw, wherever it is said to begin. */
function peakPerSecond(moments: readonly number[]): number {
  const times = moments.toSorted((a, b) => a - b);
  let peak = 0;
  for (let first = 0, last = 0; last < times.length; last++) {
    while (times[last]! - times[first]! >= 1_000) first++;
    peak = Math.max(peak, last - first + 1);
  }
  return peak;
}

function createsCharge({ method, path }: Asked): boolean {
  return method === 'POST' && /^\/v1\/payment_intents(\/[^/]+\/confirm)?$/.test(path);
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
