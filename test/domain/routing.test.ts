import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Decline, DeclineClass } from '../../domain/decline.js';
import {
  type FallbackPolicy,
  type RoutableMethod,
  type Tried,
  nextCandidate,
  route,
  verdictOf,
} from '../../domain/routing.js';
import type { RoutingRule, RoutingSubject } from '../../domain/routing-rule.js';

const subject: RoutingSubject = {
  customerId: 'cus_1',
  country: 'DE',
  currency: 'EUR',
  amountMinor: 1900,
  customerMetadata: {},
  subscriptionMetadata: {},
};

/** "visa@eu": the instrument and the account of a method. */
function method(name: string, more: Partial<RoutableMethod> = {}): RoutableMethod {
  const [instrument, account] = name.split('@') as [string, string];
  return {
    id: `pm_${name}`,
    kind: 'card',
    instrument,
    isPrimary: false,
    accountId: account,
    accountName: account,
    accountState: 'open',
    mode: 'test',
    ...more,
  };
}

const primary = { isPrimary: true };

function prefer(...accounts: string[]): RoutingRule {
  const name = accounts.join(', ');
  return { id: name, name, mode: 'test', conditions: {}, accounts: accounts.map((id) => ({ id })) };
}

function order(rules: RoutingRule[], methods: RoutableMethod[]): string[] {
  return route(rules, subject, methods).candidates.map(
    ({ id, isFallback }) => id.slice(3) + (isFallback ? ' (fallback)' : ''),
  );
}

describe('the order of what can be charged', () => {
  it('begins with what the customer chose, then the newest other', () => {
    const methods = [method('amex@eu'), method('visa@eu', primary), method('master@eu')];
    expect(order([], methods)).toEqual(['visa@eu', 'master@eu (fallback)', 'amex@eu (fallback)']);
  });

  it("leads the chosen instrument through the rule's accounts before any other", () => {
    const methods = [
      method('visa@eu', primary),
      method('visa@us'),
      method('visa@asia'),
      method('amex@us'),
    ];
    expect(order([prefer('us', 'asia', 'eu')], methods)).toEqual([
      'visa@us',
      'visa@asia',
      'visa@eu',
      'amex@us (fallback)',
    ]);
  });

  it('asks the rules for each kind of method on its own', () => {
    const cards = { ...prefer('us', 'eu'), conditions: { methodKinds: ['card'] } };
    const wallets = { ...prefer('paypal'), conditions: { methodKinds: ['paypal'] } };
    const methods = [
      method('visa@eu', primary),
      method('visa@us'),
      method('wallet@paypal', { kind: 'paypal' }),
    ];
    expect(order([cards, wallets], methods)).toEqual([
      'visa@us',
      'visa@eu',
      'wallet@paypal (fallback)',
    ]);
  });

  it('puts what takes no charges now behind all that does', () => {
    const drained = { accountState: 'drained' };
    const methods = [
      method('visa@eu', { ...primary, accountState: 'closed' }),
      method('visa@us'),
      method('amex@us'),
      method('amex@eu', drained),
    ];
    expect(order([], methods)).toEqual([
      'visa@us',
      'amex@us (fallback)',
      'visa@eu',
      'amex@eu (fallback)',
    ]);
  });

  it('is no order without a chosen method', () => {
    const { candidates, excluded } = route([], subject, [method('visa@eu'), method('amex@eu')]);
    expect(candidates).toEqual([]);
    expect(excluded.map(({ why }) => why)).toEqual(
      Array(2).fill('no usable method is chosen, by the subscription or as the default'),
    );
    expect(route([], subject, [])).toEqual({ candidates: [], excluded: [] });
  });

  it('counts a card given twice to one account once: as the chosen one, or the newest', () => {
    const twice = [
      method('visa@eu', { ...primary, id: 'pm_old' }),
      method('visa@eu', { id: 'pm_new' }),
      method('amex@eu', { id: 'pm_amex' }),
      method('amex@eu', { id: 'pm_amex_again' }),
    ];
    const { candidates, excluded } = route([], subject, twice);
    expect(candidates.map(({ id }) => id)).toEqual(['pm_old', 'pm_amex_again']);
    expect(excluded.map(({ method: { id }, why }) => [id, why])).toEqual([
      ['pm_new', 'the same card or account as pm_old, at eu too'],
      ['pm_amex', 'the same card or account as pm_amex_again, at eu too'],
    ]);
  });

  it('says why, for people', () => {
    const rules = [prefer('us', 'eu', 'asia', 'africa')];
    const methods = [
      method('visa@eu', primary),
      method('visa@us'),
      method('amex@africa', { accountState: 'drained' }),
      method('visa@moon'),
      method('visa@live', { mode: 'live' }),
    ];
    const { candidates, excluded } = route(rules, subject, methods);
    expect(candidates.map(({ why }) => why)).toEqual([
      'the customer\'s chosen method at another gateway; rule "us, eu, asia, africa" puts us first',
      'the customer\'s chosen method; rule "us, eu, asia, africa" puts eu second',
      'another of the customer\'s methods; rule "us, eu, asia, africa" puts africa number 4; africa is drained',
    ]);
    expect(excluded.map(({ why }) => why)).toEqual([
      'live is a live account',
      'rule "us, eu, asia, africa" does not name moon',
    ]);
  });

  it('heeds no rule of the other mode', () => {
    const live: RoutingRule = { ...prefer('us'), mode: 'live' };
    expect(order([live], [method('visa@eu', primary)])).toEqual(['visa@eu']);
  });
});

