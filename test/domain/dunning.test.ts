import fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, test } from 'vitest';

import type { Decline, DeclineClass } from '../../domain/decline.js';
import { type CaseState, type Step, nextStep } from '../../domain/dunning.js';
import { DEFAULT_POLICY, type DunningPolicy, QUICK_POLICY } from '../../domain/dunning-policy.js';
import { money } from '../../domain/money.js';

const DAY = 86_400_000;
const HOUR = 3_600_000;
/** Monday, 1 June 2026, 10:00 in Berlin. */
const OPENED = Date.UTC(2026, 5, 1, 8);

function decline(declineClass: DeclineClass, more: Partial<Decline> = {}): Decline {
  return { class: declineClass, code: declineClass, message: '', elsewhere: false, ...more };
}

function state(changes: Partial<CaseState> = {}): CaseState {
  return {
    openedAt: OPENED,
    timeZone: 'Europe/Berlin',
    amount: money(1900, 'EUR'),
    stagesEntered: ['warned'],
    retriesAt: [],
    lastSlotAt: undefined,
    lastDecline: decline('insufficient_funds'),
    lastDeclineAt: OPENED,
    declinesInARow: 1,
    cardAttempts: [],
    roundUnderWay: undefined,
    parked: undefined,
    untriedMethod: undefined,
    retryCommand: undefined,
    holdUntil: undefined,
    outage: undefined,
    lostMs: 0,
    returns: 0,
    number: 1,
    ...changes,
  };
}

const berlin = (step: Step | undefined) =>
  step && DateTime.fromMillis(step.at, { zone: 'Europe/Berlin' }).toFormat('d LLL HH:mm');

/** Plays a case to its end: every retry is declined in the same way. */
function play(policy: DunningPolicy, from: CaseState, answer = from.lastDecline): string[] {
  const lines: string[] = [];
  let now = from;
  for (let step = nextStep(policy, now); step; step = nextStep(policy, now)) {
    if (step.kind === 'await_operator') throw new Error('Nobody parked it');
    const day = Math.floor((step.at - from.openedAt) / DAY);
    lines.push(`day ${day} ${step.kind === 'retry' ? step.round : step.stage}`);
    if (lines.length > 100) throw new Error(`It never ends:\n${lines.join('\n')}`);
    now =
      step.kind === 'enter_stage'
        ? { ...now, stagesEntered: [...now.stagesEntered, step.stage] }
        : {
            ...now,
            retriesAt: [...now.retriesAt, step.at],
            lastSlotAt: step.slotAt ?? now.lastSlotAt,
            lastDecline: answer,
            lastDeclineAt: step.at,
            declinesInARow: now.declinesInARow + 1,
            cardAttempts: [
              ...now.cardAttempts,
              { at: step.at, amountMinor: 1900, currency: 'EUR' },
            ],
          };
  }
  return lines;
}

