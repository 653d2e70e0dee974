/** Searching PaymentIntents: Stripe's index lags, so that a search never proves absence. */
import type Stripe from 'stripe';

import type { Call } from './call.js';
import { invalidRequest } from './errors.js';
import { read } from './params.js';
import { searched } from './payment-intent-params.js';

export function searchPaymentIntents(
  { account, params, path }: Call,
  indexDelaySeconds: number,
): Stripe.ApiSearchResult<Stripe.PaymentIntent> {
  const { query, limit = 10, page } = read(searched, params);
  const matches = query.split(/\s+AND\s+/i).map(clause);
  const indexed = account.clock.seconds() - indexDelaySeconds;
  const found = account.paymentIntents
    .all()
    .toReversed()
    .filter((intent) => intent.created <= indexed && matches.every((match) => match(intent)));
  const start = Number(page ?? 0);
  const more = found.length > start + limit;
  return {
    object: 'search_result',
    data: found.slice(start, start + limit),
    has_more: more,
    next_page: more ? String(start + limit) : null,
    url: path,
  } satisfies Stripe.ApiSearchResult<Stripe.PaymentIntent>;
}

function clause(text: string): (intent: Stripe.PaymentIntent) => boolean {
  const metadata = /^metadata\[(['"])(.+?)\1\]\s*:\s*(['"])(.*)\3$/.exec(text.trim());
  if (metadata) return (intent) => intent.metadata[metadata[2]!] === metadata[4];
  const field = /^(status|customer|currency|amount)\s*:\s*(['"]?)(.*?)\2$/.exec(text.trim());
  if (field) return (intent) => String(intent[field[1] as 'status']) === field[3];
  throw invalidRequest(`We were unable to parse your search query: ${text}`, undefined, 'query');
}