const accounts = ['eu', 'us', 'asia', 'moon'];
const someMethods = fc
  .array(
    fc.record({
      instrument: fc.constantFrom('visa', 'amex', 'master'),
      account: fc.constantFrom(...accounts),
      kind: fc.constantFrom('card', 'paypal'),
      accountState: fc.constantFrom('open', 'drained', 'closed'),
    }),
    { maxLength: 8 },
  )
  .chain((all) =>
    fc.record({
      all: fc.constant(all),
      chosen: fc.integer({ min: -1, max: all.length - 1 }),
      live: fc.subarray(accounts),
    }),
  )
  .map(({ all, chosen, live }) =>
    all.map(({ instrument, account, ...more }, index) =>
      method(`${instrument}@${account}`, {
        ...more,
        id: `pm_${index}`,
        isPrimary: index === chosen,
        mode: live.includes(account) ? 'live' : 'test',
      }),
    ),
  );
const someRules = fc.array(
  fc
    .record({
      mode: fc.constantFrom('test', 'live'),
      kinds: fc.option(fc.subarray(['card', 'paypal']), { nil: undefined }),
      accounts: fc.shuffledSubarray(accounts, { minLength: 1 }),
      weight: fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined }),
    })
    .map(({ mode, kinds, accounts: named, weight }) => ({
      ...prefer(...named),
      mode,
      conditions: { methodKinds: kinds },
      accounts: named.map((id) => ({ id, weight })),
    })),
  { maxLength: 3 },
);

describe('whatever the rules and the methods are', () => {
  const check = (
    predicate: (methods: RoutableMethod[], routed: ReturnType<typeof route>) => void,
  ) =>
    fc.assert(
      fc.property(someRules, someMethods, (rules, methods) =>
        predicate(methods, route(rules, subject, methods)),
      ),
    );

  it('the order is the same each time', () => {
    fc.assert(
      fc.property(someRules, someMethods, (rules, methods) => {
        const again = route(structuredClone(rules), subject, structuredClone(methods));
        expect(again).toEqual(route(rules, subject, methods));
      }),
    );
  });

  it('each method is charged or left out, once', () => {
    check((methods, { candidates, excluded }) => {
      const ids = [...candidates.map(({ id }) => id), ...excluded.map((it) => it.method.id)];
      expect(ids.toSorted()).toEqual(methods.map(({ id }) => id).toSorted());
    });
  });

  it('nothing crosses from test to live', () => {
    check((methods, { candidates }) => {
      const chosen = methods.find(({ isPrimary }) => isPrimary);
      for (const { mode } of candidates) expect(mode).toBe(chosen?.mode);
    });
  });

  it('one instrument is at one account once', () => {
    check((_, { candidates }) => {
      const pairs = candidates.map(({ instrument, accountId }) => `${instrument}@${accountId}`);
      expect(new Set(pairs).size).toBe(pairs.length);
    });
  });

  it('the chosen instrument comes before others that can be charged as well as it', () => {
    check((_, { candidates }) => {
      const ranks = candidates.map(
        ({ isFallback, accountState }) => Number(isFallback) + (accountState === 'open' ? 0 : 2),
      );
      expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
    });
  });

  it('what is added at the end moves no two of the others', () => {
    fc.assert(
      fc.property(someRules, someMethods, (rules, methods) => {
        const more = method('new@eu', { id: 'pm_new' });
        const before = route(rules, subject, methods).candidates.map(({ id }) => id);
        const after = route(rules, subject, [...methods, more]).candidates.map(({ id }) => id);
        expect(after.filter((id) => id !== 'pm_new')).toEqual(before);
      }),
    );
  });
});

