/** What could not be read, and whether a repetition may do better. */
import { readFailure, whyNot } from './answers.js';
import type { Said } from './call.js';

export interface Unavailable {
  readonly kind: 'unavailable';
  readonly why: string;
  readonly attention: boolean;
}

export function unavailable(why: string, { attention }: { attention: boolean }): Unavailable {
  return { kind: 'unavailable', why, attention };
}

/** An answer that PayPal gave, and that is not the one asked for, is for a person; silence and outages are not. */
export function notAnswered(said: Said): Unavailable {
  const why = whyNot(said);
  if (said.kind === 'answered' && said.status < 300)
    return unavailable(`${why} in a form that we do not know`, { attention: true });
  const answer = readFailure(said);
  switch (answer.kind) {
    case 'unreachable':
      return unavailable(why, { attention: false });
    case 'unknown':
    case 'refused':
      return unavailable(why, { attention: answer.attention ?? false });
    default:
      return unavailable(why, { attention: true });
  }
}
