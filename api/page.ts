/** Pages: what a list is asked for, and how it says that there is more. */
import type { Page } from '../prisma/page.js';
import type { Answer } from './route.js';

interface AskedPage {
  readonly limit: number;
  readonly starting_after?: string | undefined;
}

/** One row more than is shown tells whether there is another page. */
export function pageFor(merchantId: string, { limit, starting_after: after }: AskedPage): Page {
  return { merchantId, after, limit: limit + 1 };
}

export function pageAnswer<Row>(
  rows: readonly Row[],
  limit: number,
  render: (row: Row) => object,
): Answer {
  const data = rows.slice(0, limit).map(render);
  return { status: 200, body: { data, has_more: rows.length > limit } };
}