const decline = (declineClass: DeclineClass, elsewhere = false): Decline => ({
  class: declineClass,
  code: declineClass,
  message: '',
  elsewhere,
});

interface Named {
  readonly key: string;
  readonly instrument: string;
  readonly isFallback: boolean;
}

/** The first instrument is the chosen one. */
function candidates(...keys: string[]): Named[] {
  const [chosen] = keys[0]!.split('@');
  return keys.map((key) => {
    const instrument = key.split('@')[0]!;
    return { key, instrument, isFallback: instrument !== chosen };
  });
}

function tried(key: string, result?: Decline, more: Partial<Tried> = {}): Tried {
  return { key, isFallback: !key.startsWith('visa'), ofThisRound: true, decline: result, ...more };
}

const earlier = { ofThisRound: false };
const soft = decline('insufficient_funds');
const technical = decline('technical', true);

describe('the next candidate', () => {
  const all = candidates('visa@eu', 'visa@us', 'amex@eu', 'amex@us');
  const next = (fallback: FallbackPolicy, ...before: Tried[]) =>
    nextCandidate(all, before, fallback)?.key;

  it('is the first, in each round anew', () => {
    expect(next('never')).toBe('visa@eu');
    expect(next('never', tried('visa@eu', soft, earlier))).toBe('visa@eu');
  });

  it('is the next gateway when nothing was sent, or a decline says "elsewhere"', () => {
    expect(next('never', tried('visa@eu'))).toBe('visa@us');
    expect(next('never', tried('visa@eu', technical))).toBe('visa@us');
  });

  it('is none once the bank has declined the chosen instrument', () => {
    expect(next('never', tried('visa@eu', soft))).toBeUndefined();
    expect(next('outage', tried('visa@eu', soft))).toBeUndefined();
    expect(next('outage', tried('visa@eu'), tried('visa@us', soft))).toBeUndefined();
  });

  it('is another instrument only if the policy allows it', () => {
    const away = [tried('visa@eu'), tried('visa@us')];
    expect(next('never', ...away)).toBeUndefined();
    expect(next('outage', ...away)).toBe('amex@eu');
    expect(next('decline', ...away)).toBe('amex@eu');
    expect(next('decline', tried('visa@eu', soft))).toBe('amex@eu');
  });

  it('is no instrument that has had its try, at whichever gateway', () => {
    const declined = tried('visa@eu', soft);
    expect(next('decline', declined, tried('amex@eu', soft))).toBeUndefined();
    expect(next('decline', declined, tried('amex@eu', soft, earlier))).toBeUndefined();
    expect(next('decline', declined, tried('amex@eu', technical))).toBe('amex@us');
    expect(next('decline', declined, tried('amex@eu'))).toBe('amex@us');
  });

  it('is the chosen instrument still, when only another one was declined', () => {
    // The account of the chosen one was drained, so that the fallback came first.
    const drained = [...candidates('visa@eu', 'amex@us')].toReversed();
    const after = [tried('amex@us', soft)];
    expect(nextCandidate(drained, after, 'outage')?.key).toBe('visa@eu');
    expect(verdictOf([...after, tried('visa@eu')])).toBeUndefined();
  });

  it('is none where the money is already, or a person must look', () => {
    for (const ours of [decline('duplicate_check'), decline('duplicate_check', true)])
      expect(next('decline', tried('visa@eu', ours))).toBeUndefined();
    expect(next('decline', tried('visa@eu', decline('merchant_config')))).toBeUndefined();
  });

  it("is another gateway's when only one account of ours is at fault", () => {
    expect(next('never', tried('visa@eu', decline('merchant_config', true)))).toBe('visa@us');
  });
});

describe('what a round comes to', () => {
  it("is the chosen instrument's last decline", () => {
    expect(verdictOf([tried('visa@eu', technical), tried('visa@us', soft)])).toBe(soft);
    expect(verdictOf([tried('visa@eu', soft), tried('amex@eu', decline('fraud'))])).toBe(soft);
  });

  it('is nothing while the chosen instrument could not be asked', () => {
    expect(verdictOf([])).toBeUndefined();
    expect(verdictOf([tried('visa@eu')])).toBeUndefined();
    expect(verdictOf([tried('visa@eu'), tried('amex@eu', soft)])).toBeUndefined();
    expect(verdictOf([tried('visa@eu', soft, earlier), tried('visa@eu')])).toBeUndefined();
  });

  it('is what another instrument came to, where the chosen one may not be charged at all', () => {
    expect(verdictOf([tried('amex@eu', soft)])).toBe(soft);
  });

  it('is our own fault before anything that the customer should hear', () => {
    const ours = decline('duplicate_check');
    expect(verdictOf([tried('visa@eu', soft), tried('amex@eu', ours)])).toBe(ours);
  });
});

