/** Links to the page on which a customer gives another payment method: signed, for one customer and renewal, for 30 days. */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

import { isId } from '../domain/ids.js';

interface MethodLink {
  readonly customerId: string;
  readonly renewalId: string;
}

export interface MethodLinks {
  sign(link: MethodLink, now: Date): string;
  /** Undefined: it was not signed by us as it is, or its time is over. */
  read(token: string, now: Date): MethodLink | undefined;
}

const LIFE_MS = 30 * 86_400_000;
const LONGEST = 300;

/** Derived, so that no other thing that the same key signs can ever pass for a link. */
export function methodLinks(signingKey: string): MethodLinks {
  const key = Buffer.from(hkdfSync('sha256', signingKey, '', 'dunlin/update-payment-method/1', 32));
  const macOf = (said: string) => createHmac('sha256', key).update(said).digest('base64url');
  return {
    sign({ customerId, renewalId }, now) {
      const expires = Math.floor((now.getTime() + LIFE_MS) / 1000);
      const said = Buffer.from(`${customerId}.${renewalId}.${expires}`).toString('base64url');
      return `${said}.${macOf(said)}`;
    },
    read(token, now) {
      const [said = '', mac = '', ...rest] = token.slice(0, LONGEST).split('.');
      if (rest.length > 0 || !isSame(mac, macOf(said))) return undefined;
      const parts = Buffer.from(said, 'base64url').toString().split('.');
      const [customerId, renewalId, expires] = parts;
      if (!isId('cus', customerId) || !isId('rnw', renewalId)) return undefined;
      return Number(expires) * 1000 > now.getTime() ? { customerId, renewalId } : undefined;
    },
  };
}

/** As text: a signature has one spelling only. */
function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
