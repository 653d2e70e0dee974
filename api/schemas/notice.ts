import { z } from 'zod';

import { NOTICE_KINDS, NOTICE_STATUSES } from '../../domain/notice.js';
import { idOf, shownInstant } from './common.js';

export const noticeKind = z.enum(NOTICE_KINDS);
export const noticeStatus = z.enum(NOTICE_STATUSES);

export const notice = z
  .object({
    id: idOf('ntc'),
    kind: noticeKind,
    customer: idOf('cus'),
    renewal: idOf('rnw').nullable(),
    subscription: idOf('sub')
      .nullable()
      .meta({ description: 'Of `renewal_upcoming`, which has no renewal yet' }),
    period_start: shownInstant.nullable().meta({ description: 'Of `renewal_upcoming`' }),
    locale: z.string().meta({ example: 'de-DE' }),
    status: noticeStatus,
    why: z.string().nullable().meta({ description: 'Why it was skipped, or has failed' }),
    send_at: shownInstant.meta({ description: "From when it may be sent: the customer's daytime" }),
    attempts: z.int(),
    last_error: z.string().nullable().meta({ example: 'SMTP 451 EMESSAGE at DATA' }),
    sent_at: shownInstant.nullable(),
    message_id: z.string().nullable().meta({ description: 'The Message-ID of the e-mail' }),
    created_at: shownInstant,
  })
  .meta({ id: 'Notice' });
