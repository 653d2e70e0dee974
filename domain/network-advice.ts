/**
 * Network advice: what a card network says of trying a declined card again. Gateways pass it on as Mastercard's
 * merchant advice codes, which other networks share.
 */
import type { DeclineClass } from './decline.js';

/** The codes that decide. 02 and 24 to 30 only ask for time, 43 for nothing. */
export const ADVISED_CLASS: Partial<Record<string, DeclineClass>> = {
  '01': 'new_method',
  '03': 'hard_stop',
  '04': 'new_method',
  '05': 'hard_stop',
  '21': 'consent_revoked',
  '22': 'merchant_config',
  '41': 'new_method',
};

/** Hours to wait before the card is tried again. */
export const ADVISED_WAIT_HOURS: Partial<Record<string, number>> = {
  '02': 72,
  '24': 1,
  '25': 24,
  '26': 48,
  '27': 96,
  '28': 144,
  '29': 192,
  '30': 240,
};

/** How far a class closes the way back, from 0. Advice may close it further and never opens it. */
export function finality(declineClass: DeclineClass | undefined): number {
  switch (declineClass) {
    case 'fraud':
    case 'duplicate_check':
      return 3;
    case 'consent_revoked':
      return 2;
    case 'hard_stop':
      return 1;
    default:
      return 0;
  }
}
