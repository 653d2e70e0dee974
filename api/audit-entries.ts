/** Audit entries: who changed what, and why. They are only read here. */
import { listAuditEntries } from '../prisma/audit.js';
import { pageAnswer, pageFor } from './page.js';
import { renderAuditEntry } from './render/audit-entry.js';
import { route } from './route.js';
import { auditEntry, auditQuery } from './schemas/audit-entry.js';
import { listOf } from './schemas/common.js';

export const auditEntryRoutes = [
  route({
    method: 'get',
    path: '/v1/audit-entries',
    scope: 'admin',
    tag: 'audit-entries',
    summary: 'List what people and API keys have changed, newest first',
    description:
      'One entry per request that changed something and per command that a run took. Each is sealed into a chain of ' +
      'hashes within minutes; `npm run audit` verifies the chain.',
    query: auditQuery,
    answers: { 200: { description: 'Audit entries', schema: listOf(auditEntry) } },
    run: async ({ api, merchantId, query }) => {
      const { object, actor, action, from, to } = query;
      const between = {
        from: from ? new Date(from) : undefined,
        to: to ? new Date(to) : undefined,
      };
      const filter = { object, actor, action, ...between };
      const rows = await listAuditEntries(api.db, pageFor(merchantId, query), filter);
      return pageAnswer(rows, query.limit, renderAuditEntry);
    },
  }),
];