describe('the default policy', () => {
  test('without funds: day 1, 3, 7, 14, 20, each at the local morning, and the end on day 21', () => {
    expect(play(DEFAULT_POLICY, state({ stagesEntered: [] }))).toEqual([
      'day 0 warned',
      'day 1 retry 1',
      'day 3 retry 2',
      'day 7 restricted',
      'day 7 retry 3',
      'day 14 suspended',
      'day 14 retry 4',
      'day 20 retry 5',
      'day 21 ended',
    ]);
    expect(berlin(nextStep(DEFAULT_POLICY, state()))).toBe('3 Jun 09:00');
  });

  test('an unexplained no is retried less: what comes too early moves to the next slot, the cap ends it', () => {
    expect(play(DEFAULT_POLICY, state({ lastDecline: decline('issuer_soft') }))).toEqual([
      'day 3 retry 1',
      'day 7 restricted',
      'day 7 retry 2',
      'day 14 suspended',
      'day 14 retry 3',
      'day 20 retry 4',
      'day 21 ended',
    ]);
  });

  test('a technical fault is retried in minutes and hours, then as a soft decline', () => {
    const played = play(DEFAULT_POLICY, state({ lastDecline: decline('technical') }));
    expect(played.slice(0, 5)).toEqual([
      'day 0 retry 1',
      'day 0 retry 2',
      'day 0 retry 3',
      'day 0 retry 4',
      'day 7 restricted',
    ]);
    const first = nextStep(DEFAULT_POLICY, state({ lastDecline: decline('technical') }));
    expect(first!.at - OPENED).toBe(60_000);
  });

  test.each([
    'authentication',
    'new_method',
    'hard_stop',
    'consent_revoked',
    'fraud',
    'no_payment_method',
  ] as const)('%s: no retry by itself, the deadline stays', (declineClass) => {
    expect(play(DEFAULT_POLICY, state({ lastDecline: decline(declineClass) }))).toEqual([
      'day 7 restricted',
      'day 14 suspended',
      'day 21 ended',
    ]);
  });

  test('a code in no table is tried once more, and no oftener', () => {
    const unmapped = decline('issuer_soft', { unmapped: true });
    const retries = play(DEFAULT_POLICY, state({ lastDecline: unmapped })).filter((line) =>
      line.includes('retry'),
    );
    expect(retries).toEqual(['day 3 retry 1']);
  });
});

describe('what is tried outside the schedule', () => {
  test("a method that was never tried is tried at once, and the schedule's slot stays unspent", () => {
    const step = nextStep(
      DEFAULT_POLICY,
      state({ untriedMethod: 'pm_new', lastDecline: decline('fraud') }),
    );
    expect(step).toMatchObject({ kind: 'retry', round: 'pm_new', at: OPENED });
    expect(step).not.toHaveProperty('slotAt');
  });

  test("an operator's wish comes before a hold and even during an outage", () => {
    const outage = { waits: 2, lookAgainAt: OPENED + HOUR, round: 'retry 1+2' };
    const wish = state({ retryCommand: 'cmd_1', outage, holdUntil: OPENED + 30 * DAY });
    expect(nextStep(DEFAULT_POLICY, wish)).toMatchObject({ round: 'cmd_1', at: OPENED });
  });

  test('a charge under way comes before everything: no stage, no end', () => {
    const underWay = state({ roundUnderWay: 'pm_debit', stagesEntered: ['warned', 'ended'] });
    expect(nextStep(DEFAULT_POLICY, underWay)).toMatchObject({ kind: 'retry', round: 'pm_debit' });
  });

  test('a parked case waits for a person, a wish, or another method', () => {
    const parked = { parked: 'amount_too_small', holdUntil: OPENED };
    expect(nextStep(DEFAULT_POLICY, state(parked))).toMatchObject({ kind: 'await_operator' });
    const wished = state({ ...parked, retryCommand: 'cmd_2' });
    expect(nextStep(DEFAULT_POLICY, wished)).toMatchObject({ round: 'cmd_2' });
    const newCard = state({ ...parked, untriedMethod: 'pm_2' });
    expect(nextStep(DEFAULT_POLICY, newCard)).toMatchObject({ round: 'pm_2' });
  });

  test('an outage is sat out: no stage is entered meanwhile, the slot is kept', () => {
    const outage = {
      waits: 1,
      lookAgainAt: OPENED + 8 * DAY,
      round: 'retry 3+1',
      slotAt: OPENED + 7 * DAY,
    };
    expect(nextStep(DEFAULT_POLICY, state({ outage }))).toEqual({
      kind: 'retry',
      at: OPENED + 8 * DAY,
      round: 'retry 3+1',
      slotAt: OPENED + 7 * DAY,
      why: 'No gateway could be reached: trying again',
    });
  });
});

