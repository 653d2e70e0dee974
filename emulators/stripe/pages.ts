/** Stripe's lists: newest first, cut by a cursor. */
import type Stripe from 'stripe';
import type { z } from 'zod';

import { invalidRequest, noSuch } from './errors.js';
import { expand, integer, text } from './params.js';

export const paging = {
  limit: integer.optional(),
  starting_after: text.optional(),
  ending_before: text.optional(),
  expand,
};

type Paging = z.output<z.ZodObject<typeof paging>>;

/** The documents come oldest first, as they were made. */
export function page<T extends { id: string }>(
  oldestFirst: readonly T[],
  url: string,
  { limit = 10, starting_after: after, ending_before: before }: Paging,
): Stripe.ApiList<T> {
  if (limit < 1 || limit > 100)
    throw invalidRequest('This value must be between 1 and 100.', undefined, 'limit');
  const all = oldestFirst.toReversed();
  if (before) {
    const rest = all.slice(0, position(all, before, 'ending_before'));
    return list(rest.slice(-limit), rest.length > limit, url);
  }
  const rest = after ? all.slice(position(all, after, 'starting_after') + 1) : all;
  return list(rest.slice(0, limit), rest.length > limit, url);
}

function list<T>(data: T[], hasMore: boolean, url: string): Stripe.ApiList<T> {
  return { object: 'list', data, has_more: hasMore, url } satisfies Stripe.ApiList<T>;
}

function position(all: readonly { id: string }[], id: string, param: string): number {
  const index = all.findIndex((document) => document.id === id);
  if (index === -1) throw noSuch('object', id, param, 400);
  return index;
}
