/** Notices: what customers were told by e-mail, and what they were not told, with why. */
import { z } from 'zod';

import { listNotices } from '../prisma/notice-view.js';
import { pageAnswer, pageFor } from './page.js';
import { renderNotice } from './render/notice.js';
import { route } from './route.js';
import { idOf, listOf, pageOf } from './schemas/common.js';
import { notice, noticeKind, noticeStatus } from './schemas/notice.js';

export const noticeRoutes = [
  route({
    method: 'get',
    path: '/v1/notices',
    scope: 'read',
    tag: 'notices',
    summary: 'List the notices to customers, newest first',
    description: 'What they say is kept nowhere: a notice is written when it is sent.',
    query: z.strictObject({
      ...pageOf('ntc'),
      customer: idOf('cus').optional(),
      renewal: idOf('rnw').optional(),
      kind: noticeKind.optional(),
      status: noticeStatus.optional(),
    }),
    answers: { 200: { description: 'Notices', schema: listOf(notice) } },
    run: async ({ api, merchantId, query }) => {
      const { customer: customerId, renewal: renewalId, kind, status } = query;
      const page = { ...pageFor(merchantId, query), customerId, renewalId, kind, status };
      return pageAnswer(await listNotices(api.db, page), query.limit, renderNotice);
    },
  }),
];
