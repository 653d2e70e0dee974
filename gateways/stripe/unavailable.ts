/** A question to Stripe that got no answer to read: whether asking again can do better. */
import { readFailure } from './answers.js';
import { whyUnreadable } from './look-up.js';

interface Unavailable {
  readonly kind: 'unavailable';
  readonly why: string;
  readonly attention?: boolean;
}

/** Credentials, permissions and unknown objects are for a person; all else passes. */
export function unavailable(error: unknown): Unavailable {
  const answer = readFailure(error);
  const attention = answer.kind === 'refused' && answer.attention;
  return { kind: 'unavailable', why: whyUnreadable(error), ...(attention && { attention }) };
}
