import { describe, expect, it } from 'vitest';

import { ADVISED_CLASS, ADVISED_WAIT_HOURS, finality } from '../../domain/network-advice.js';

describe('an advice code', () => {
  it('either decides, or asks for time, or for nothing', () => {
    const both = Object.keys(ADVISED_CLASS).filter((code) => code in ADVISED_WAIT_HOURS);
    expect(both).toEqual([]);
    expect([ADVISED_CLASS['43'], ADVISED_WAIT_HOURS['43']]).toEqual([undefined, undefined]);
  });

  it('that decides says to stop, to use another method, or that we are at fault', () => {
    expect(ADVISED_CLASS).toEqual({
      '01': 'new_method',
      '03': 'hard_stop',
      '04': 'new_method',
      '05': 'hard_stop',
      '21': 'consent_revoked',
      '22': 'merchant_config',
      '41': 'new_method',
    });
  });

  it('that asks for time asks for an hour to ten days', () => {
    const hours = ['02', '24', '25', '26', '27', '28', '29', '30'].map(
      (code) => ADVISED_WAIT_HOURS[code],
    );
    expect(hours).toEqual([72, 1, 24, 48, 96, 144, 192, 240]);
  });
});

describe('finality', () => {
  it('rises from a soft decline over a stopped card and a lost permission to fraud', () => {
    const closing = ['insufficient_funds', 'hard_stop', 'consent_revoked', 'fraud'] as const;
    expect(closing.map(finality)).toEqual([0, 1, 2, 3]);
  });

  it('ranks what a person must look at with fraud, and what nobody knows with soft', () => {
    expect([finality('duplicate_check'), finality(undefined)]).toEqual([3, 0]);
    expect([finality('new_method'), finality('merchant_config')]).toEqual([0, 0]);
  });
});