describe('what moves steps', () => {
  test('time lost to an outage moves retries and stages alike', () => {
    const lost = { lostMs: 2 * DAY };
    expect(berlin(nextStep(DEFAULT_POLICY, state(lost)))).toBe('5 Jun 09:00');
    const hard = { ...lost, lastDecline: decline('new_method') };
    expect(berlin(nextStep(DEFAULT_POLICY, state(hard)))).toBe('11 Jun 09:00');
  });

  test('a hold moves whatever would come before its end, to its end', () => {
    const holdUntil = OPENED + 10 * DAY;
    const step = nextStep(DEFAULT_POLICY, state({ holdUntil }));
    expect(step).toMatchObject({ kind: 'enter_stage', stage: 'restricted', at: holdUntil });
  });

  test("the network's own advice is waited for", () => {
    const advised = decline('insufficient_funds', { notBefore: OPENED + 6 * DAY });
    expect(
      berlin(
        nextStep(
          DEFAULT_POLICY,
          state({ lastDecline: advised, stagesEntered: ['warned', 'restricted'] }),
        ),
      ),
    ).toBe('9 Jun 09:00');
  });

  test('a card at its limit is not tried before its window reopens', () => {
    const at = OPENED + 44 * HOUR;
    const attempts = [1, 2, 3, 4].map((minute) => ({
      at: at - minute * 60_000,
      amountMinor: 1,
      currency: 'USD',
    }));
    expect(berlin(nextStep(DEFAULT_POLICY, state({ cardAttempts: attempts })))).toBe('5 Jun 09:00');
  });

  test('the morning is the same wall time on both sides of a clock change', () => {
    const opened = Date.UTC(2026, 9, 23, 22);
    const step = nextStep(DEFAULT_POLICY, state({ openedAt: opened, lastDeclineAt: opened }));
    expect(berlin(step)).toBe('25 Oct 09:00');
    expect(step!.at - opened, 'an hour more than on any other day').toBe(34 * HOUR);
  });
});

describe('whatever the case', () => {
  const anyState = fc.record({
    openedAt: fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2030, 0, 1) }),
    timeZone: fc.constantFrom(
      'Europe/Berlin',
      'America/New_York',
      'Pacific/Apia',
      'Asia/Kolkata',
      'UTC',
    ),
    declineClass: fc.constantFrom<DeclineClass>(
      'insufficient_funds',
      'issuer_soft',
      'technical',
      'fraud',
      'new_method',
    ),
    holdDays: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }),
    lostMs: fc.integer({ min: 0, max: 10 * DAY }),
  });

  test('it ends, steps never go back in time, and retries stay within the policy', () => {
    fc.assert(
      fc.property(anyState, fc.constantFrom(DEFAULT_POLICY, QUICK_POLICY), (random, policy) => {
        const { openedAt, timeZone, declineClass, holdDays, lostMs } = random;
        const begun = state({
          openedAt,
          timeZone,
          lostMs,
          lastDecline: decline(declineClass),
          lastDeclineAt: openedAt,
          stagesEntered: [],
          holdUntil: holdDays === undefined ? undefined : openedAt + holdDays * DAY,
        });
        const lines = play(policy, begun);
        const days = lines.map((line) => Number(line.split(' ')[1]));
        expect(days).toEqual([...days].sort((a, b) => a - b));
        expect(lines.at(-1)).toMatch(/ended$/);
        const retries = lines.filter((line) => line.includes('retry')).length;
        expect(retries).toBeLessThanOrEqual(declineClass === 'technical' ? 8 : 5);
        if (declineClass === 'fraud' || declineClass === 'new_method') expect(retries).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test('the same state always has the same next step', () => {
    fc.assert(
      fc.property(anyState, ({ openedAt, timeZone, lostMs }) => {
        const one = state({ openedAt, timeZone, lostMs, lastDeclineAt: openedAt });
        expect(nextStep(DEFAULT_POLICY, one)).toEqual(
          nextStep(DEFAULT_POLICY, structuredClone(one)),
        );
      }),
    );
  });
});
