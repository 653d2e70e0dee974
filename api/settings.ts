/** Settings: what a merchant has decided once for all. */
import type { z } from 'zod';

import { type Settings, changeSettings, readSettings } from '../prisma/settings.js';
import { defined } from './defined.js';
import { route } from './route.js';
import { changedSettings, settings } from './schemas/settings.js';
import { write } from './write.js';

const tag = 'settings';
const answers = { 200: { description: 'The settings', schema: settings } };

export const settingsRoutes = [
  route({
    method: 'get',
    path: '/v1/settings',
    scope: 'read',
    tag,
    summary: 'Read the settings',
    answers,
    run: async ({ api, merchantId }) => {
      return { status: 200, body: render(await readSettings(api.db, merchantId)) };
    },
  }),
  route({
    method: 'patch',
    path: '/v1/settings',
    scope: 'admin',
    tag,
    summary: 'Change the settings',
    description: 'What is not named stays as it is. What was decided under the old ones stands.',
    body: changedSettings,
    answers,
    run: (request) =>
      write(request, async (tx) => {
        const { refund_approval_above: limits, surplus, on_dispute: onDispute } = request.body;
        const refundApprovalAbove =
          limits && Object.fromEntries(limits.map((one) => [one.currency, one.amount_minor]));
        const notices = readNotices(request.body.notices);
        const changes = defined({ refundApprovalAbove, surplus, onDispute, notices });
        const { merchantId } = request;
        const changed = await changeSettings(tx, merchantId, changes);
        const [before, after] = [render(changed.before), render(changed.after)];
        return { status: 200, body: after, audited: { object: merchantId, before, after } };
      }),
  }),
];

type AskedNotices = z.output<typeof changedSettings>['notices'];

function readNotices(asked: AskedNotices): Settings['notices'] | undefined {
  if (!asked) return asked;
  const { reply_to: replyTo, upcoming_days: upcomingDays, ...rest } = asked;
  return { ...rest, replyTo, upcomingDays };
}

function renderNotices(notices: Settings['notices']) {
  if (!notices) return null;
  const { replyTo, upcomingDays, ...rest } = notices;
  return { ...rest, reply_to: replyTo, upcoming_days: upcomingDays };
}

function render({ refundApprovalAbove, surplus, onDispute, notices }: Settings) {
  const limits = Object.entries(refundApprovalAbove);
  return {
    refund_approval_above: limits.map(([currency, minor]) => ({ currency, amount_minor: minor })),
    surplus,
    on_dispute: onDispute,
    notices: renderNotices(notices),
  };
}