const CLASSES: readonly DeclineClass[] = [
  'insufficient_funds',
  'technical',
  'hard_stop',
  'duplicate_check',
  'merchant_config',
];
const someOutcome = fc.option(
  fc.record({ class: fc.constantFrom(...CLASSES), elsewhere: fc.boolean() }),
  { nil: undefined },
);

interface Played {
  readonly tried: readonly Tried[];
  readonly rounds: readonly (readonly Tried[])[];
}

/** Plays rounds in which each charge meets the next of these outcomes. */
function play(all: Named[], fallback: FallbackPolicy, outcomes: (Decline | undefined)[]): Played {
  const left = [...outcomes];
  const rounds: Tried[][] = [];
  let before: Tried[] = [];
  while (left.length > 0) {
    before = before.map((one) => ({ ...one, ofThisRound: false }));
    const round: Tried[] = [];
    for (;;) {
      const next = nextCandidate(all, [...before, ...round], fallback);
      if (!next || left.length === 0) break;
      const { key, isFallback } = next;
      round.push({ key, isFallback, ofThisRound: true, decline: left.shift() });
    }
    if (round.length === 0) break;
    rounds.push(round);
    before = [...before, ...round];
  }
  return { tried: before, rounds };
}

describe('whatever gateways answer', () => {
  const someCandidates = fc
    .uniqueArray(
      fc.constantFrom('visa@eu', 'visa@us', 'amex@eu', 'amex@us', 'master@eu', 'master@asia'),
      { minLength: 1 },
    )
    .map((keys) => candidates(...keys));
  const somePolicy = fc.constantFrom<FallbackPolicy>('never', 'outage', 'decline');
  const someOutcomes = fc.array(
    someOutcome.map((it) => it && decline(it.class, it.elsewhere)),
    { maxLength: 30 },
  );
  const check = (predicate: (played: Played, policy: FallbackPolicy, all: Named[]) => void) =>
    fc.assert(
      fc.property(someCandidates, somePolicy, someOutcomes, (all, policy, outcomes) =>
        predicate(play(all, policy, outcomes), policy, all),
      ),
      { numRuns: 500 },
    );

  it('a round charges nothing twice', () => {
    check(({ rounds }) => {
      for (const round of rounds)
        expect(new Set(round.map(({ key }) => key)).size).toBe(round.length);
    });
  });

  it('another instrument is declined for good once per renewal, and at one gateway once', () => {
    check(({ tried: all }, _, named) => {
      const declined = all.filter((one) => one.isFallback && one.decline);
      expect(new Set(declined.map(({ key }) => key)).size).toBe(declined.length);
      const forGood = declined
        .filter((one) => !one.decline!.elsewhere)
        .map(({ key }) => named.find((one) => one.key === key)!.instrument);
      expect(new Set(forGood).size).toBe(forGood.length);
    });
  });

  it('nothing follows a duplicate in its round', () => {
    check(({ rounds }) => {
      for (const round of rounds)
        for (const one of round.slice(0, -1))
          expect(one.decline?.class).not.toBe('duplicate_check');
    });
  });

  it('the chosen instrument is not asked again in a round once its bank has said no', () => {
    check(({ rounds }) => {
      for (const round of rounds) {
        const no = round.findIndex(
          (one) => !one.isFallback && one.decline && !one.decline.elsewhere,
        );
        if (no >= 0)
          for (const { isFallback } of round.slice(no + 1)) expect(isFallback).toBe(true);
      }
    });
  });

  it('no other instrument is asked without leave', () => {
    check(({ rounds }, policy) => {
      for (const round of rounds)
        round.forEach(({ isFallback }, index) => {
          if (!isFallback) return;
          expect(policy).not.toBe('never');
          const refused = round
            .slice(0, index)
            .some((one) => !one.isFallback && one.decline && !one.decline.elsewhere);
          if (refused) expect(policy).toBe('decline');
        });
    });
  });

  it('a round in which the chosen instrument was declined comes to a decline', () => {
    check(({ rounds }) => {
      for (const round of rounds) {
        const wasDeclined = round.some((one) => !one.isFallback && one.decline);
        if (wasDeclined) expect(verdictOf(round)).toBeDefined();
        else if (round.every(({ decline: one }) => !one)) expect(verdictOf(round)).toBeUndefined();
      }
    });
  });
});
