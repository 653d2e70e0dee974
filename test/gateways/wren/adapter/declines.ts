/** Declines: Wren's no, in our words. */
import type { Decline, DeclineClass } from '../../../../domain/decline.js';

export function classifyDecline({ code = 'unknown', message = '' } = {}): Decline {
  const declineClass = CLASS_OF[code];
  return {
    class: declineClass ?? 'issuer_soft',
    code: code.slice(0, 100),
    message: (message || `Wren declined the charge: ${code}.`).slice(0, 500),
    // Another gateway helps where Wren's own path, or our account there, is at fault.
    elsewhere: declineClass === 'technical' || declineClass === 'merchant_config',
    ...(declineClass === undefined && { unmapped: true }),
  };
}

/** Every code that Wren publishes. */
const CLASS_OF: Partial<Record<string, DeclineClass>> = {
  no_funds: 'insufficient_funds',
  refused: 'issuer_soft',
  bank_away: 'technical',
  payer_needed: 'authentication',
  method_gone: 'new_method',
  stopped_by_payer: 'consent_revoked',
  stolen: 'fraud',
  too_large: 'merchant_config',
};
