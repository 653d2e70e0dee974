import type { z } from 'zod';

import type { NoticeKind, NoticeStatus } from '../../domain/notice.js';
import type { Notice } from '../../prisma/notice.js';
import type { notice } from '../schemas/notice.js';

export function renderNotice(row: Notice): z.infer<typeof notice> {
  return {
    id: row.id,
    kind: row.kind as NoticeKind,
    customer: row.customerId,
    renewal: row.renewalId,
    subscription: row.subscriptionId,
    period_start: row.periodStart?.toISOString() ?? null,
    locale: row.locale,
    status: row.status as NoticeStatus,
    why: row.why,
    send_at: row.sendAt.toISOString(),
    attempts: row.attempts,
    last_error: row.lastError,
    sent_at: row.sentAt?.toISOString() ?? null,
    message_id: row.messageId,
    created_at: row.createdAt.toISOString(),
  };
}
