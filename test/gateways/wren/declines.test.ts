import { expect, test } from 'vitest';

import type { DeclineClass } from '../../../domain/decline.js';
import { classifyDecline } from './adapter/declines.js';

/** Wren's complete list. */
const PUBLISHED: Readonly<Record<string, DeclineClass>> = {
  no_funds: 'insufficient_funds',
  refused: 'issuer_soft',
  bank_away: 'technical',
  payer_needed: 'authentication',
  method_gone: 'new_method',
  stopped_by_payer: 'consent_revoked',
  stolen: 'fraud',
  too_large: 'merchant_config',
};

test.each(Object.entries(PUBLISHED))('%s is %s', (code, declineClass) => {
  const decline = classifyDecline({ code, message: 'No.' });
  const elsewhere = declineClass === 'technical' || declineClass === 'merchant_config';
  expect(decline).toEqual({ class: declineClass, code, message: 'No.', elsewhere });
});

test('a code that is in no list is a soft decline, and says so', () => {
  const decline = classifyDecline({ code: 'x'.repeat(200), message: 'y'.repeat(900) });
  expect(decline).toMatchObject({ class: 'issuer_soft', unmapped: true, elsewhere: false });
  expect(decline.code).toHaveLength(100);
  expect(decline.message).toHaveLength(500);
});
