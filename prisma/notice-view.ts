/** Notices as they are listed. */
import type { Tx } from './client.js';
import type { Notice } from './generated/client.js';
import { type Page, newestFirst } from './page.js';

export interface NoticePage extends Page {
  readonly customerId?: string | undefined;
  readonly renewalId?: string | undefined;
  readonly kind?: string | undefined;
  readonly status?: string | undefined;
}

export function listNotices(db: Tx, page: NoticePage): Promise<Notice[]> {
  const { where, ...order } = newestFirst(page);
  const { customerId, renewalId, kind, status } = page;
  return db.notice.findMany({
    where: {
      ...where,
      ...(customerId !== undefined && { customerId }),
      ...(renewalId !== undefined && { renewalId }),
      ...(kind !== undefined && { kind }),
      ...(status !== undefined && { status }),
    },
    ...order,
  });
}
